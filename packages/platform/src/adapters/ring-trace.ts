import type { Clock } from '../ports/clock.ts';
import type { Trace } from '../ports/trace.ts';

export interface TraceEvent {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RingTraceOptions {
  readonly clock: Clock;
  /** Trails kept; the one begun first goes first. */
  readonly trailsMax?: number;
  /** Events kept of each trail; the oldest go first. */
  readonly eventsPerTrailMax?: number;
}

/** The last trails in memory, off until someone watches. */
export class RingTrace implements Trace {
  readonly #clock: Clock;
  readonly #trailsMax: number;
  readonly #eventsPerTrailMax: number;
  readonly #trails = new Map<string, TraceEvent[]>();
  #isOn: boolean = false;

  constructor({ clock, trailsMax = 1_000, eventsPerTrailMax = 200 }: RingTraceOptions) {
    this.#clock = clock;
    this.#trailsMax = trailsMax;
    this.#eventsPerTrailMax = eventsPerTrailMax;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Turning it off forgets what was kept. */
  watch(isOn: boolean): void {
    this.#isOn = isOn;
    if (!isOn) this.#trails.clear();
  }

  event(trail: string, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (!this.#isOn) return;
    const events = this.#trails.get(trail) ?? this.#begin(trail);
    if (events.length >= this.#eventsPerTrailMax) events.shift();
    events.push({ atMs: this.#clock.now(), event, fields });
  }

  /** Trails kept, in the order they began. */
  trails(): readonly string[] {
    return [...this.#trails.keys()];
  }

  /** The events of one trail in order; none when it is unknown. */
  read(trail: string): readonly TraceEvent[] {
    return [...(this.#trails.get(trail) ?? [])];
  }

  #begin(trail: string): TraceEvent[] {
    if (this.#trails.size >= this.#trailsMax) {
      const [first] = this.#trails.keys();
      if (first !== undefined) this.#trails.delete(first);
    }
    const events: TraceEvent[] = [];
    this.#trails.set(trail, events);
    return events;
  }
}
