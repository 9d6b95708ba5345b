import { createHash } from 'node:crypto';

/**
 * SIP as text and regular expressions: what phones that know nothing of our stack send and understand. Header names are
 * expected in their long form, one value or a comma-separated list a line.
 */
export interface RawMessage {
  /** 0 in a request. */
  readonly status: number;
  /** Of the request, or from the CSeq of a response. */
  readonly method: string;
  /** '' in a response. */
  readonly requestUri: string;
  readonly text: string;
}

export function parseRaw(text: string): RawMessage {
  const response = /^SIP\/2\.0 (\d{3}) /.exec(text);
  if (response !== null) {
    const method = /^\d+ (\S+)/.exec(header(text, 'CSeq'))?.[1] ?? '';
    return { status: Number(response[1]), method, requestUri: '', text };
  }
  const [, method = '', requestUri = ''] = /^(\S+) (\S+) SIP\/2\.0\r\n/.exec(text) ?? [];
  return { status: 0, method, requestUri, text };
}

/** The value of the first header of this name, or ''. */
export function header(text: string, name: string): string {
  return headers(text, name)[0] ?? '';
}

/** The values of all headers of this name, in order. */
export function headers(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)\\r?$`, 'gim'))].map(
    ([, value = '']) => value,
  );
}

/** The URI of an address: inside the angle brackets, or all before a parameter. */
export function uriOf(address: string): string {
  return /<([^>]*)>/.exec(address)?.[1] ?? address.split(';')[0] ?? '';
}

/** The part before the @ of a SIP URI. */
export function userOf(uri: string): string {
  return /^sips?:([^@;>]*)@/.exec(uri)?.[1] ?? '';
}

/** The answer to a request, with the headers that RFC 3261 §8.2.6 copies, plus `extra` ones. */
export function response(
  request: string,
  {
    status,
    tag,
    extra = [],
  }: { readonly status: string; readonly tag: string; readonly extra?: readonly string[] },
): string {
  const to = header(request, 'To');
  const lines = [
    `SIP/2.0 ${status}`,
    ...headers(request, 'Via').map((value) => `Via: ${value}`),
    ...headers(request, 'Record-Route').map((value) => `Record-Route: ${value}`),
    `From: ${header(request, 'From')}`,
    `To: ${/;tag=/i.test(to) ? to : `${to};tag=${tag}`}`,
    `Call-ID: ${header(request, 'Call-ID')}`,
    `CSeq: ${header(request, 'CSeq')}`,
    ...extra,
  ];
  return `${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
}

export interface Credentials {
  readonly impi: string;
  readonly password: string;
}

/** The Authorization value that answers a challenge (RFC 2617, MD5, qop=auth when it is offered). */
export function digestAnswer(
  challenge: string,
  { impi, password }: Credentials,
  { method, uri }: { readonly method: string; readonly uri: string },
): string {
  const parameter = (name: string): string =>
    new RegExp(`${name}="?([^",]*)`, 'i').exec(challenge)?.[1] ?? '';
  const [realm, nonce, opaque] = [parameter('realm'), parameter('nonce'), parameter('opaque')];
  const ha1 = md5(`${impi}:${realm}:${password}`);
  const ha2 = md5(`${method}:${uri}`);
  const hasQop = /qop="?[^"]*\bauth\b/i.test(challenge);
  const digest = md5(hasQop ? `${ha1}:${nonce}:00000001:c0ffee:auth:${ha2}` : `${ha1}:${nonce}:${ha2}`);
  return [
    `Digest username="${impi}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${digest}", algorithm=MD5`,
    ...(opaque === '' ? [] : [`opaque="${opaque}"`]),
    ...(hasQop ? ['qop=auth, nc=00000001, cnonce="c0ffee"'] : []),
  ].join(', ');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
