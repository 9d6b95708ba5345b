import { assert, type Clock, type Counter, type Log, type Metrics, type Timer } from '@clearwater/platform';
import type { Unavailable, Unknown } from '../ports/outcomes.ts';
import type { RecordVersion } from '../ports/records.ts';
import {
  type PopHandler,
  type PopOutcome,
  type StoreOutcome,
  TIMER_ID_BYTES_MAX,
  TIMER_OPAQUE_BYTES_MAX,
  type TimerSpec,
  type Timers,
} from '../ports/timers.ts';
import { TimerEngine } from './timer-engine.ts';
import type { ArmedTimer, TimerEntry } from './timer-entry.ts';
import type { TimerLog, TimerLogBatch } from './timer-log.ts';

/** Callbacks under way at a time, and how many more are started every 10 ms: a restart with 100,000 overdue timers is no flood. */
const POPS_IN_FLIGHT_MAX = 128;
const POPS_PER_WAKE_MAX = 64;
const WAKE_INTERVAL_MS = 10;
/** Due times are wall-clock times: look at least this often, lest a step of that clock is noticed late. */
const SLEEP_MAX_MS = 1000;
const HANDLER_DEADLINE_MS = 5000;
/** The log is rewritten, in slices, when more rows are dead than alive; below this many it is not worth it. */
const DEAD_ROWS_MIN = 1000;
const REWRITE_SLICE_ROWS = 1000;

export interface ChronosOptions {
  readonly timerLog: TimerLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Chronos with one replica: engine, log and the driver that starts the callbacks. What `set` and `cancel` acknowledge is on the
 * disk; what was armed before a restart is armed after it, and pops at once if it is overdue.
 */
export class ChronosTimers implements Timers {
  readonly #engine: TimerEngine = new TimerEngine();
  readonly #timerLog: TimerLog;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pops: Counter;
  readonly #handlers: Map<string, PopHandler> = new Map();
  #isRunning = false;
  #isRewriting = false;
  #popsInFlight = 0;
  #wake: { readonly atMs: number; readonly timer: Timer } | undefined;
  #onIdle: (() => void) | undefined;

  constructor({ timerLog, clock, log, metrics }: ChronosOptions) {
    this.#timerLog = timerLog;
    this.#clock = clock;
    this.#log = log;
    this.#pops = metrics.counter({
      name: 'vellum_timer_pops_total',
      help: 'Timer callbacks by how they ended: done, again or failed (tried again later).',
      labelNames: ['outcome'],
    });
    timerLog.replay((row, entry) => void this.#engine.apply(entry, row));
  }

  /** Timers and tombstones in memory. */
  get size(): number {
    return this.#engine.size;
  }

  /** What the timers count as, by tag (registrations, bindings, …). */
  tagCounts(): ReadonlyMap<string, number> {
    return this.#engine.tagCounts();
  }

