import { randomBytes, randomFillSync } from 'node:crypto';
import { assert } from '../assert.ts';
import type { Random } from '../ports/random.ts';

const POOL_BYTES = 16_384;
const TOKEN_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
/** 7 × 36: a byte at or above it would favour some characters. */
const TOKEN_BYTE_END = 252;
const TOKEN_LENGTH_MAX = 256;

/** The kernel's CSPRNG, drawn from in blocks: a call into it costs more than all that a SIP message needs. */
export class CryptoRandom implements Random {
  readonly #pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  readonly #token = Buffer.allocUnsafeSlow(TOKEN_LENGTH_MAX);
  #offset = POOL_BYTES;

  bytes(length: number): Buffer {
    assert(length >= 1 && length <= 65_536, 'random.bytes: length is 1 … 65,536');
    if (length > POOL_BYTES / 4) return randomBytes(length);
    const offset = this.#take(length);
    const bytes = Buffer.from(this.#pool.subarray(offset, offset + length));
    this.#pool.fill(0, offset, offset + length); // what was handed out is not kept
    return bytes;
  }

  integer(boundExclusive: number): number {
    assert(boundExclusive >= 1 && boundExclusive <= 2 ** 32, 'random.integer: bound is 1 … 2^32');
    const end = 2 ** 32 - (2 ** 32 % boundExclusive);
    for (;;) {
      const word = this.#pool.readUInt32LE(this.#take(4));
      if (word < end) return word % boundExclusive;
    }
  }

  token(length: number): string {
    assert(length >= 1 && length <= TOKEN_LENGTH_MAX, 'random.token: length is 1 … 256');
    for (let index = 0; index < length; ) {
      const byte = this.#pool[this.#take(1)] ?? TOKEN_BYTE_END;
      if (byte >= TOKEN_BYTE_END) continue;
      this.#token[index] = TOKEN_ALPHABET.charCodeAt(byte % TOKEN_ALPHABET.length);
      index += 1;
    }
    return this.#token.toString('latin1', 0, length);
  }

  /** The offset of `length` fresh bytes in the pool. */
  #take(length: number): number {
    if (this.#offset + length > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#offset = 0;
    }
    const offset = this.#offset;
    this.#offset += length;
    return offset;
  }
}
