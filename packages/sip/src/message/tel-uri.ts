import { Params } from './params.ts';
import { escapesAreWhole } from './sip-uri.ts';

const GLOBAL_NUMBER = /^\+[-.()]*[0-9][-.()0-9]*$/;
const LOCAL_NUMBER = /^[-.()]*[*#0-9A-Fa-f][-.()*#0-9A-Fa-f]*$/;

/** A `tel:` URI (RFC 3966). Immutable. */
export class TelUri {
  readonly scheme = 'tel' as const;
  /** As written, visual separators included. */
  readonly number: string;
  readonly params: Params;
  readonly #text: string;

  constructor(
    number: string,
    params: Params = Params.EMPTY,
    text: string = `tel:${number}${params.toString()}`,
  ) {
    this.number = number;
    this.params = params;
    this.#text = text;
  }

  /** A global number starts with `+`; a local one means something only with its `phone-context`. */
  get isGlobal(): boolean {
    return this.number.startsWith('+');
  }

  /** The number without visual separators (RFC 3966 §5.1.1), in lower case. */
  get plainNumber(): string {
    return withoutVisualSeparators(this.number).toLowerCase();
  }

  with(changes: { readonly number?: string; readonly params?: Params }): TelUri {
    return new TelUri(changes.number ?? this.number, changes.params ?? this.params);
  }

  toString(): string {
    return this.#text;
  }
}

/** A telephone number without `-`, `.`, `(` and `)`. */
export function withoutVisualSeparators(number: string): string {
  return number.replace(/[-.()]/g, '');
}

/** Parses what follows `tel:`, from `start`. Undefined when malformed. */
export function parseTelUri(text: string, start: number): TelUri | undefined {
  const semicolon = text.indexOf(';', start);
  const number = text.slice(start, semicolon < 0 ? text.length : semicolon);
  if (!(number.startsWith('+') ? GLOBAL_NUMBER : LOCAL_NUMBER).test(number)) return undefined;
  if (semicolon < 0) return new TelUri(number, Params.EMPTY, text);
  const paramsText = text.slice(semicolon);
  if (/[\s"<>]/.test(paramsText) || !escapesAreWhole(paramsText)) return undefined;
  const params = Params.parse(paramsText);
  return params === undefined ? undefined : new TelUri(number, params, text);
}
