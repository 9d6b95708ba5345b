/** A map that remembers the `sizeMax` entries used last. What it forgets has to be had from elsewhere: the bound of every cache. */
export class RecentMap<V> {
  readonly #sizeMax: number;
  readonly #entries = new Map<string, V>(); // oldest use first

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** The value, which counts as used now. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#sizeMax) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }
}
