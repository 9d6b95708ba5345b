import { assert } from '@clearwater/platform';
import {
  ABSENT,
  createVersion,
  RECORD_KEY_BYTES_MAX,
  RECORD_VALUE_BYTES_MAX,
  type RecordOptions,
  type RecordRead,
  type Records,
  type RecordTable,
  type RecordTableDefinition,
  type RecordVersion,
  type RecordWrite,
} from '../ports/records.ts';
import type { EmbeddedStore, Query } from './embedded-store.ts';

const SWEEP_ROW_COUNT = 500;

/**
 * Records in one SQLite table. A version is (number of this start, counter): the epoch rises durably at each start and the counter
 * is never taken back, so no version comes twice, whatever was removed, expired or rolled back between.
 */
export class EmbeddedRecords implements Records {
  readonly #store: EmbeddedStore;
  readonly #statements: Statements;
  readonly #tables: Map<string, RecordTable> = new Map();
  readonly #versions: VersionSource;
  #sweptUpToId = 0;

  constructor(store: EmbeddedStore) {
    this.#store = store;
    this.#statements = prepare(store);
    const epoch =
      store.query<{ epoch: number }>('UPDATE store SET epoch = epoch + 1 RETURNING epoch').one()?.epoch ?? 0;
    assert(epoch > 0, 'the store has an epoch');
    this.#versions = { epoch, counter: 0 };
  }

  table({ name }: RecordTableDefinition): RecordTable {
    assert(/^[a-z0-9_]{1,32}$/.test(name), 'a record table has a short name');
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = new EmbeddedRecordTable(`${name}\\`, this.#store, this.#statements, this.#versions);
    this.#tables.set(name, table);
    return table;
  }

  /**
   * Deletes what has expired among the next rows in order of their ids, round and round. An index by expiry would find them at once,
   * but costs every write.
   */
  async sweep(): Promise<void> {
    const { nextIds, deleteExpired } = this.#statements;
    await this.#store.write(() => {
      const lastId = nextIds.one(this.#sweptUpToId, SWEEP_ROW_COUNT)?.lastId ?? undefined;
      if (lastId !== undefined) deleteExpired.run(this.#sweptUpToId, lastId, this.#store.clock.now());
      this.#sweptUpToId = lastId ?? 0;
    });
  }
}

interface VersionSource {
  readonly epoch: number;
  counter: number;
}

interface Row {
  readonly value: string;
  readonly epoch: number;
  readonly counter: number;
}

type Statements = ReturnType<typeof prepare>;

function prepare(store: EmbeddedStore): {
  readonly [Name in 'insert' | 'update' | 'remove' | 'deleteExpired']: Query<never>;
} & { readonly get: Query<Row>; readonly nextIds: Query<{ lastId: number | null }> } {
  return {
    get: store.query('SELECT value, epoch, counter FROM records WHERE key = ? AND expires_at_ms > ?'),
    insert: store.query(
      `INSERT INTO records (key, value, epoch, counter, expires_at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, epoch = excluded.epoch, counter = excluded.counter, expires_at_ms = excluded.expires_at_ms
       WHERE records.expires_at_ms <= ?`,
    ),
    update: store.query(
      `UPDATE records SET value = ?, epoch = ?, counter = ?, expires_at_ms = ?
       WHERE key = ? AND epoch = ? AND counter = ? AND expires_at_ms > ?`,
    ),
    remove: store.query(
      'DELETE FROM records WHERE key = ? AND epoch = ? AND counter = ? AND expires_at_ms > ?',
    ),
    nextIds: store.query(
      'SELECT max(id) AS lastId FROM (SELECT id FROM records WHERE id > ? ORDER BY id LIMIT ?)',
    ),
    deleteExpired: store.query('DELETE FROM records WHERE id > ? AND id <= ? AND expires_at_ms <= ?'),
  };
}

class EmbeddedRecordTable implements RecordTable {
  readonly #prefix: string;
  readonly #store: EmbeddedStore;
  readonly #statements: Statements;
  readonly #versions: VersionSource;

  constructor(prefix: string, store: EmbeddedStore, statements: Statements, versions: VersionSource) {
    this.#prefix = prefix;
    this.#store = store;
    this.#statements = statements;
    this.#versions = versions;
  }

  get(key: string): Promise<RecordRead> {
    return this.#store.read(() => {
      const row = this.#statements.get.one(this.#prefix + key, this.#store.clock.now());
      if (row === undefined) {
        return {
          tag: 'absent',
          version: ABSENT,
          order: createVersion(this.#versions.epoch, this.#versions.counter),
        };
      }
      const version = createVersion(row.epoch, row.counter);
      return { tag: 'found', value: row.value, version, order: version };
    });
  }

  compareAndSet(
    key: string,
    expected: RecordVersion,
    value: string,
    options: RecordOptions,
  ): Promise<RecordWrite> {
    if (isLonger(key, RECORD_KEY_BYTES_MAX) || isLonger(value, RECORD_VALUE_BYTES_MAX)) {
      return Promise.resolve({ tag: 'unavailable', reason: 'too-large' });
    }
    const expiresAtMs = Math.floor(options.expiresAtMs);
    assert(Number.isSafeInteger(expiresAtMs), 'an expiry is a time');
    return this.#store.write(() => {
      const { insert, update } = this.#statements;
      const { epoch, counter } = this.#nextVersion();
      const nowMs = this.#store.clock.now();
      const row = this.#prefix + key;
      const changeCount =
        expected === ABSENT
          ? insert.run(row, value, epoch, counter, expiresAtMs, nowMs)
          : update.run(value, epoch, counter, expiresAtMs, row, ...split(expected), nowMs);
      return changeCount > 0
        ? { tag: 'stored', version: createVersion(epoch, counter) }
        : { tag: 'conflict' };
    });
  }

  remove(key: string, expected: RecordVersion): Promise<RecordWrite> {
    return this.#store.write(() => {
      const row = this.#prefix + key;
      const nowMs = this.#store.clock.now();
      const { epoch, counter } = this.#nextVersion();
      const isRemoved =
        expected === ABSENT
          ? this.#statements.get.one(row, nowMs) === undefined
          : this.#statements.remove.run(row, ...split(expected), nowMs) > 0;
      return isRemoved ? { tag: 'stored', version: createVersion(epoch, counter) } : { tag: 'conflict' };
    });
  }

  #nextVersion(): { readonly epoch: number; readonly counter: number } {
    this.#versions.counter += 1;
    return { epoch: this.#versions.epoch, counter: this.#versions.counter };
  }
}

/** A malformed version gives NaN, which SQLite takes for NULL: equal to nothing, so the answer is `conflict`. */
function split(version: RecordVersion): [epoch: number, counter: number] {
  const dot = version.indexOf('.');
  return [Number(version.slice(0, dot)), Number(version.slice(dot + 1))];
}

/** Without counting the bytes of what cannot be too long (UTF-8 takes at most 3 bytes a UTF-16 unit). */
function isLonger(text: string, byteCountMax: number): boolean {
  return text.length * 3 > byteCountMax && Buffer.byteLength(text) > byteCountMax;
}
