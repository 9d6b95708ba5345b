import {
  EQUAL,
  paramValueEnd,
  QUOTE,
  quotedStringEnd,
  SEMICOLON,
  skipWhiteSpace,
  tokenEnd,
  unquote,
} from './characters.ts';
import { PARAMS_MAX } from './limits.ts';

interface Param {
  readonly name: string;
  readonly key: string;
  readonly value: string | undefined;
}

/**
 * The `;name=value` parameters of a header value or URI: ordered, names compared without case, values kept as written (quotes
 * included). Immutable: `set` and `delete` return a new instance. Unchanged ones serialise as they were received.
 */
export class Params {
  static readonly EMPTY: Params = new Params([], '');
  readonly #params: readonly Param[];
  #text: string | undefined;

  private constructor(params: readonly Param[], text: string | undefined) {
    this.#params = params;
    this.#text = text;
  }

  /**
   * Parses `*( LWS ";" LWS name [ LWS "=" LWS value ] LWS )` from `start` to the end. Undefined when malformed, when a name
   * appears twice (RFC 3261 §7.3.1), or beyond 64 parameters. A flag said twice says nothing else: baresip puts a second `lr` into the
   * Route of an outbound proxy that has one.
   */
  static parse(text: string, start = 0): Params | undefined {
    const end = text.length;
    let at = skipWhiteSpace(text, start, end);
    if (at === end) return Params.EMPTY;
    const params: Param[] = [];
    while (at < end) {
      if (text.charCodeAt(at) !== SEMICOLON || params.length === PARAMS_MAX) return undefined;
      const nameStart = skipWhiteSpace(text, at + 1, end);
      const nameEnd = paramNameEnd(text, nameStart, end);
      if (nameEnd === nameStart) return undefined;
      at = skipWhiteSpace(text, nameEnd, end);
      let value: string | undefined;
      if (at < end && text.charCodeAt(at) === EQUAL) {
        const valueStart = skipWhiteSpace(text, at + 1, end);
        const valueEnd =
          text.charCodeAt(valueStart) === QUOTE
            ? quotedStringEnd(text, valueStart, end)
            : paramValueEnd(text, valueStart, end);
        if (valueEnd <= valueStart) return undefined;
        value = text.slice(valueStart, valueEnd);
        at = skipWhiteSpace(text, valueEnd, end);
      }
      const name = text.slice(nameStart, nameEnd);
      const key = name.toLowerCase();
      const earlier = params.find((param) => param.key === key);
      if (earlier === undefined) params.push({ name, key, value });
      else if (earlier.value !== undefined || value !== undefined) return undefined;
    }
    return new Params(params, start === 0 ? text : text.slice(start));
  }

  /** From name and value pairs; `undefined` or `''` as value makes a flag. */
  static of(entries: Iterable<readonly [string, string | undefined]>): Params {
    let params = Params.EMPTY;
    for (const [name, value] of entries) params = params.set(name, value);
    return params;
  }

  /** The value as written; `''` for a parameter without one; undefined when absent. */
  get(name: string): string | undefined {
    const param = this.#find(name);
    return param === undefined ? undefined : (param.value ?? '');
  }

  /** As `get`, without quotes and escapes. */
  getUnquoted(name: string): string | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : unquote(value);
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  get size(): number {
    return this.#params.length;
  }

  /** Replaces in place or appends; `undefined` or `''` as value makes a flag. The value is written as given: quote it before if needed. */
  set(name: string, value?: string): Params {
    const key = name.toLowerCase();
    const param: Param = { name, key, value: value === '' ? undefined : value };
    const params = this.#params.slice();
    for (let i = 0; i < params.length; i++) {
      if (params[i]?.key !== key) continue;
      params[i] = param;
      return new Params(params, undefined);
    }
    params.push(param);
    return new Params(params, this.#text === undefined ? undefined : this.#text + textOf(param));
  }

  delete(name: string): Params {
    const key = name.toLowerCase();
    if (this.#find(name) === undefined) return this;
    return new Params(
      this.#params.filter((param) => param.key !== key),
      undefined,
    );
  }

  /** Name in lower case and value (undefined for a flag), in order. */
  *entries(): IterableIterator<readonly [string, string | undefined]> {
    for (const param of this.#params) yield [param.key, param.value];
  }

  /** `;name=value;flag`, or `''` without parameters. */
  toString(): string {
    if (this.#text === undefined) {
      let text = '';
      for (const param of this.#params) text += textOf(param);
      this.#text = text;
    }
    return this.#text;
  }

  #find(name: string): Param | undefined {
    for (const param of this.#params) if (param.key === name) return param;
    const key = name.toLowerCase();
    return key === name ? undefined : this.#params.find((param) => param.key === key);
  }
}

function textOf({ name, value }: Param): string {
  return value === undefined ? `;${name}` : `;${name}=${value}`;
}

/** Header parameters have token names; those of URIs may hold a few more chars (`[ ] / : & $`), never `=`. */
function paramNameEnd(text: string, start: number, end: number): number {
  const asToken = tokenEnd(text, start, end);
  const code = text.charCodeAt(asToken);
  if (asToken === end || code === SEMICOLON || code === EQUAL || skipWhiteSpace(text, asToken, end) > asToken)
    return asToken;
  const equals = text.indexOf('=', asToken);
  return paramValueEnd(text, asToken, equals < 0 ? end : equals);
}
