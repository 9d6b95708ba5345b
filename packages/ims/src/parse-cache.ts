import { hash } from 'node:crypto';
import { RecentMap } from '@clearwater/platform';

/**
 * Remembers what the most recently used texts parse to, so that a profile is parsed once per change and not once per request. The
 * text itself is not kept, only its SHA-256.
 */
export class ParseCache<T> {
  readonly #parse: (text: string) => T;
  readonly #entries: RecentMap<T>;

  constructor(parse: (text: string) => T, entriesMax: number) {
    this.#parse = parse;
    this.#entries = new RecentMap(entriesMax);
  }

  get(text: string): T {
    const digest = hash('sha256', text, 'base64');
    const known = this.#entries.get(digest);
    if (known !== undefined) return known;
    const value = this.#parse(text);
    this.#entries.set(digest, value);
    return value;
  }

  get size(): number {
    return this.#entries.size;
  }
}
