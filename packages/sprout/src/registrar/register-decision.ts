import type { NonceUse } from '@clearwater/ims';
import {
  algorithmOf,
  type Credentials,
  digestEquals,
  digestResponse,
  type NonceCheck,
  parseCredentials,
  parseUri,
  type SipRequest,
  uriEquals,
} from '@clearwater/sip';

/** What a REGISTER says to prove who sent it. */
export type Answer =
  /** Nothing that we could verify: the initial REGISTER, another realm or scheme, an algorithm we did not offer. */
  | { readonly tag: 'none' }
  /** RFC 7616 §3.4.6: the answer was made for another Request-URI. */
  | { readonly tag: 'uri-mismatch' }
  | { readonly tag: 'given'; readonly credentials: Credentials; readonly nc: number };

/** The answer in our realm, if there is one (RFC 3261 §22.4). */
export function answerOf(request: SipRequest, realm: string): Answer {
  for (const text of request.headers('Authorization')) {
    const credentials = parseCredentials(text);
    if (credentials === undefined || credentials.realm.toLowerCase() !== realm) continue;
    if (credentials.response === '' || algorithmOf(credentials.algorithm) !== 'MD5') return { tag: 'none' };
    if (!isSameUri(credentials.uri, request.uri)) return { tag: 'uri-mismatch' };
    return {
      tag: 'given',
      credentials,
      nc: credentials.nc === undefined ? 1 : Number.parseInt(credentials.nc, 16),
    };
  }
  return { tag: 'none' };
}

/** Whether the answer was made with this HA1 and in a form that we offer (RFC 7616 §3.4.1). */
export function isRightAnswer(
  { credentials, nc }: Extract<Answer, { tag: 'given' }>,
  method: string,
  ha1: string,
  allowDigestWithoutQop: boolean,
): boolean {
  const { uri, nonce, qop, cnonce, response } = credentials;
  const expected = digestResponse({
    algorithm: 'MD5',
    ha1,
    method,
    uri,
    nonce,
    qop: qop === undefined ? undefined : 'auth',
    nc: credentials.nc,
    cnonce,
  });
  const isOffered = qop === 'auth' || (qop === undefined && allowDigestWithoutQop);
  return digestEquals(expected, response) && isOffered && nc > 0;
}

export interface NonceLimits {
  readonly nonceLifetimeS: number;
  readonly nonceReuseS: number;
}

export type Verdict =
  | { readonly tag: 'challenge'; readonly attempt: number; readonly isStale: boolean }
  | { readonly tag: 'failed' }
  /** `isOld`: too old for a first use; good only if the record knows the nonce. */
  | {
      readonly tag: 'authenticated';
      readonly nonce: { readonly id: string } & NonceUse;
      readonly isOld: boolean;
    };

/** Challenges after the first that a wrong answer gets; the next wrong one is refused. */
const WRONG_ANSWERS_MAX = 3;

/** What an answer leads to (TS 24.229 5.4.1.2). `check` was made with the reuse lifetime. */
export function judge(
  { credentials, nc }: Extract<Answer, { tag: 'given' }>,
  isRight: boolean,
  check: NonceCheck,
  { nonceLifetimeS, nonceReuseS, nowMs }: NonceLimits & { readonly nowMs: number },
): Verdict {
  if (!isRight) {
    const attempt = check.tag === 'forged' ? 0 : check.attempt;
    return attempt >= WRONG_ANSWERS_MAX
      ? { tag: 'failed' }
      : { tag: 'challenge', attempt: attempt + 1, isStale: false };
  }
  if (check.tag !== 'fresh') return { tag: 'challenge', attempt: 0, isStale: true };
  return {
    tag: 'authenticated',
    nonce: { id: credentials.nonce, nc, expiresAtMs: check.issuedAtMs + nonceReuseS * 1_000 },
    isOld: nowMs - check.issuedAtMs > nonceLifetimeS * 1_000,
  };
}

function isSameUri(a: string, b: string): boolean {
  if (a === b) return true;
  const left = parseUri(a);
  const right = parseUri(b);
  return left !== undefined && right !== undefined && uriEquals(left, right);
}
