import type { TableRead, TableRemoval, TableWrite } from '../ports/outcomes.ts';
import type { Session, SessionTable } from '../ports/tables/session-table.ts';
import { type EmbeddedStore, foundOrAbsent, type Query, removed, STORED } from './embedded-store.ts';

const SWEEP_ROW_COUNT = 500;

export class EmbeddedSessions implements SessionTable {
  readonly #store: EmbeddedStore;
  readonly #put: Query<never>;
  readonly #get: Query<Session>;
  readonly #remove: Query<never>;
  readonly #removeAllOf: Query<never>;
  readonly #sweep: Query<never>;

  constructor(store: EmbeddedStore) {
    this.#store = store;
    this.#put = store.query('INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)');
    this.#get = store.query(
      `SELECT token_hash AS tokenHash, email, expires_at_ms AS expiresAtMs FROM sessions
       WHERE token_hash = ? AND expires_at_ms > ?`,
    );
    this.#remove = store.query('DELETE FROM sessions WHERE token_hash = ?');
    this.#removeAllOf = store.query('DELETE FROM sessions WHERE email = ?');
    this.#sweep = store.query(
      'DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at_ms <= ? LIMIT ?)',
    );
  }

  put({ tokenHash, email, expiresAtMs }: Session): Promise<TableWrite> {
    return this.#store.write(() => {
      this.#put.run(tokenHash, email, expiresAtMs);
      return STORED;
    });
  }

  get(tokenHash: string): Promise<TableRead<Session>> {
    return this.#store.read(() => foundOrAbsent(this.#get.one(tokenHash, this.#store.clock.now())));
  }

  remove(tokenHash: string): Promise<TableRemoval> {
    return this.#store.write(() => removed(this.#remove.run(tokenHash)));
  }

  removeAllOf(email: string): Promise<TableRemoval> {
    return this.#store.write(() => removed(this.#removeAllOf.run(email)));
  }

  async sweep(): Promise<void> {
    await this.#store.write(() => this.#sweep.run(this.#store.clock.now(), SWEEP_ROW_COUNT));
  }
}
