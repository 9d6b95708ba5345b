/** What the heap orders. It writes `heapIndex`; −1 = not in the heap. */
export interface Wakeable {
  wakeAtMs: number;
  heapIndex: number;
}

/** Binary heap by `wakeAtMs` whose members know their place, so that moving or removing one costs log n and leaves no garbage. */
export class WakeHeap<T extends Wakeable> {
  readonly #items: T[] = [];

  get first(): T | undefined {
    return this.#items[0];
  }

  /** Adds the item, or moves it after its `wakeAtMs` changed. */
  put(item: T): void {
    if (item.heapIndex < 0) {
      item.heapIndex = this.#items.length;
      this.#items.push(item);
    }
    this.#rise(item);
    this.#sink(item);
  }

  /** Harmless when the item is not in the heap. */
  remove(item: T): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#place(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(item: T): void {
    for (let index = item.heapIndex; index > 0; index = item.heapIndex) {
      const parent = this.#items[(index - 1) >> 1];
      if (parent === undefined || parent.wakeAtMs <= item.wakeAtMs) return;
      this.#swap(item, parent);
    }
  }

  #sink(item: T): void {
    for (;;) {
      const left = this.#items[2 * item.heapIndex + 1];
      const right = this.#items[2 * item.heapIndex + 2];
      const child =
        right !== undefined && left !== undefined && right.wakeAtMs < left.wakeAtMs ? right : left;
      if (child === undefined || child.wakeAtMs >= item.wakeAtMs) return;
      this.#swap(item, child);
    }
  }

  #swap(a: T, b: T): void {
    const indexOfA = a.heapIndex;
    this.#place(a, b.heapIndex);
    this.#place(b, indexOfA);
  }

  #place(item: T, index: number): void {
    item.heapIndex = index;
    this.#items[index] = item;
  }
}
