import {
  COMMA,
  EQUAL,
  QUOTE,
  quote,
  quotedStringEnd,
  skipWhiteSpace,
  tokenEnd,
  unquote,
} from '../message/characters.ts';

const DIRECTIVES_MAX = 32;

/** Directives of a challenge or of credentials: lower-case names to values without quotes. */
export type AuthParams = ReadonlyMap<string, string>;

/** Parses `scheme 1#auth-param` (RFC 7616 §3.3); undefined when malformed, of another scheme, or when a directive comes twice. */
export function parseAuthParams(text: string): AuthParams | undefined {
  const end = text.length;
  const schemeStart = skipWhiteSpace(text, 0, end);
  let at = tokenEnd(text, schemeStart, end);
  if (text.slice(schemeStart, at).toLowerCase() !== 'digest') return undefined;
  const params = new Map<string, string>();
  for (let isFirst = true; ; isFirst = false) {
    at = skipWhiteSpace(text, at, end);
    if (at === end) break;
    if (!isFirst) {
      if (text.charCodeAt(at) !== COMMA) return undefined;
      at = skipWhiteSpace(text, at + 1, end);
      if (at === end || text.charCodeAt(at) === COMMA) continue; // empty list elements are legal
    }
    const nameEnd = tokenEnd(text, at, end);
    const name = text.slice(at, nameEnd).toLowerCase();
    const equal = skipWhiteSpace(text, nameEnd, end);
    if (name === '' || text.charCodeAt(equal) !== EQUAL) return undefined;
    const valueStart = skipWhiteSpace(text, equal + 1, end);
    const valueEnd = authValueEnd(text, valueStart, end);
    if (valueEnd <= valueStart || params.has(name) || params.size === DIRECTIVES_MAX) return undefined;
    params.set(name, unquote(text.slice(valueStart, valueEnd)));
    at = valueEnd;
  }
  return params.size === 0 ? undefined : params;
}

/** A quoted-string, or what stands up to the next comma or white space: some clients leave quotes out around base64 or URIs. */
function authValueEnd(text: string, start: number, end: number): number {
  if (text.charCodeAt(start) === QUOTE) return quotedStringEnd(text, start, end);
  let i = start;
  while (i < end && text.charCodeAt(i) > 32 && text.charCodeAt(i) !== COMMA && text.charCodeAt(i) !== QUOTE)
    i++;
  return i;
}

const NO_OTHERS: AuthParams = new Map();

/** The directives that `known` does not name. */
export function otherParams(params: AuthParams, known: ReadonlySet<string>): AuthParams {
  let others: Map<string, string> | undefined;
  for (const [name, value] of params) {
    if (known.has(name)) continue;
    others ??= new Map();
    others.set(name, value);
  }
  return others ?? NO_OTHERS;
}

/** Directives that are written without quotes (RFC 7616 §3.3 and §3.4; RFC 3261 §25.1). `qop` is bare in credentials only. */
const BARE_ALWAYS: ReadonlySet<string> = new Set(['algorithm', 'stale', 'nc', 'userhash']);

export function serializeAuthParams(
  entries: Iterable<readonly [string, string | undefined]>,
  bareNames: readonly string[] = [],
): string {
  const parts: string[] = [];
  for (const [name, value] of entries) {
    if (value === undefined) continue;
    parts.push(
      BARE_ALWAYS.has(name) || bareNames.includes(name) ? `${name}=${value}` : `${name}=${quote(value)}`,
    );
  }
  return `Digest ${parts.join(',')}`;
}
