import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Clock, Random } from '@clearwater/platform';
import type { TableRemoval, TableUpdate, Unavailable, Unknown } from '../ports/outcomes.ts';
import { sqliteReason } from '../sqlite/database.ts';
import type { GroupCommit } from '../sqlite/group-commit.ts';

/** What the tables of the embedded store share: one database, one queue of changes, prepared statements. */
export class EmbeddedStore {
  readonly database: DatabaseSync;
  readonly commits: GroupCommit;
  readonly clock: Clock;
  readonly random: Random;

  constructor(parts: Pick<EmbeddedStore, 'database' | 'commits' | 'clock' | 'random'>) {
    this.database = parts.database;
    this.commits = parts.commits;
    this.clock = parts.clock;
    this.random = parts.random;
  }

  query<Row>(sql: string): Query<Row> {
    return new Query<Row>(this.database.prepare(sql));
  }

  /** Reads what is committed. Asynchronous in its signature alone: SQLite answers from memory in a few microseconds. */
  async read<T>(query: () => T): Promise<T | Unavailable> {
    try {
      return query();
    } catch (error) {
      return { tag: 'unavailable', reason: sqliteReason(error) };
    }
  }

  write<T>(apply: () => T): Promise<T | Unavailable | Unknown> {
    return this.commits.submit({ apply });
  }
}

/** A prepared statement with the type of its rows. */
export class Query<Row> {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  one(...values: SQLInputValue[]): Row | undefined {
    return this.#statement.get(...values) as Row | undefined;
  }

  all(...values: SQLInputValue[]): readonly Row[] {
    return this.#statement.all(...values) as unknown as readonly Row[];
  }

  /** How many rows changed, those of cascades not counted. */
  run(...values: SQLInputValue[]): number {
    return Number(this.#statement.run(...values).changes);
  }
}

export const STORED = { tag: 'stored' } as const;
export const ABSENCE = { tag: 'absent' } as const;
const REMOVED = { tag: 'removed' } as const;

export function updated(changeCount: number): TableUpdate {
  return changeCount > 0 ? STORED : ABSENCE;
}

export function removed(changeCount: number): TableRemoval {
  return changeCount > 0 ? REMOVED : ABSENCE;
}

export function found<T>(value: T): { readonly tag: 'found'; readonly value: T } {
  return { tag: 'found', value };
}

export function foundOrAbsent<T>(
  value: T | undefined,
): { readonly tag: 'found'; readonly value: T } | typeof ABSENCE {
  return value === undefined ? ABSENCE : found(value);
}
