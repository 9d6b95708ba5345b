import { toByteChars, trimLws } from './characters.ts';
import { type Field, singleLine, writeField } from './field.ts';
import { canonicalName } from './header-names.ts';
import { type Contacts, type CSeq, parseContacts, parseCSeq, parseMaxForwards } from './header-values.ts';
import { type NameAddr, parseNameAddr } from './name-addr.ts';
import { listElementEnd, splitList } from './value-list.ts';
import { parseVia, type Via } from './via.ts';

/** A slice of a text. `end` is exclusive. */
export interface Slice {
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** The pieces a message is made of. `startLine` includes its CRLF. */
export interface MessageParts {
  readonly startLine: Slice;
  readonly fields: readonly Field[];
  readonly body: Slice;
}

const EMPTY_SLICE: Slice = { source: '', start: 0, end: 0 };

/**
 * A SIP message: slices of the received text, spliced on output (RFC 3261 §7). Text is latin1, one char per byte. Edits are in
 * place and touch this object alone: edit a `copy()` of a message that others hold. Untouched fields go out byte for byte.
 */
export abstract class SipMessage {
  abstract readonly isRequest: boolean;
  protected startLine: Slice;
  #fields: Field[];
  #body: Slice;
  #isEdited = false;
  // Parsed views: undefined = not yet asked for, null = absent or malformed.
  #topVia: Via | null | undefined;
  #from: NameAddr | null | undefined;
  #to: NameAddr | null | undefined;
  #callId: string | undefined;
  #cseq: CSeq | null | undefined;
  #maxForwards: number | null | undefined;
  #topRoute: NameAddr | null | undefined;
  #contacts: Contacts | null | undefined;

  protected constructor(parts: MessageParts) {
    this.startLine = parts.startLine;
    this.#fields = parts.fields as Field[];
    this.#body = parts.body;
  }

  /** An independent message that shares all text, fields and parsed views with this one. */
  abstract copy(): this;

  /** For `copy` alone: own field list, same views. */
  protected adopt(original: SipMessage): void {
    this.#fields = original.#fields.slice();
    this.#isEdited = original.#isEdited;
    this.#topVia = original.#topVia;
    this.#from = original.#from;
    this.#to = original.#to;
    this.#callId = original.#callId;
    this.#cseq = original.#cseq;
    this.#maxForwards = original.#maxForwards;
    this.#topRoute = original.#topRoute;
    this.#contacts = original.#contacts;
  }