  set(timer: TimerSpec): Promise<StoreOutcome> {
    const isTooLarge =
      Buffer.byteLength(timer.id) > TIMER_ID_BYTES_MAX ||
      Buffer.byteLength(timer.opaque) > TIMER_OPAQUE_BYTES_MAX;
    if (isTooLarge) return Promise.resolve({ tag: 'unavailable', reason: 'too-large' });
    assert(Number.isFinite(timer.dueAtMs), 'a due is a time');
    return this.#submit((batch) => {
      const row = batch.nextRow();
      const entry = this.#engine.decideSet(timer, row);
      return entry === undefined ? { tag: 'superseded' } : this.#append(batch, row, entry);
    });
  }

  cancel(id: string, order: RecordVersion): Promise<StoreOutcome> {
    if (Buffer.byteLength(id) > TIMER_ID_BYTES_MAX)
      return Promise.resolve({ tag: 'unavailable', reason: 'too-large' });
    return this.#submit((batch) => {
      const entry = this.#engine.decideCancel(id, order, this.#clock.now());
      if (entry === undefined) return { tag: 'superseded' };
      return entry === 'already' ? { tag: 'stored' } : this.#append(batch, batch.nextRow(), entry);
    });
  }

  onPop(kind: string, handler: PopHandler): void {
    assert(!this.#handlers.has(kind), 'a kind of timer has one handler');
    this.#handlers.set(kind, handler);
  }

  /** From now on callbacks are started. */
  start(): void {
    this.#isRunning = true;
    this.#schedule();
  }

  /** Starts no more callbacks, and waits for none. */
  stop(): void {
    this.#isRunning = false;
    this.#wake?.timer.cancel();
    this.#wake = undefined;
  }

  /** Starts no more callbacks; resolves when those under way ended or `deadlineMs` (monotonic) has passed. */
  async drain(deadlineMs: number): Promise<void> {
    this.stop();
    if (this.#popsInFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.startTimer(Math.max(0, deadlineMs - this.#clock.monotonic()), resolve);
      this.#onIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async #submit(step: (batch: TimerLogBatch) => StoreOutcome): Promise<StoreOutcome> {
    const outcome = await this.#timerLog.submit(step);
    this.#schedule();
    this.#rewriteIfWorthIt();
    return outcome;
  }

  #append(batch: TimerLogBatch, row: number, entry: TimerEntry): StoreOutcome {
    batch.append(row, entry);
    batch.onRollback(this.#engine.apply(entry, row));
    return { tag: 'stored' };
  }

  #schedule(delayMinMs = 0): void {
    const nextMs = this.#engine.nextWakeAtMs;
    if (!this.#isRunning || nextMs === undefined || this.#popsInFlight >= POPS_IN_FLIGHT_MAX) return;
    const nowMs = this.#clock.monotonic();
    const delayMs = Math.max(delayMinMs, Math.min(SLEEP_MAX_MS, Math.max(0, nextMs - this.#clock.now())));
    const atMs = nowMs + delayMs;
    if (this.#wake !== undefined && this.#wake.atMs <= atMs) return;
    this.#wake?.timer.cancel();
    this.#wake = { atMs, timer: this.#clock.startTimer(delayMs, () => this.#onWake()) };
  }

  #onWake(): void {
    this.#wake = undefined;
    if (!this.#isRunning) return;
    const room = Math.min(POPS_PER_WAKE_MAX, POPS_IN_FLIGHT_MAX - this.#popsInFlight);
    for (const timer of this.#engine.takeDue(this.#clock.now(), room)) void this.#pop(timer);
    this.#schedule(WAKE_INTERVAL_MS);
  }

  /** One attempt; never rejects. The timer is settled or armed for a retry afterwards. */
  async #pop(timer: ArmedTimer): Promise<void> {
    this.#popsInFlight += 1;
    const outcome = await this.#call(timer);
    const settled = outcome.tag === 'unavailable' ? outcome : await this.#settle(timer, outcome);
    this.#popsInFlight -= 1;
    if (settled.tag === 'stored' || settled.tag === 'superseded') {
      this.#pops.labels(outcome.tag).add();
    } else {
      this.#pops.labels('failed').add();
      this.#log.warn('timer.pop-failed', { kind: timer.kind, reason: settled.reason });
      this.#engine.retry(timer, this.#clock.now());
    }
    if (this.#popsInFlight === 0) this.#onIdle?.();
    this.#schedule();
  }

  #call({ id, sequence, opaque, dueAtMs, kind }: ArmedTimer): Promise<PopOutcome> {
    const handler = this.#handlers.get(kind);
    if (handler === undefined) return Promise.resolve({ tag: 'unavailable', reason: 'no-handler' });
    return new Promise((resolve) => {
      const deadline = this.#clock.startTimer(HANDLER_DEADLINE_MS, () =>
        resolve({ tag: 'unavailable', reason: 'no-answer' }),
      );
      const end = (outcome: PopOutcome): void => {
        deadline.cancel();
        resolve(outcome);
      };
      const failed = (): void => end({ tag: 'unavailable', reason: 'handler-failed' });
      try {
        handler({ id, sequence, opaque, dueAtMs }).then(end, failed);
      } catch {
        failed();
      }
    });
  }

  #settle(timer: ArmedTimer, outcome: Exclude<PopOutcome, Unavailable>): Promise<StoreOutcome> {
    return this.#submit((batch) => {
      const row = batch.nextRow();
      const entry =
        outcome.tag === 'done'
          ? this.#engine.decideDone(timer)
          : this.#engine.decideAgain(timer, outcome.dueAtMs, outcome.order, row);
      return entry === undefined ? { tag: 'superseded' } : this.#append(batch, row, entry);
    });
  }

  #rewriteIfWorthIt(): void {
    const isWorthIt = (): boolean => this.#timerLog.rowCount - 2 * this.#engine.size > DEAD_ROWS_MIN;
    if (this.#isRewriting || !isWorthIt()) return;
    this.#isRewriting = true;
    const rewrite = async (): Promise<void> => {
      let outcome: { readonly tag: 'rewritten' } | Unavailable | Unknown = { tag: 'rewritten' };
      while (outcome.tag === 'rewritten' && isWorthIt()) {
        outcome = await this.#timerLog.submit((batch) => this.#rewriteSlice(batch));
      }
      this.#isRewriting = false;
    };
    void rewrite();
  }

  /** Takes the oldest rows away, those that are still alive to the end of the log. A crash sees all of it or nothing. */
  #rewriteSlice(batch: TimerLogBatch): { readonly tag: 'rewritten' } {
    const rows = batch.oldest(REWRITE_SLICE_ROWS);
    const last = rows.at(-1);
    if (last === undefined) return { tag: 'rewritten' };
    for (const { row, entry } of rows) {
      if (!this.#engine.isLiveRow(entry.id, row)) continue;
      const newRow = batch.nextRow();
      batch.append(newRow, entry);
      batch.onRollback(this.#engine.moveRow(entry.id, newRow));
    }
    batch.dropThrough(last.row);
    return { tag: 'rewritten' };
  }
}
