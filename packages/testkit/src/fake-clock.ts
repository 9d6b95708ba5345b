import { setImmediate as nextTurn } from 'node:timers/promises';
import { assert, type Clock, type Timer } from '@clearwater/platform';

/** 1 January 2026, 00:00 UTC. */
const EPOCH_MS = 1_767_225_600_000;

export interface PendingTimer {
  /** Monotonic milliseconds at which it fires. */
  readonly dueMs: number;
  /** Where it was started; only with `traceTimers`. */
  readonly startedAt: string | undefined;
}

/** Time that moves only when told to. Timers fire in the order of (deadline, start). */
export class FakeClock implements Clock {
  readonly #traceTimers: boolean;
  readonly #heap = new TimerHeap();
  #monotonicMs = 0;
  #epochMs = EPOCH_MS;
  #sequence = 0;
  #runningCount = 0;
  #isAdvancing: boolean = false;

  /** `traceTimers` notes where each timer was started, for the leak checker; dear. */
  constructor(options: { readonly traceTimers?: boolean } = {}) {
    this.#traceTimers = options.traceTimers ?? false;
  }

  now(): number {
    return this.#epochMs + this.#monotonicMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  startTimer(delayMs: number, callback: () => void): Timer {
    assert(delayMs >= 0 && Number.isFinite(delayMs), 'a delay is ≥ 0 and finite');
    this.#sequence += 1;
    this.#runningCount += 1;
    const startedAt = this.#traceTimers ? callerOf(new Error().stack ?? '') : undefined;
    const timer = new FakeTimer(this.#monotonicMs + delayMs, this.#sequence, startedAt, callback, () => {
      this.#runningCount -= 1;
    });
    this.#heap.push(timer);
    return timer;
  }

  /** Timers that neither fired nor were cancelled, the next one first. */
  get pendingTimers(): readonly PendingTimer[] {
    return this.#heap.running();
  }

  get pendingTimerCount(): number {
    return this.#runningCount;
  }

  /** Steps the wall clock alone (NTP, an operator); `deltaMs` may be negative. */
  stepWallClock(deltaMs: number): void {
    this.#epochMs += deltaMs;
  }

  /**
   * Moves time on by `durationMs`, firing what falls due. Timers of one deadline fire in one turn, as on the real wheel; after
   * each deadline a turn of the event loop passes, so that promises settle and may start timers that still fall into `durationMs`.
   */
  async advance(durationMs: number): Promise<void> {
    assert(!this.#isAdvancing, 'one advance at a time');
    this.#isAdvancing = true;
    try {
      const endMs = this.#monotonicMs + durationMs;
      await nextTurn();
      for (
        let next = this.#heap.first();
        next !== undefined && next.dueMs <= endMs;
        next = this.#heap.first()
      ) {
        this.#monotonicMs = next.dueMs;
        this.#fireDue(next.dueMs, this.#sequence);
        await nextTurn();
      }
      this.#monotonicMs = endMs;
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** Advances deadline by deadline until no timer runs, at most `limitMs`; resolves to the time that took. */
  async advanceUntilIdle(limitMs: number): Promise<number> {
    const startMs = this.#monotonicMs;
    await this.settle();
    for (let next = this.#heap.first(); next !== undefined; next = this.#heap.first()) {
      if (next.dueMs > startMs + limitMs) break;
      await this.advance(next.dueMs - this.#monotonicMs);
    }
    return this.#monotonicMs - startMs;
  }

  /** Lets promises settle while time stands still; timers due now do not fire. */
  async settle(): Promise<void> {
    await nextTurn();
  }

  #fireDue(dueMs: number, lastSequence: number): void {
    for (let timer = this.#heap.first(); timer !== undefined; timer = this.#heap.first()) {
      // What was started by a timer of this turn waits for the next one.
      if (timer.dueMs > dueMs || timer.sequence > lastSequence) return;
      this.#heap.pop();
      timer.fire();
    }
  }
}

class FakeTimer implements Timer {
  readonly dueMs: number;
  readonly sequence: number;
  readonly startedAt: string | undefined;
  readonly #onDone: () => void;
  #callback: (() => void) | undefined;

  constructor(
    dueMs: number,
    sequence: number,
    startedAt: string | undefined,
    callback: () => void,
    onDone: () => void,
  ) {
    this.dueMs = dueMs;
    this.sequence = sequence;
    this.startedAt = startedAt;
    this.#callback = callback;
    this.#onDone = onDone;
  }

  get isRunning(): boolean {
    return this.#callback !== undefined;
  }

  cancel(): void {
    if (this.#callback === undefined) return;
    this.#callback = undefined;
    this.#onDone();
  }

  fire(): void {
    const callback = this.#callback;
    this.cancel();
    callback?.();
  }

  isBefore(other: FakeTimer): boolean {
    return this.dueMs < other.dueMs || (this.dueMs === other.dueMs && this.sequence < other.sequence);
  }
}

/** A binary heap; cancelled timers stay until they come to the top. */
class TimerHeap {
  readonly #timers: FakeTimer[] = [];

  push(timer: FakeTimer): void {
    const timers = this.#timers;
    let index = timers.push(timer) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = timers[parentIndex];
      if (parent === undefined || !timer.isBefore(parent)) break;
      timers[index] = parent;
      index = parentIndex;
    }
    timers[index] = timer;
  }

  /** The running timer that fires next. */
  first(): FakeTimer | undefined {
    while (this.#timers[0]?.isRunning === false) this.pop();
    return this.#timers[0];
  }

  pop(): void {
    const timers = this.#timers;
    const last = timers.pop();
    if (last === undefined || timers.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const childIndex: number = left + (timers[left + 1]?.isBefore(timers[left] ?? last) === true ? 1 : 0);
      const child: FakeTimer | undefined = timers[childIndex];
      if (child === undefined || !child.isBefore(last)) break;
      timers[index] = child;
      index = childIndex;
    }
    timers[index] = last;
  }

  running(): readonly FakeTimer[] {
    return this.#timers.filter((timer) => timer.isRunning).sort((a, b) => (a.isBefore(b) ? -1 : 1));
  }
}

/** The first frame outside this file. */
function callerOf(stack: string): string {
  const frames = stack.split('\n').slice(1);
  return (frames.find((frame) => !frame.includes('fake-clock')) ?? '').trim();
}
