import { encodeUtf8 } from '../message/characters.ts';
import type { SipRequest } from '../message/sip-request.ts';
import type { Challenge } from './challenge.ts';
import { serializeCredentials } from './credentials.ts';
import {
  type DigestAlgorithm,
  type DigestInput,
  digestHash,
  digestResponse,
  ha1,
} from './digest-response.ts';

export interface AuthorizeInput {
  /** Unicode text. */
  readonly username: string;
  /** Unicode text, or the bytes of RES for AKA. */
  readonly password: string | Buffer;
  /** How often this nonce was used, this time included: from 1. */
  readonly nc: number;
  readonly cnonce: string;
}

/**
 * The client's answer to a challenge: the value of Authorization or Proxy-Authorization for this request (RFC 7616 §3.4). Takes
 * qop `auth` when offered, else `auth-int`, else none. Undefined when the algorithm is none of ours.
 */
export function authorize(
  request: SipRequest,
  challenge: Challenge,
  input: AuthorizeInput,
): string | undefined {
  const algorithm = algorithmOf(challenge.algorithm);
  if (algorithm === undefined) return undefined;
  const qop = challenge.qop.includes('auth')
    ? 'auth'
    : challenge.qop.includes('auth-int')
      ? 'auth-int'
      : undefined;
  const nc = input.nc.toString(16).padStart(8, '0');
  const realm = Buffer.from(challenge.realm, 'latin1').toString('utf8');
  const answer: Pick<DigestInput, 'uri' | 'nonce' | 'qop' | 'nc' | 'cnonce'> = {
    uri: request.uri,
    nonce: challenge.nonce,
    qop,
    nc: qop === undefined ? undefined : nc,
    cnonce: qop === undefined ? undefined : input.cnonce,
  };
  const response = digestResponse({
    ...answer,
    algorithm,
    method: request.method,
    ha1: ha1(input.username, realm, input.password, algorithm),
    bodyHash: qop === 'auth-int' ? digestHash(algorithm, request.body) : undefined,
  });
  return serializeCredentials({
    ...answer,
    username: encodeUtf8(input.username),
    realm: challenge.realm,
    response,
    algorithm: challenge.algorithm,
    opaque: challenge.opaque,
  });
}

/** The algorithm a directive names; absent means MD5, and AKAv1-MD5 hashes as MD5 does (RFC 3310). Undefined when not supported. */
export function algorithmOf(name: string | undefined): DigestAlgorithm | undefined {
  if (name === undefined) return 'MD5';
  switch (name.toUpperCase()) {
    case 'MD5':
    case 'AKAV1-MD5':
      return 'MD5';
    case 'SHA-256':
      return 'SHA-256';
    default:
      return undefined;
  }
}
