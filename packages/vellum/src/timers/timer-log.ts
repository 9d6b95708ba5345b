import type { Unavailable, Unknown } from '../ports/outcomes.ts';
import type { TimerEntry } from './timer-entry.ts';

/** The durable side of the timers: an append log that is read at the start and never else. */
export interface TimerLog {
  /** Rows that are there, dead ones too. */
  readonly rowCount: number;
  /** Every entry, oldest first. Once, before the first `submit`. */
  replay(visit: (row: number, entry: TimerEntry) => void): void;
  /**
   * Runs `step` and resolves to what it returned when everything it appended is on the disk. Steps run in the order they were
   * submitted, many in one commit; after a failed commit what they gave to `onRollback` runs in reverse.
   */
  submit<T>(step: (batch: TimerLogBatch) => T): Promise<T | Unavailable | Unknown>;
  /** Commits what was submitted, then refuses. */
  close(): void;
}

export interface TimerLogBatch {
  /** A row number above every other there ever was in this log. */
  nextRow(): number;
  append(row: number, entry: TimerEntry): void;
  /** The first rows, oldest first. */
  oldest(limit: number): readonly { readonly row: number; readonly entry: TimerEntry }[];
  /** Forgets every row up to this one. */
  dropThrough(row: number): void;
  onRollback(undo: () => void): void;
}
