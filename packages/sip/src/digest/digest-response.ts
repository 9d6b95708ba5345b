import { hash, timingSafeEqual } from 'node:crypto';

/** Digest algorithms; SHA-256 by RFC 8760. */
export type DigestAlgorithm = 'MD5' | 'SHA-256';

const HASH_NAMES = { MD5: 'md5', 'SHA-256': 'sha256' } as const satisfies Record<DigestAlgorithm, string>;

/** What a digest is made over. Texts that come from a message are latin1, one char per byte. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  /** Lower-case hex, as `ha1` gives it. */
  readonly ha1: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Absent: the RFC 2069 form. */
  readonly qop?: 'auth' | 'auth-int' | undefined;
  /** Eight hex digits as sent; with `qop` only. */
  readonly nc?: string | undefined;
  readonly cnonce?: string | undefined;
  /** Lower-case hex hash of the body, with `auth-int` only. */
  readonly bodyHash?: string | undefined;
}

/** H(username:realm:password) in hex (RFC 7616 §3.4.2). Texts are Unicode and hashed as UTF-8; an AKA password is the bytes of RES. */
export function ha1(
  username: string,
  realm: string,
  password: string | Buffer,
  algorithm: DigestAlgorithm = 'MD5',
): string {
  const prefix = `${username}:${realm}:`;
  if (typeof password === 'string') return hash(HASH_NAMES[algorithm], prefix + password);
  return hash(HASH_NAMES[algorithm], Buffer.concat([Buffer.from(prefix, 'utf8'), password]));
}

/** The `response` directive in hex (RFC 2617 §3.2.2, RFC 7616 §3.4.1). */
export function digestResponse(input: DigestInput): string {
  const { algorithm, qop } = input;
  const a2 =
    qop === 'auth-int'
      ? `${input.method}:${input.uri}:${input.bodyHash ?? ''}`
      : `${input.method}:${input.uri}`;
  const ha2 = digestHash(algorithm, a2);
  const middle =
    qop === undefined ? input.nonce : `${input.nonce}:${input.nc ?? ''}:${input.cnonce ?? ''}:${qop}`;
  return digestHash(algorithm, `${input.ha1}:${middle}:${ha2}`);
}

/** Hash in hex of latin1 text, byte for byte. */
export function digestHash(algorithm: DigestAlgorithm, latin1: string): string {
  return hash(HASH_NAMES[algorithm], Buffer.from(latin1, 'latin1'));
}

/** Whether two digests in hex are equal, without case, in a time that does not tell where they differ. */
export function digestEquals(a: string, b: string): boolean {
  const left = Buffer.from(a.toLowerCase(), 'latin1');
  const right = Buffer.from(b.toLowerCase(), 'latin1');
  return left.length === right.length && timingSafeEqual(left, right);
}
