import type {
  Page,
  PageRequest,
  TableList,
  TableRead,
  TableRemoval,
  TableUpdate,
  Unavailable,
  Unknown,
} from '../ports/outcomes.ts';
import type {
  Allocation,
  NumberClaim,
  NumberTable,
  OwnedNumber,
  PoolNumber,
  SpecificClaim,
} from '../ports/tables/number-table.ts';
import { ABSENCE, type EmbeddedStore, found, type Query, removed, updated } from './embedded-store.ts';

/** 2^32: each number gets a random place, and an allocation takes the first free one from a random place on. */
const SHUFFLE_BOUND = 0x1_0000_0000;

interface Row {
  readonly uri: string;
  readonly isPstn: number;
  readonly isSpecified: number;
  readonly owner: string | null;
  readonly privateId: string | null;
  readonly isListed: number;
}

const COLUMNS =
  'uri, is_pstn AS isPstn, is_specified AS isSpecified, owner, private_id AS privateId, is_listed AS isListed';

export class EmbeddedNumbers implements NumberTable {
  readonly #store: EmbeddedStore;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(store: EmbeddedStore) {
    this.#store = store;
    this.#sql = prepare(store);
  }

  addToPool(
    numbers: readonly PoolNumber[],
  ): Promise<{ tag: 'stored'; addedCount: number } | Unavailable | Unknown> {
    return this.#store.write(() => {
      let addedCount = 0;
      for (const { uri, isPstn } of numbers) {
        addedCount += this.#sql.insert.run(uri, Number(isPstn), 0, this.#place());
      }
      return { tag: 'stored', addedCount };
    });
  }

  allocate({
    owner,
    isPstn,
    privateIdOf,
    requestId,
  }: Allocation): Promise<NumberClaim | { tag: 'exhausted' }> {
    return this.#store.write(() => {
      const own = this.#sql.ofRequest.one(requestId, owner);
      if (own !== undefined) return claimed(own);
      const free =
        this.#sql.firstFree.one(Number(isPstn), this.#place()) ?? this.#sql.firstFree.one(Number(isPstn), 0);
      if (free === undefined) return { tag: 'exhausted' };
      return this.#assign(free.uri, owner, privateIdOf(free.uri), requestId);
    });
  }

  claim({
    uri,
    isPstn,
    owner,
    privateId,
    requestId,
  }: SpecificClaim): Promise<NumberClaim | { tag: 'taken' }> {
    return this.#store.write(() => {
      const own = this.#sql.ofRequest.one(requestId, owner);
      if (own !== undefined) return claimed(own);
      const known = this.#sql.get.one(uri);
      if (known !== undefined && known.owner !== null) return { tag: 'taken' };
      if (known === undefined) this.#sql.insert.run(uri, Number(isPstn), 1, this.#place());
      return this.#assign(uri, owner, privateId, requestId);
    });
  }

  release(uri: string, owner: string): Promise<TableRemoval> {
    return this.#store.write(() =>
      removed(this.#sql.removeSpecified.run(uri, owner) + this.#sql.release.run(uri, owner)),
    );
  }

  get(uri: string): Promise<TableRead<OwnedNumber>> {
    return this.#store.read(() => {
      const row = this.#sql.get.one(uri);
      return row === undefined || row.owner === null ? ABSENCE : found(numberOf(row));
    });
  }

  ofOwner(owner: string): Promise<TableList<OwnedNumber>> {
    return this.#store.read(() => found(this.#sql.ofOwner.all(owner).map(numberOf)));
  }

  setListed(uri: string, owner: string, isListed: boolean): Promise<TableUpdate> {
    return this.#store.write(() => updated(this.#sql.setListed.run(Number(isListed), uri, owner)));
  }

  listed({ after, limit }: PageRequest): Promise<{ tag: 'found'; value: Page<OwnedNumber> } | Unavailable> {
    return this.#store.read(() => {
      const entries = this.#sql.listed.all(after ?? '', limit).map(numberOf);
      const last = entries.length === limit ? entries.at(-1) : undefined;
      return found(last === undefined ? { entries } : { entries, next: last.uri });
    });
  }

  #assign(uri: string, owner: string, privateId: string, requestId: string): NumberClaim {
    const row = this.#sql.assign.one(owner, privateId, requestId, uri);
    return row === undefined ? { tag: 'unavailable', reason: 'constraint' } : claimed(row);
  }

  #place(): number {
    return this.#store.random.integer(SHUFFLE_BOUND);
  }
}

function prepare(store: EmbeddedStore): {
  readonly [Name in 'insert' | 'removeSpecified' | 'release' | 'setListed']: Query<never>;
} & { readonly [Name in 'get' | 'ofRequest' | 'firstFree' | 'assign' | 'ofOwner' | 'listed']: Query<Row> } {
  return {
    insert: store.query(
      'INSERT OR IGNORE INTO numbers (uri, is_pstn, is_specified, shuffle) VALUES (?, ?, ?, ?)',
    ),
    get: store.query(`SELECT ${COLUMNS} FROM numbers WHERE uri = ?`),
    ofRequest: store.query(`SELECT ${COLUMNS} FROM numbers WHERE request_id = ? AND owner = ?`),
    firstFree: store.query(
      `SELECT ${COLUMNS} FROM numbers WHERE owner IS NULL AND is_pstn = ? AND shuffle >= ? ORDER BY shuffle LIMIT 1`,
    ),
    assign: store.query(
      `UPDATE numbers SET owner = ?, private_id = ?, request_id = ?, is_listed = 1 WHERE uri = ? AND owner IS NULL
       RETURNING ${COLUMNS}`,
    ),
    removeSpecified: store.query('DELETE FROM numbers WHERE uri = ? AND owner = ? AND is_specified = 1'),
    release: store.query(
      'UPDATE numbers SET owner = NULL, private_id = NULL, request_id = NULL WHERE uri = ? AND owner = ?',
    ),
    ofOwner: store.query(`SELECT ${COLUMNS} FROM numbers WHERE owner = ? ORDER BY uri`),
    setListed: store.query('UPDATE numbers SET is_listed = ? WHERE uri = ? AND owner = ?'),
    listed: store.query(
      `SELECT ${COLUMNS} FROM numbers WHERE owner IS NOT NULL AND is_listed = 1 AND uri > ? ORDER BY uri LIMIT ?`,
    ),
  };
}

function claimed(row: Row): NumberClaim {
  return { tag: 'stored', number: numberOf(row) };
}

function numberOf(row: Row): OwnedNumber {
  return {
    uri: row.uri,
    isPstn: row.isPstn === 1,
    isSpecified: row.isSpecified === 1,
    owner: row.owner ?? '',
    privateId: row.privateId ?? '',
    isListed: row.isListed === 1,
  };
}
