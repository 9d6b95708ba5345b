import type { DatabaseSync } from 'node:sqlite';
import type { Unavailable, Unknown } from '../ports/outcomes.ts';
import { sqliteReason } from './database.ts';

/**
 * One change of the database, made inside a transaction that it shares with others. `apply` runs synchronously and may run again
 * (after a rollback, alone), so it touches nothing but the database, or else says in `undo` how to take that back.
 */
export interface Change<T> {
  apply(): T;
  /** After a rollback of an `apply` that returned, in reverse order of the batch. */
  undo?(): void;
  /** After the commit, before the answer. */
  committed?(outcome: T): void;
}

export interface GroupCommitOptions {
  /** Changes waiting; beyond it `submit` answers `unavailable` with `queue-full`. */
  readonly queueLengthMax: number;
  /** Changes in one transaction: bounds how long the event loop stands still. */
  readonly batchLengthMax: number;
  /** Runs the callback later, when the changes of this turn are in. */
  readonly schedule: (flush: () => void) => void;
  readonly onCommit?: (changeCount: number) => void;
  readonly onFailure?: (reason: string) => void;
}

export const GROUP_COMMIT_DEFAULTS = { queueLengthMax: 20_000, batchLengthMax: 512 } as const;

/**
 * Puts all changes of one turn of the event loop into one transaction and answers each after COMMIT, that is, after one fsync for
 * all of them. A batch is applied and committed without giving up the thread, so no reader ever sees what is not yet durable.
 */
export class GroupCommit {
  readonly #database: Pick<DatabaseSync, 'exec'>;
  readonly #options: GroupCommitOptions;
  #queue: Job[] = [];
  #isScheduled = false;
  #refusal: string | undefined;
  #isDiskFull = false;

  constructor(database: Pick<DatabaseSync, 'exec'>, options: GroupCommitOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Why no change is accepted any more, if so. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Why changes are not stored at present, if so: refused for good, or no room since the last try. */
  get trouble(): string | undefined {
    return this.#refusal ?? (this.#isDiskFull ? 'disk-full' : undefined);
  }

  /** Resolves after the commit to what `apply` returned; never rejects. */
  submit<T>(change: Change<T>): Promise<T | Unavailable | Unknown> {
    const reason =
      this.#refusal ?? (this.#queue.length >= this.#options.queueLengthMax ? 'queue-full' : undefined);
    if (reason !== undefined) return Promise.resolve({ tag: 'unavailable', reason });
    return new Promise((resolve) => {
      this.#queue.push({ change, resolve: resolve as Job['resolve'], outcome: undefined });
      this.#schedule();
    });
  }

  /** Commits what is queued, then refuses everything with `closed`. */
  close(): void {
    while (this.#queue.length > 0) this.#flush();
    this.#refusal ??= 'closed';
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.schedule(() => {
      this.#isScheduled = false;
      this.#flush();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const { batchLengthMax } = this.#options;
    const batch = this.#queue.length <= batchLengthMax ? this.#queue : this.#queue.slice(0, batchLengthMax);
    this.#queue = this.#queue.slice(batch.length);
    if (batch.length > 0) this.#commit(batch);
  }

  #commit(batch: readonly Job[]): void {
    if (this.#refusal !== undefined) return answerAll(batch, { tag: 'unavailable', reason: this.#refusal });
    let appliedCount = 0;
    try {
      this.#database.exec('BEGIN');
      for (const job of batch) {
        job.outcome = job.change.apply();
        appliedCount += 1;
      }
    } catch (error) {
      this.#rollback(batch.slice(0, appliedCount));
      // Found by whom? Each alone, so that one change that cannot be does not take the others with it.
      if (batch.length > 1) for (const job of batch) this.#commit([job]);
      else this.#fail(batch, { tag: 'unavailable', reason: sqliteReason(error) });
      return;
    }
    try {
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#rollback(batch);
      this.#commitFailed(batch, sqliteReason(error));
      return;
    }
    this.#isDiskFull = false;
    this.#options.onCommit?.(batch.length);
    for (const job of batch) {
      job.change.committed?.(job.outcome);
      job.resolve(job.outcome);
    }
  }

  /**
   * A full disk is met before the commit frame is written, so nothing was stored. After anything else, a failed fsync above all,
   * the frames may be on the disk or not, and a later fsync would claim success: no more writes until a restart reads the truth.
   */
  #commitFailed(batch: readonly Job[], reason: string): void {
    if (reason === 'disk-full') return this.#fail(batch, { tag: 'unavailable', reason });
    this.#refusal = reason;
    this.#fail(batch, { tag: 'unknown', reason });
  }

  #fail(batch: readonly Job[], outcome: Unavailable | Unknown): void {
    this.#isDiskFull = outcome.reason === 'disk-full';
    this.#options.onFailure?.(outcome.reason);
    answerAll(batch, outcome);
  }

  #rollback(applied: readonly Job[]): void {
    for (const job of applied.toReversed()) job.change.undo?.();
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself (full disk, I/O error): there is no transaction any more, which is what we want.
    }
  }
}

interface Job {
  readonly change: Change<unknown>;
  readonly resolve: (outcome: unknown) => void;
  outcome: unknown;
}

function answerAll(batch: readonly Job[], outcome: Unavailable | Unknown): void {
  for (const job of batch) job.resolve(outcome);
}
