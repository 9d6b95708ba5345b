import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Unavailable, Unknown } from '../ports/outcomes.ts';
import { openDatabase } from '../sqlite/database.ts';
import { GroupCommit, type GroupCommitOptions } from '../sqlite/group-commit.ts';
import { parseEntry, serializeEntry, type TimerEntry } from './timer-entry.ts';
import type { TimerLog, TimerLogBatch } from './timer-log.ts';

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE log (row INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT;
   CREATE TABLE start (epoch INTEGER NOT NULL) STRICT;
   INSERT INTO start VALUES (0);`,
];

/** Row numbers of one start; 2^21 starts fit into a safe integer. */
const ROWS_PER_EPOCH = 2 ** 32;

/**
 * The log in a SQLite table that is only appended to at its end and cut at its head, which costs a few microseconds a row, where
 * a table keyed by timer id costs ten times that. It commits in this thread: group commit makes one fsync of a turn's requests,
 * and handing rows to a worker would cost more CPU (a structured clone and two wake-ups) than appending them does. SQLite's own WAL
 * checksums cut off a torn tail.
 */
export class SqliteTimerLog implements TimerLog {
  readonly #database: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #append: StatementSync;
  readonly #oldest: StatementSync;
  readonly #drop: StatementSync;
  #rowCount: number;
  #lastRow: number;

  /** Opens or makes the file; throws as `openDatabase`. */
  constructor(path: string, options: GroupCommitOptions) {
    this.#database = openDatabase({ path, migrations: MIGRATIONS });
    this.#commits = new GroupCommit(this.#database, options);
    this.#append = this.#database.prepare('INSERT INTO log VALUES (?, ?)');
    this.#oldest = this.#database.prepare('SELECT row, entry FROM log ORDER BY row LIMIT ?');
    this.#drop = this.#database.prepare('DELETE FROM log WHERE row <= ?');
    const start = this.#database.prepare('UPDATE start SET epoch = epoch + 1 RETURNING epoch').get() as {
      epoch: number;
    };
    this.#lastRow = start.epoch * ROWS_PER_EPOCH;
    const counted = this.#database.prepare('SELECT count(*) AS rowCount FROM log').get() as {
      rowCount: number;
    };
    this.#rowCount = counted.rowCount;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Why nothing is accepted any more, if so. */
  get refusal(): string | undefined {
    return this.#commits.refusal;
  }

  replay(visit: (row: number, entry: TimerEntry) => void): void {
    const rows = this.#database.prepare('SELECT row, entry FROM log ORDER BY row').iterate();
    for (const { row, entry } of rows as unknown as Iterable<LogRow>) visit(row, parseEntry(entry));
  }

  submit<T>(step: (batch: TimerLogBatch) => T): Promise<T | Unavailable | Unknown> {
    const undos: (() => void)[] = [];
    const undo = (): void => {
      for (const each of undos.splice(0).toReversed()) each();
    };
    const batch = this.#batch(undos);
    const apply = (): T => {
      try {
        return step(batch);
      } catch (error) {
        undo(); // the change did not come to be, so nobody else takes it back
        throw error;
      }
    };
    return this.#commits.submit({ apply, undo });
  }

  close(): void {
    this.#commits.close();
    this.#database.close();
  }

  #batch(undos: (() => void)[]): TimerLogBatch {
    const count = (change: number): void => {
      this.#rowCount += change;
      undos.push(() => {
        this.#rowCount -= change;
      });
    };
    return {
      nextRow: () => {
        this.#lastRow += 1;
        return this.#lastRow;
      },
      append: (row, entry) => {
        this.#append.run(row, serializeEntry(entry));
        count(1);
      },
      oldest: (limit) =>
        (this.#oldest.all(limit) as unknown as readonly LogRow[]).map(({ row, entry }) => ({
          row,
          entry: parseEntry(entry),
        })),
      dropThrough: (row) => count(-Number(this.#drop.run(row).changes)),
      onRollback: (undo) => void undos.push(undo),
    };
  }
}

interface LogRow {
  readonly row: number;
  readonly entry: string;
}
