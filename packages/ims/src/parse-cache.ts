import { hash } from 'node:crypto';

/**
 * Remembers what the most recently used texts parse to, so that a profile is parsed once per change and not once per request. The
 * text itself is not kept, only its SHA-256.
 */
export class ParseCache<T> {
  readonly #parse: (text: string) => T;
  readonly #entriesMax: number;
  readonly #entries = new Map<string, T>(); // in the order of last use

  constructor(parse: (text: string) => T, entriesMax: number) {
    this.#parse = parse;
    this.#entriesMax = entriesMax;
  }

  get(text: string): T {
    const digest = hash('sha256', text, 'base64');
    const known = this.#entries.get(digest);
    const value = known ?? this.#parse(text);
    if (known !== undefined) this.#entries.delete(digest);
    this.#entries.set(digest, value);
    if (this.#entries.size > this.#entriesMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return value;
  }

  get size(): number {
    return this.#entries.size;
  }
}
