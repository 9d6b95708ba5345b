import type { Unavailable, Unknown } from './outcomes.ts';
import type { RecordVersion } from './records.ts';

/** Bounds; beyond them `set` answers `unavailable` with `too-large`. */
export const TIMER_ID_BYTES_MAX = 1024;
export const TIMER_OPAQUE_BYTES_MAX: number = 16 * 1024;

/**
 * Durable timers (Chronos). The callback comes at least once; the receiver makes its effect happen once, by compare-and-set on its
 * own record with (id, sequence). Keep "armed due ≤ next expiry of the record": create or shorten = timer first, then record;
 * extend = record first, then timer. No method rejects.
 */
export interface Timers {
  /** Creates or replaces the timer of this id, unless what is known of it has a higher `order` (a tie: the earlier due stays). */
  set(timer: TimerSpec): Promise<StoreOutcome>;
  /**
   * Once this answered `stored`, no callback of this timer is started. Cancelling what is not known succeeds. On a tie of `order`
   * the cancel wins.
   */
  cancel(id: string, order: RecordVersion): Promise<StoreOutcome>;
  /**
   * Who is called when a timer of this kind is due; one handler a kind. A rejection, `unavailable` or no answer within 5 s is tried
   * again after 0.5 s, doubling up to 30 s, until it answers `done` or `again`.
   */
  onPop(kind: string, handler: PopHandler): void;
}

export interface TimerSpec {
  readonly id: string;
  /** Epoch milliseconds; one in the past pops at once. */
  readonly dueAtMs: number;
  /** Which handler is called: `registration`, `subscription`, … */
  readonly kind: string;
  /** Handed back at the pop; at most 16 KiB. */
  readonly opaque: string;
  /** Version of the record the timer belongs to; set before the record is written: `nextVersion(read.order)`. */
  readonly order: RecordVersion;
  /** What the timer counts as in the statistics, e.g. `{ REG: 1, BIND: 2 }`. */
  readonly tags?: Readonly<Record<string, number>>;
}

export interface Pop {
  readonly id: string;
  /** Number of this pop within the life of the id; a retry of one pop has the same. */
  readonly sequence: number;
  readonly opaque: string;
  readonly dueAtMs: number;
}

export type PopHandler = (pop: Pop) => Promise<PopOutcome>;

export type PopOutcome =
  | { readonly tag: 'done' }
  /** Too early: the record lives longer. Armed anew, with the next sequence number; a newer `set` that came meanwhile stays. */
  | { readonly tag: 'again'; readonly dueAtMs: number; readonly order: RecordVersion }
  | Unavailable;

export type StoreOutcome =
  | { readonly tag: 'stored' }
  /** Nothing to do: something with a higher order (or an equal one and an earlier due) is already there. */
  | { readonly tag: 'superseded' }
  | Unavailable
  | Unknown;
