import { isToken, isWhiteSpace, parseDecimal, skipWhiteSpace, tokenEnd, trimLws } from './characters.ts';
import { type NameAddr, parseNameAddr } from './name-addr.ts';
import { Params } from './params.ts';
import { splitList } from './value-list.ts';

/** The value of CSeq (RFC 3261 §20.16). `number` is below 2^31. */
export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** Contact values; `*` stands alone (RFC 3261 §10.2.2). */
export type Contacts =
  | { readonly tag: 'all' }
  | { readonly tag: 'list'; readonly contacts: readonly NameAddr[] };

/** The value of Event (RFC 6665 §8.4). */
export interface EventHeader {
  readonly package: string;
  readonly params: Params;
}

const SEQUENCE_LIMIT = 2 ** 31;
const SECONDS_LIMIT = 2 ** 32;

/** Undefined when malformed or the number is 2^31 or more. */
export function parseCSeq(text: string): CSeq | undefined {
  const end = text.length;
  const start = skipWhiteSpace(text, 0, end);
  let numberEnd = start;
  while (numberEnd < end && !isWhiteSpace(text.charCodeAt(numberEnd))) numberEnd++;
  const number = parseDecimal(text, start, numberEnd, 32);
  const methodStart = skipWhiteSpace(text, numberEnd, end);
  const methodEnd = tokenEnd(text, methodStart, end);
  if (number < 0 || number >= SEQUENCE_LIMIT || methodEnd === methodStart) return undefined;
  if (skipWhiteSpace(text, methodEnd, end) !== end) return undefined;
  return { number, method: text.slice(methodStart, methodEnd) };
}

/** 0 to 255 (RFC 3261 §20.22); undefined when malformed. */
export function parseMaxForwards(text: string): number | undefined {
  return parseWholeNumber(text, 256);
}

/** Seconds below 2^32 (RFC 3261 §20.19); undefined when malformed, which a registrar may read as 3600. */
export function parseExpires(text: string): number | undefined {
  return parseWholeNumber(text, SECONDS_LIMIT);
}

/** A number as of RSeq, Min-Expires or the `expires` parameter: digits only, below `limit`. */
export function parseWholeNumber(text: string, limit: number): number | undefined {
  const trimmed = trimLws(text);
  const value = parseDecimal(trimmed, 0, trimmed.length, 32);
  return value < 0 || value >= limit ? undefined : value;
}

/** Option tags or methods of Supported, Require, Proxy-Require, Unsupported, Allow: tokens as written; undefined when one is not. */
export function parseTokenList(text: string): readonly string[] | undefined {
  const tokens = splitList(text);
  return tokens.every(isToken) ? tokens : undefined;
}

/** A qvalue (RFC 3261 §25.1) from 0 to 1, in thousandths so that comparison is exact; undefined when malformed. */
export function parseQValueThousandths(text: string): number | undefined {
  if (!/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text)) return undefined;
  return Math.round(Number(text) * 1000);
}

/** Event with its parameters; undefined when malformed. */
export function parseEvent(text: string): EventHeader | undefined {
  const start = skipWhiteSpace(text, 0, text.length);
  const end = tokenEnd(text, start, text.length);
  const params = Params.parse(text, end);
  return end === start || params === undefined ? undefined : { package: text.slice(start, end), params };
}

/** All Contact values of a message, given one text per value; undefined when one is malformed or `*` is not alone. */
export function parseContacts(values: readonly string[]): Contacts | undefined {
  if (values.length === 1 && values[0] === '*') return { tag: 'all' };
  const contacts: NameAddr[] = [];
  for (const value of values) {
    const contact = parseNameAddr(value);
    if (contact === undefined) return undefined;
    contacts.push(contact);
  }
  return { tag: 'list', contacts };
}
