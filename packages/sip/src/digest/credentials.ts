import { otherParams, parseAuthParams, serializeAuthParams } from './auth-params.ts';

/** Digest credentials: Authorization or Proxy-Authorization (RFC 7616 §3.4). Values are without quotes, latin1 as received. */
export interface Credentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Lower-case hex of any length, or `''`: an initial IMS REGISTER names the user without an answer (TS 24.229 5.1.1.2). */
  readonly response: string;
  readonly algorithm?: string | undefined;
  readonly qop?: string | undefined;
  /** Eight hex digits as sent. */
  readonly nc?: string | undefined;
  readonly cnonce?: string | undefined;
  readonly opaque?: string | undefined;
  readonly auts?: string | undefined;
  /** Directives not named above (`integrity-protected`, …), names in lower case. */
  readonly others: ReadonlyMap<string, string>;
}

const KNOWN = new Set([
  'username',
  'realm',
  'nonce',
  'uri',
  'response',
  'algorithm',
  'qop',
  'nc',
  'cnonce',
  'opaque',
  'auts',
]);

/**
 * Undefined when malformed, not Digest, a directive comes twice, one that every answer has is missing, `nc` is not 8 hex digits,
 * or `qop` comes without nc and cnonce.
 */
export function parseCredentials(text: string): Credentials | undefined {
  const params = parseAuthParams(text);
  if (params === undefined) return undefined;
  const username = params.get('username');
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  const uri = params.get('uri');
  const response = params.get('response');
  if (
    username === undefined ||
    realm === undefined ||
    nonce === undefined ||
    uri === undefined ||
    response === undefined
  ) {
    return undefined;
  }
  if (!/^[0-9a-fA-F]{0,128}$/.test(response)) return undefined;
  const qop = params.get('qop')?.toLowerCase();
  const nc = params.get('nc');
  const cnonce = params.get('cnonce');
  if (nc !== undefined && !/^[0-9a-fA-F]{8}$/.test(nc)) return undefined;
  if (qop !== undefined && (nc === undefined || cnonce === undefined)) return undefined;
  return {
    username,
    realm,
    nonce,
    uri,
    response: response.toLowerCase(),
    algorithm: params.get('algorithm'),
    qop,
    nc,
    cnonce,
    opaque: params.get('opaque'),
    auts: params.get('auts'),
    others: otherParams(params, KNOWN),
  };
}

export function serializeCredentials(
  credentials: Omit<Credentials, 'others'> & Partial<Pick<Credentials, 'others'>>,
): string {
  return serializeAuthParams(
    [
      ['username', credentials.username],
      ['realm', credentials.realm],
      ['nonce', credentials.nonce],
      ['uri', credentials.uri],
      ['response', credentials.response],
      ['algorithm', credentials.algorithm],
      ['cnonce', credentials.cnonce],
      ['opaque', credentials.opaque],
      ['qop', credentials.qop],
      ['nc', credentials.nc],
      ['auts', credentials.auts],
      ...(credentials.others ?? []),
    ],
    ['qop'],
  );
}
