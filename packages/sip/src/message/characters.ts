// Character classes of RFC 3261 §25.1 over latin1 strings (one char = one byte), as one table of bit flags.

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const QUOTE = 34;
export const COMMA = 44;
export const COLON = 58;
export const SEMICOLON = 59;
export const LESS = 60;
export const EQUAL = 61;
export const GREATER = 62;
export const BACKSLASH = 92;

const TOKEN = 1;
const PARAM_VALUE = 2;
const HOST = 4;
const USER = 8;
const DIGIT = 16;
const HEX = 32;
const SCHEME = 64;
const URI = 128;
const VISIBLE = 256;

const ALPHANUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CLASSES: readonly (readonly [number, string])[] = [
  [TOKEN, `${ALPHANUM}-.!%*_+\`'~`],
  // token, host, and the paramchars of URIs; `=` too, for base64 that its sender did not quote.
  [PARAM_VALUE, `${ALPHANUM}-.!%*_+\`'~[]:/&$()=@?|^{}#`],
  [HOST, `${ALPHANUM}-._`],
  // unreserved, user-unreserved and `%`; `#` unescaped is what phones send for feature codes.
  [USER, `${ALPHANUM}-_.!~*'()&=+$,;?/%#`],
  [DIGIT, '0123456789'],
  [HEX, '0123456789ABCDEFabcdef'],
  [SCHEME, `${ALPHANUM}+-.`],
  [URI, `${ALPHANUM}-_.!~*'()&=+$,;?/%#:@[]|^{}\`\\`],
];

const FLAGS: Uint16Array = buildFlags();

function buildFlags(): Uint16Array {
  const flags = new Uint16Array(256);
  for (const [flag, members] of CLASSES)
    for (let i = 0; i < members.length; i++)
      flags[members.charCodeAt(i)] = (flags[members.charCodeAt(i)] ?? 0) | flag;
  for (let code = 33; code < 256; code++)
    if (code !== QUOTE && code !== LESS && code !== GREATER && code !== 127)
      flags[code] = (flags[code] ?? 0) | VISIBLE;
  return flags;
}

function allOf(flag: number, text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (((FLAGS[text.charCodeAt(i)] ?? 0) & flag) === 0) return false;
  return end > start;
}

/** Index of the first char at or after `start` that is not a token char (RFC 3261 §25.1), at most `end`. */
export function tokenEnd(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && ((FLAGS[text.charCodeAt(i)] ?? 0) & TOKEN) !== 0) i++;
  return i;
}

/** Index of the first char at or after `start` that cannot stand in an unquoted parameter value, at most `end`. */
export function paramValueEnd(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && ((FLAGS[text.charCodeAt(i)] ?? 0) & PARAM_VALUE) !== 0) i++;
  return i;
}

/** Index of the first char that is not of a host name or IPv4 address, at most `end`. */
export function hostNameEnd(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && ((FLAGS[text.charCodeAt(i)] ?? 0) & HOST) !== 0) i++;
  return i;
}

export function isToken(text: string): boolean {
  return allOf(TOKEN, text, 0, text.length);
}

export function isTokenByte(code: number): boolean {
  return ((FLAGS[code] ?? 0) & TOKEN) !== 0;
}

export function isUriUser(text: string): boolean {
  return allOf(USER, text, 0, text.length);
}

export function isScheme(text: string): boolean {
  return allOf(SCHEME, text, 0, text.length) && !isDigit(text.charCodeAt(0));
}

export function isUriText(text: string): boolean {
  return allOf(URI, text, 0, text.length);
}

/** No white space, controls, quotes or angle brackets: what may stand between the brackets of a name-addr. */
export function isUriLike(text: string): boolean {
  return allOf(VISIBLE, text, 0, text.length);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isHexDigit(code: number): boolean {
  return ((FLAGS[code] ?? 0) & HEX) !== 0;
}

/** Linear white space once folding is gone, and the CR LF of a fold. */
export function isWhiteSpace(code: number): boolean {
  return code === SP || code === HTAB || code === CR || code === LF;
}

export function skipWhiteSpace(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && isWhiteSpace(text.charCodeAt(i))) i++;
  return i;
}

export function trimmedEnd(text: string, start: number, end: number): number {
  let i = end;
  while (i > start && isWhiteSpace(text.charCodeAt(i - 1))) i--;
  return i;
}

export function trimLws(text: string): string {
  const start = skipWhiteSpace(text, 0, text.length);
  const end = trimmedEnd(text, start, text.length);
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** A decimal number of 1 to `digitsMax` digits and nothing else; -1 when it is none. */
export function parseDecimal(text: string, start: number, end: number, digitsMax: number): number {
  if (end <= start || end - start > digitsMax) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return -1;
    value = value * 10 + (code - 48);
  }
  return value;
}

/** Index just behind the quoted-string that opens at `start`; -1 when it does not close before `end`. */
export function quotedStringEnd(text: string, start: number, end: number): number {
  for (let i = start + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return -1;
}

/** The content of a quoted-string without quotes and escapes; text that is not quoted comes back as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== QUOTE || text.charCodeAt(text.length - 1) !== QUOTE || text.length < 2)
    return text;
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

/** A quoted-string with `"` and `\` escaped. */
export function quote(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** The Unicode text of header bytes that are UTF-8, for display; broken sequences become U+FFFD. */
export function decodeUtf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** Unicode text as the byte-per-char form that messages hold. */
export function encodeUtf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * Text that fits one byte a char: as it is, or in UTF-8 when a char does not fit. Without this a wide char would lose its high
 * byte on output, and U+010A would become a line feed.
 */
export function toByteChars(text: string): string {
  return /[\u0100-\uffff]/.test(text) ? encodeUtf8(text) : text;
}
