/** A bounded map that remembers at least the `sizeMax` entries used last and at most twice as many: two generations, so that a hit moves nothing. */
export class RecentMap<V> {
  readonly #sizeMax: number;
  #young = new Map<string, V>();
  #old: ReadonlyMap<string, V> = new Map();

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#sizeMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Entries remembered. One that was used again after a generation is counted twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
