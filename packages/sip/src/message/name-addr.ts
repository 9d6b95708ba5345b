import {
  isUriLike,
  LESS,
  QUOTE,
  quote,
  quotedStringEnd,
  skipWhiteSpace,
  trimLws,
  unquote,
} from './characters.ts';
import { Params } from './params.ts';
import { parseUri, type Uri } from './uri.ts';

export interface NameAddrParts {
  /** Without quotes and escapes; `''` when there is none. Bytes as latin1 chars: `decodeUtf8` for display. */
  readonly displayName: string;
  /** As written, without the angle brackets. */
  readonly uri: string;
  readonly params: Params;
}

/** The value of From, To, Contact, Route, … (RFC 3261 §20.10): display name, URI, header parameters. Immutable. */
export class NameAddr implements NameAddrParts {
  readonly displayName: string;
  readonly uri: string;
  readonly params: Params;
  #parsedUri: Uri | null | undefined;
  #text: string | undefined;

  constructor(parts: NameAddrParts, text?: string) {
    this.displayName = parts.displayName;
    this.uri = parts.uri;
    this.params = parts.params;
    this.#text = text;
  }

  static of(uri: string | Uri, params: Params = Params.EMPTY, displayName = ''): NameAddr {
    return new NameAddr({ displayName, uri: uri.toString(), params });
  }

  /** Undefined when the URI is malformed. */
  get parsedUri(): Uri | undefined {
    if (this.#parsedUri === undefined) this.#parsedUri = parseUri(this.uri) ?? null;
    return this.#parsedUri ?? undefined;
  }

  get tag(): string | undefined {
    return this.params.get('tag');
  }

  with(changes: Partial<NameAddrParts>): NameAddr {
    return new NameAddr({ displayName: this.displayName, uri: this.uri, params: this.params, ...changes });
  }

  /** The received text when unchanged, else in the name-addr form. */
  toString(): string {
    this.#text ??= `${this.displayName === '' ? '' : `${quote(this.displayName)} `}<${this.uri}>${this.params.toString()}`;
    return this.#text;
  }
}

export function serializeNameAddr(nameAddr: NameAddr): string {
  return nameAddr.toString();
}

/**
 * Parses a name-addr or addr-spec with header parameters; undefined when malformed. In the addr-spec form everything after `;`
 * belongs to the header (RFC 3261 §20.10). The URI's own syntax is checked by `parsedUri`, on use.
 */
export function parseNameAddr(text: string): NameAddr | undefined {
  const start = skipWhiteSpace(text, 0, text.length);
  const first = text.charCodeAt(start);
  if (first === LESS) return afterDisplayName(text, '', start);
  if (first === QUOTE) {
    const quoteEnd = quotedStringEnd(text, start, text.length);
    if (quoteEnd < 0) return undefined;
    const open = skipWhiteSpace(text, quoteEnd, text.length);
    return text.charCodeAt(open) === LESS
      ? afterDisplayName(text, unquote(text.slice(start, quoteEnd)), open)
      : undefined;
  }
  const open = text.indexOf('<', start);
  if (open < 0) return addrSpec(text, start);
  const name = trimLws(text.slice(start, open));
  // Deviates from the grammar (tokens only) because display names such as `Bob @home` are common; what could change how the
  // rest is read stays out.
  return /[",;:<>]/.test(name) ? undefined : afterDisplayName(text, name, open);
}

function afterDisplayName(text: string, displayName: string, open: number): NameAddr | undefined {
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  const uri = text.slice(open + 1, close);
  if (!isPlausibleUri(uri)) return undefined;
  const params = Params.parse(text, close + 1);
  return params === undefined ? undefined : new NameAddr({ displayName, uri, params }, text);
}

function addrSpec(text: string, start: number): NameAddr | undefined {
  const semicolon = text.indexOf(';', start);
  const uri = trimLws(text.slice(start, semicolon < 0 ? text.length : semicolon));
  if (!isPlausibleUri(uri) || uri.includes('?') || uri.includes(',')) return undefined;
  const params = semicolon < 0 ? Params.EMPTY : Params.parse(text, semicolon);
  return params === undefined ? undefined : new NameAddr({ displayName: '', uri, params }, text);
}

/** A scheme, something behind it, and no char that no URI may hold. */
export function isPlausibleUri(uri: string): boolean {
  const colon = uri.indexOf(':');
  return colon > 0 && colon < uri.length - 1 && isUriLike(uri);
}
