import { otherParams, parseAuthParams, serializeAuthParams } from './auth-params.ts';

/** A Digest challenge: WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3). Values are without quotes. */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  /** As written; absent means MD5. */
  readonly algorithm?: string | undefined;
  /** The options offered, in order; empty when the directive is absent (RFC 2069). */
  readonly qop: readonly string[];
  readonly opaque?: string | undefined;
  readonly domain?: string | undefined;
  readonly stale: boolean;
  /** Directives not named above (`ck`, `ik`, …), names in lower case. */
  readonly others: ReadonlyMap<string, string>;
}

const KNOWN = new Set(['realm', 'nonce', 'algorithm', 'qop', 'opaque', 'domain', 'stale']);

/** Undefined when malformed, not Digest, or without realm or nonce. */
export function parseChallenge(text: string): Challenge | undefined {
  const params = parseAuthParams(text);
  const realm = params?.get('realm');
  const nonce = params?.get('nonce');
  if (params === undefined || realm === undefined || nonce === undefined) return undefined;
  const qop = (params.get('qop') ?? '').split(',').map((option) => option.trim().toLowerCase());
  return {
    realm,
    nonce,
    algorithm: params.get('algorithm'),
    qop: qop.filter((option) => option !== ''),
    opaque: params.get('opaque'),
    domain: params.get('domain'),
    stale: params.get('stale')?.toLowerCase() === 'true',
    others: otherParams(params, KNOWN),
  };
}

export function serializeChallenge(
  challenge: Omit<Challenge, 'others'> & Partial<Pick<Challenge, 'others'>>,
): string {
  return serializeAuthParams([
    ['realm', challenge.realm],
    ['nonce', challenge.nonce],
    ['domain', challenge.domain],
    ['opaque', challenge.opaque],
    ['algorithm', challenge.algorithm],
    ['stale', challenge.stale ? 'true' : undefined],
    ['qop', challenge.qop.length === 0 ? undefined : challenge.qop.join(',')],
    ...(challenge.others ?? []),
  ]);
}
