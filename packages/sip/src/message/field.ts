import { isWhiteSpace, skipWhiteSpace, toByteChars, trimLws, trimmedEnd } from './characters.ts';
import { canonicalName, writtenName } from './header-names.ts';

/**
 * One header field: a slice of a text (the received message, or one written by us), its CRLF included. Immutable, shared
 * between copies of a message.
 */
export class Field {
  /** Canonical: equal names are the same string. */
  readonly name: string;
  readonly source: string;
  readonly start: number;
  readonly valueStart: number;
  /** Behind the CRLF. */
  readonly end: number;
  readonly #isFolded: boolean;

  constructor(
    name: string,
    source: string,
    start: number,
    valueStart: number,
    end: number,
    isFolded: boolean,
  ) {
    this.name = name;
    this.source = source;
    this.start = start;
    this.valueStart = valueStart;
    this.end = end;
    this.#isFolded = isFolded;
  }

  /** Trimmed; each fold with the white space around it is one space (RFC 3261 §7.3.1). */
  get value(): string {
    const { source } = this;
    let start = this.valueStart;
    let end = this.end - 2;
    if (isWhiteSpace(source.charCodeAt(start))) start = skipWhiteSpace(source, start, end);
    if (isWhiteSpace(source.charCodeAt(end - 1))) end = trimmedEnd(source, start, end);
    const value = source.slice(start, end);
    return this.#isFolded ? value.split('\r\n').map(trimLws).join(' ') : value;
  }
}

/** A field of our own writing. Line breaks in the value become spaces, so that no value can inject a field. */
export function writeField(name: string, value: string): Field {
  const canonical = canonicalName(name);
  const prefix = `${writtenName(name, canonical)}: `;
  const text = `${prefix}${singleLine(value)}\r\n`;
  return new Field(canonical, text, 0, prefix.length, text.length, false);
}

/** The text with CR and LF replaced by spaces, one byte a char. */
export function singleLine(text: string): string {
  return /[\r\n\u0100-\uffff]/.test(text) ? toByteChars(text).replace(/[\r\n]+/g, ' ') : text;
}