  protected get parts(): MessageParts {
    return { startLine: this.startLine, fields: this.#fields, body: this.#body };
  }

  // --- reading ---

  /** Value of the first field of that name, trimmed and unfolded; undefined when there is none. */
  header(name: string): string | undefined {
    return this.#first(canonicalName(name))?.value;
  }

  has(name: string): boolean {
    return this.#first(canonicalName(name)) !== undefined;
  }

  /** One value per field of that name, in order. */
  headers(name: string): readonly string[] {
    return this.fieldsOf(name).map((field) => field.value);
  }

  /** Elements of a comma-separated header over all its fields, in order. Not for headers that hold commas otherwise (Date, credentials). */
  values(name: string): readonly string[] {
    const texts = this.headers(name);
    return texts.length === 1 ? splitList(texts[0] ?? '') : texts.flatMap(splitList);
  }

  /** The first element of `values(name)`. */
  firstValue(name: string): string | undefined {
    return this.#firstElement(canonicalName(name));
  }

  /** Names of all fields in order, canonical, with repetitions. */
  get headerNames(): readonly string[] {
    return this.#fields.map((field) => field.name);
  }

  /** The fields themselves, to be carried over into another message untouched. */
  fieldsOf(name: string): readonly Field[] {
    const canonical = canonicalName(name);
    return this.#fields.filter((field) => field.name === canonical);
  }

  get topVia(): Via | undefined {
    if (this.#topVia === undefined) this.#topVia = viewOf(this.#firstElement('Via'), parseVia);
    return this.#topVia ?? undefined;
  }

  get from(): NameAddr | undefined {
    if (this.#from === undefined) this.#from = viewOf(this.#first('From')?.value, parseNameAddr);
    return this.#from ?? undefined;
  }

  get to(): NameAddr | undefined {
    if (this.#to === undefined) this.#to = viewOf(this.#first('To')?.value, parseNameAddr);
    return this.#to ?? undefined;
  }

  /** `''` when there is none. */
  get callId(): string {
    this.#callId ??= this.#first('Call-ID')?.value ?? '';
    return this.#callId;
  }

  get cseq(): CSeq | undefined {
    if (this.#cseq === undefined) this.#cseq = viewOf(this.#first('CSeq')?.value, parseCSeq);
    return this.#cseq ?? undefined;
  }

  get maxForwards(): number | undefined {
    if (this.#maxForwards === undefined)
      this.#maxForwards = viewOf(this.#first('Max-Forwards')?.value, parseMaxForwards);
    return this.#maxForwards ?? undefined;
  }

  get topRoute(): NameAddr | undefined {
    if (this.#topRoute === undefined) this.#topRoute = viewOf(this.#firstElement('Route'), parseNameAddr);
    return this.#topRoute ?? undefined;
  }

  /** All Contact values; an empty list when there is none, undefined when one is malformed. */
  get contacts(): Contacts | undefined {
    if (this.#contacts === undefined) this.#contacts = parseContacts(this.values('Contact')) ?? null;
    return this.#contacts ?? undefined;
  }

  // --- editing ---

  /** One field of that name with this value, in the place of the first there was, else at the end. */
  set(name: string, value: string): void {
    const field = writeField(name, value);
    const index = this.#indexOf(field.name);
    if (index < 0) this.#fields.push(field);
    else {
      this.#fields[index] = field;
      this.#removeFrom(index + 1, field.name);
    }
    this.#edited(field.name);
  }

  /** A new field before the first of that name, else before all fields. */
  prepend(name: string, value: string): void {
    const field = writeField(name, value);
    const index = this.#indexOf(field.name);
    if (index <= 0) this.#fields.unshift(field);
    else this.#fields.splice(index, 0, field);
    this.#edited(field.name);
  }

  /** A new field behind the last of that name, else behind all fields. */
  append(name: string, value: string): void {
    const field = writeField(name, value);
    const last = this.#fields.findLastIndex((other) => other.name === field.name);
    if (last < 0) this.#fields.push(field);
    else this.#fields.splice(last + 1, 0, field);
    this.#edited(field.name);
  }

  /** Removes all fields of that name. */
  remove(name: string): void {
    const canonical = canonicalName(name);
    this.#removeFrom(0, canonical);
    this.#edited(canonical);
  }

  /** Removes and returns the first element of a list header; its field goes with the last element. */
  removeFirstValue(name: string): string | undefined {
    const canonical = canonicalName(name);
    const index = this.#indexOf(canonical);
    const field = this.#fields[index];
    if (field === undefined) return undefined;
    const value = field.value;
    const end = listElementEnd(value, 0);
    const rest = trimLws(value.slice(end + 1));
    if (rest === '') this.#fields.splice(index, 1);
    else this.#fields[index] = writeField(canonical, rest);
    this.#edited(canonical);
    return trimLws(value.slice(0, end));
  }

  /** Replaces the first element of a list header; adds a field before all when there is none. */
  replaceFirstValue(name: string, value: string): void {
    const canonical = canonicalName(name);
    const index = this.#indexOf(canonical);
    const field = this.#fields[index];
    if (field === undefined) {
      this.prepend(name, value);
      return;
    }
    const old = field.value;
    this.#fields[index] = writeField(canonical, value + old.slice(listElementEnd(old, 0)));
    this.#edited(canonical);
  }

  // --- body ---

  /** The body's bytes as latin1 chars. */
  get body(): string {
    return this.#body.source.slice(this.#body.start, this.#body.end);
  }

  get bodyBytes(): Buffer {
    return Buffer.from(this.body, 'latin1');
  }

  /**
   * Replaces the body and keeps Content-Length right. A string is latin1, one char per byte (`encodeUtf8` makes one from
   * Unicode text; one with wider chars is taken as Unicode). Without a content type the body should be empty, and Content-Type goes.
   */
  setBody(contentType: string | undefined, body: string | Buffer): void {
    const text = typeof body === 'string' ? toByteChars(body) : body.toString('latin1');
    this.#body = text === '' ? EMPTY_SLICE : { source: text, start: 0, end: text.length };
    if (contentType === undefined) this.remove('Content-Type');
    else this.set('Content-Type', contentType);
    this.set('Content-Length', String(text.length));
  }

  // --- output ---

  /** The message as it goes out. An edited message that came without Content-Length gets one, as a stream needs it (RFC 3261 §20.14). */
  get text(): string {
    const { startLine } = this;
    let out = '';
    let { source, start, end } = startLine;
    for (const field of this.#fields) {
      if (field.source === source && field.start === end) end = field.end;
      else {
        out += source.slice(start, end);
        ({ source, start, end } = field);
      }
    }
    const body = this.#body;
    const isLengthMissing = this.#isEdited && this.#first('Content-Length') === undefined;
    if (!isLengthMissing && body.source === source && body.start === end + 2)
      return out + source.slice(start, body.end);
    const length = isLengthMissing ? `Content-Length: ${body.end - body.start}\r\n` : '';
    return `${out}${source.slice(start, end)}${length}\r\n${this.body}`;
  }

  serialize(): Buffer {
    return Buffer.from(this.text, 'latin1');
  }

  toString(): string {
    return this.text;
  }

  protected setStartLine(text: string): void {
    const line = `${singleLine(text)}\r\n`;
    this.startLine = { source: line, start: 0, end: line.length };
    this.#isEdited = true;
  }

  #first(canonical: string): Field | undefined {
    for (const field of this.#fields) if (field.name === canonical) return field;
    return undefined;
  }

  #firstElement(canonical: string): string | undefined {
    const value = this.#first(canonical)?.value;
    if (value === undefined) return undefined;
    const end = listElementEnd(value, 0);
    return end === value.length ? value : trimLws(value.slice(0, end));
  }

  #indexOf(canonical: string): number {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i++) if (fields[i]?.name === canonical) return i;
    return -1;
  }

  #removeFrom(from: number, canonical: string): void {
    for (let i = this.#fields.length - 1; i >= from; i--)
      if (this.#fields[i]?.name === canonical) this.#fields.splice(i, 1);
  }

  #edited(canonical: string): void {
    this.#isEdited = true;
    switch (canonical) {
      case 'Via':
        this.#topVia = undefined;
        break;
      case 'From':
        this.#from = undefined;
        break;
      case 'To':
        this.#to = undefined;
        break;
      case 'Call-ID':
        this.#callId = undefined;
        break;
      case 'CSeq':
        this.#cseq = undefined;
        break;
      case 'Max-Forwards':
        this.#maxForwards = undefined;
        break;
      case 'Route':
        this.#topRoute = undefined;
        break;
      case 'Contact':
        this.#contacts = undefined;
        break;
    }
  }
}

function viewOf<T>(value: string | undefined, parse: (text: string) => T | undefined): T | null {
  return value === undefined ? null : (parse(value) ?? null);
}
