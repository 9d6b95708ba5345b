import type { SeededRandom } from './seeded-random.ts';

/** How one direction between two hosts behaves. Probabilities are 0 … 1. */
export interface LinkKnobs {
  /** Least one-way delay. */
  readonly delayMinMs: number;
  /** Mean one-way delay; what exceeds the minimum is exponentially distributed. */
  readonly delayMeanMs: number;
  /** A datagram vanishes; a stream segment takes a retransmission longer. */
  readonly loss: number;
  /** A datagram arrives twice. */
  readonly duplication: number;
  /** A datagram is held back, so that later ones overtake it. */
  readonly reordering: number;
  /** Bytes written to a stream arrive cut and joined elsewhere than they were written. */
  readonly segmentation: number;
}

const PERFECT: LinkKnobs = {
  delayMinMs: 0,
  delayMeanMs: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  segmentation: 0,
};

/** The knobs and cuts of all links, by sending and receiving host. */
export class SimLinks {
  readonly #random: SeededRandom;
  readonly #knobs = new Map<string, LinkKnobs>();
  readonly #cuts = new Set<string>();
  #defaults: LinkKnobs = PERFECT;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  setDefaults(knobs: Partial<LinkKnobs>): void {
    this.#defaults = { ...this.#defaults, ...knobs };
  }

  set(from: string, to: string, knobs: Partial<LinkKnobs>): void {
    this.#knobs.set(keyOf(from, to), { ...this.of(from, to), ...knobs });
  }

  of(from: string, to: string): LinkKnobs {
    return this.#knobs.get(keyOf(from, to)) ?? this.#defaults;
  }

  cut(from: string, to: string): void {
    this.#cuts.add(keyOf(from, to));
  }

  heal(from: string, to: string): void {
    this.#cuts.delete(keyOf(from, to));
  }

  healAll(): void {
    this.#cuts.clear();
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(keyOf(from, to));
  }

  /** One one-way delay, in milliseconds. */
  delayMs(from: string, to: string): number {
    const { delayMinMs, delayMeanMs } = this.of(from, to);
    const spreadMs = delayMeanMs - delayMinMs;
    return spreadMs > 0 ? delayMinMs + this.#random.exponential(spreadMs) : delayMinMs;
  }
}

function keyOf(from: string, to: string): string {
  return `${from}>${to}`;
}
