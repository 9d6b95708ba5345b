import { COLON, hostNameEnd, isHexDigit, isUriUser, parseDecimal, SEMICOLON } from './characters.ts';
import { Params } from './params.ts';

/** What makes up a SIP URI; `headers` is the text after `?`, `''` when there is none. */
export interface SipUriParts {
  readonly scheme: 'sip' | 'sips';
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: Params;
  readonly headers: string;
}

const QUESTION = 63;

/** A `sip:` or `sips:` URI (RFC 3261 §19.1). Immutable. `toString` gives the received text when nothing was changed. */
export class SipUri implements SipUriParts {
  readonly scheme: 'sip' | 'sips';
  /** As written, escapes included; compare `unescapeUri` of it. A telephone-subscriber's parameters are part of it. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** In lower case; an IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: Params;
  readonly headers: string;
  #text: string | undefined;

  constructor(parts: SipUriParts, text?: string) {
    this.scheme = parts.scheme;
    this.user = parts.user;
    this.password = parts.password;
    this.host = parts.host.toLowerCase();
    this.port = parts.port;
    this.params = parts.params;
    this.headers = parts.headers;
    this.#text = text;
  }

  /** A URI of a host and whatever else is given; absent parts are absent from the URI. */
  static of(parts: { readonly host: string } & Partial<SipUriParts>): SipUri {
    return new SipUri({
      scheme: 'sip',
      user: undefined,
      password: undefined,
      port: undefined,
      params: Params.EMPTY,
      headers: '',
      ...parts,
    });
  }

  with(changes: Partial<SipUriParts>): SipUri {
    return new SipUri({
      scheme: this.scheme,
      user: this.user,
      password: this.password,
      host: this.host,
      port: this.port,
      params: this.params,
      headers: this.headers,
      ...changes,
    });
  }

  /** `host` or `host:port`. */
  get hostPort(): string {
    return this.port === undefined ? this.host : `${this.host}:${this.port}`;
  }

  toString(): string {
    if (this.#text === undefined) {
      const password = this.password === undefined ? '' : `:${this.password}`;
      const userInfo = this.user === undefined ? '' : `${this.user}${password}@`;
      const headers = this.headers === '' ? '' : `?${this.headers}`;
      this.#text = `${this.scheme}:${userInfo}${this.hostPort}${this.params.toString()}${headers}`;
    }
    return this.#text;
  }
}

/** Parses what follows the scheme, from `start`. Undefined when malformed. */
export function parseSipUri(text: string, scheme: 'sip' | 'sips', start: number): SipUri | undefined {
  const end = text.length;
  const at = text.indexOf('@', start);
  let user: string | undefined;
  let password: string | undefined;
  if (at >= 0) {
    const colon = text.indexOf(':', start);
    const userEnd = colon >= 0 && colon < at ? colon : at;
    user = text.slice(start, userEnd);
    if (!isUriUser(user) || !escapesAreWhole(user)) return undefined;
    if (userEnd < at) {
      password = text.slice(userEnd + 1, at);
      if (password !== '' && (!isUriUser(password) || !escapesAreWhole(password))) return undefined;
    }
  }
  const hostStart = at >= 0 ? at + 1 : start;
  const hostEnd = hostReferenceEnd(text, hostStart, end);
  if (hostEnd < 0) return undefined;
  let cursor = hostEnd;
  let port: number | undefined;
  if (text.charCodeAt(cursor) === COLON) {
    const portStart = ++cursor;
    while (cursor < end && text.charCodeAt(cursor) !== SEMICOLON && text.charCodeAt(cursor) !== QUESTION)
      cursor++;
    port = parseDecimal(text, portStart, cursor, 5);
    if (port < 0 || port > 65_535) return undefined;
  }
  const rest = parseTail(text, cursor);
  if (rest === undefined) return undefined;
  return new SipUri({ scheme, user, password, host: text.slice(hostStart, hostEnd), port, ...rest }, text);
}

function parseTail(text: string, start: number): { params: Params; headers: string } | undefined {
  if (start === text.length) return { params: Params.EMPTY, headers: '' };
  const question = text.indexOf('?', start);
  const paramsText = text.slice(start, question < 0 ? text.length : question);
  const headers = question < 0 ? '' : text.slice(question + 1);
  if (/\s|[<>"]/.test(paramsText) || /[\s<>"@]/.test(headers) || !escapesAreWhole(paramsText))
    return undefined;
  const params = Params.parse(paramsText);
  return params === undefined || !escapesAreWhole(headers) ? undefined : { params, headers };
}

/** End of a host name, IPv4 address or IPv6 reference at `start`; -1 when there is none. */
export function hostReferenceEnd(text: string, start: number, end: number): number {
  if (text.charCodeAt(start) !== 91) {
    const nameEnd = hostNameEnd(text, start, end);
    return nameEnd > start ? nameEnd : -1;
  }
  let i = start + 1;
  for (; i < end && text.charCodeAt(i) !== 93; i++) {
    const code = text.charCodeAt(i);
    if (!isHexDigit(code) && code !== COLON && code !== 46) return -1;
  }
  return i < end && i > start + 2 ? i + 1 : -1;
}

/** Every `%` is followed by two hex digits. */
export function escapesAreWhole(text: string): boolean {
  for (let i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 3))
    if (!isHexDigit(text.charCodeAt(i + 1)) || !isHexDigit(text.charCodeAt(i + 2))) return false;
  return true;
}

/** Percent escapes as bytes (latin1 chars); an escape that is not whole stays. */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Text as a URI user part: everything that may not stand there is escaped (RFC 3261 §25.1), byte by byte. */
export function escapeUser(text: string): string {
  return text.replace(
    /[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
