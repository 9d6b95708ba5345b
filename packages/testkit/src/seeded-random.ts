import { assert, type Random } from '@clearwater/platform';

const TOKEN_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Reproducible randomness: the same seed yields the same sequence. (sfc32 by C. Doty-Humphrey, public domain.) */
export class SeededRandom implements Random {
  readonly seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.seed = seed;
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let round = 0; round < 15; round += 1) this.#word();
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let index = 0; index < length; index += 1) bytes[index] = this.#word() >>> 24;
    return bytes;
  }

  integer(boundExclusive: number): number {
    assert(boundExclusive >= 1 && boundExclusive <= 2 ** 32, 'random.integer: bound is 1 … 2^32');
    return Math.floor(this.#unit() * boundExclusive);
  }

  token(length: number): string {
    let token = '';
    while (token.length < length) token += TOKEN_ALPHABET[this.integer(TOKEN_ALPHABET.length)];
    return token;
  }

  /** True with `probability` 0 … 1; 0 and 1 draw nothing, so that turning a knob off keeps the rest of the sequence. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return probability >= 1 || this.#unit() < probability;
  }

  /** A real number, `from` ≤ x < `to`. */
  between(from: number, to: number): number {
    return from + (to - from) * this.#unit();
  }

  /** A real number ≥ 0, exponentially distributed. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.#unit());
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'pick needs an item');
    return items[this.integer(items.length)] as T;
  }

  /** An independent sequence for another user, so that what one draws does not shift the other. */
  fork(): SeededRandom {
    return new SeededRandom((this.#word() >>> 0) + (this.#word() & 0xf_ffff) * 2 ** 32);
  }

  #unit(): number {
    return (this.#word() >>> 0) / 2 ** 32;
  }

  #word(): number {
    const word = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + word) | 0;
    return word;
  }
}
