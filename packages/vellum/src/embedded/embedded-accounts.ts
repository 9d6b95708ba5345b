import type { TableList, TableRead, TableRemoval, TableUpdate, TableWrite } from '../ports/outcomes.ts';
import type { Account, AccountTable, Recovery, RecoveryRequest } from '../ports/tables/account-table.ts';
import {
  ABSENCE,
  type EmbeddedStore,
  found,
  type Query,
  removed,
  STORED,
  updated,
} from './embedded-store.ts';

interface Row extends Omit<Account, 'expiresAtMs'> {
  readonly expiresAtMs: number | null;
  readonly requestId: string;
}

export class EmbeddedAccounts implements AccountTable {
  readonly #store: EmbeddedStore;
  readonly #get: Query<Row>;
  readonly #insert: Query<never>;
  readonly #setPassword: Query<never>;
  readonly #setRecovery: Query<never>;
  readonly #recover: Query<never>;
  readonly #remove: Query<never>;
  readonly #expired: Query<{ readonly email: string }>;

  constructor(store: EmbeddedStore) {
    this.#store = store;
    this.#get = store.query(
      `SELECT email, password_hash AS passwordHash, full_name AS fullName, expires_at_ms AS expiresAtMs,
       request_id AS requestId FROM accounts WHERE email = ?`,
    );
    this.#insert = store.query('INSERT INTO accounts VALUES (?, ?, ?, ?, NULL, NULL, ?)');
    this.#setPassword = store.query(
      'UPDATE accounts SET password_hash = ?, recovery_token_hash = NULL, recovery_created_at_ms = NULL WHERE email = ?',
    );
    this.#setRecovery = store.query(
      'UPDATE accounts SET recovery_token_hash = ?, recovery_created_at_ms = ? WHERE email = ?',
    );
    this.#recover = store.query(
      `UPDATE accounts SET password_hash = ?, recovery_token_hash = NULL, recovery_created_at_ms = NULL
       WHERE email = ? AND recovery_token_hash = ? AND recovery_created_at_ms >= ?`,
    );
    this.#remove = store.query('DELETE FROM accounts WHERE email = ?');
    this.#expired = store.query(
      'SELECT email FROM accounts WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?',
    );
  }

  create(account: Account, requestId: string): Promise<TableWrite | { readonly tag: 'exists' }> {
    return this.#store.write(() => {
      const { email, passwordHash, fullName, expiresAtMs } = account;
      const known = this.#get.one(email);
      if (known !== undefined) return known.requestId === requestId ? STORED : { tag: 'exists' };
      this.#insert.run(email, passwordHash, fullName, expiresAtMs ?? null, requestId);
      return STORED;
    });
  }

  get(email: string): Promise<TableRead<Account>> {
    return this.#store.read(() => {
      const row = this.#get.one(email);
      if (row === undefined) return ABSENCE;
      const { passwordHash, fullName, expiresAtMs } = row;
      return found({ email, passwordHash, fullName, ...(expiresAtMs === null ? {} : { expiresAtMs }) });
    });
  }

  setPasswordHash(email: string, passwordHash: string): Promise<TableUpdate> {
    return this.#store.write(() => updated(this.#setPassword.run(passwordHash, email)));
  }

  setRecovery(email: string, { tokenHash, createdAtMs }: Recovery): Promise<TableUpdate> {
    return this.#store.write(() => updated(this.#setRecovery.run(tokenHash, createdAtMs, email)));
  }

  recover({ email, tokenHash, createdSinceMs, passwordHash }: RecoveryRequest): Promise<TableUpdate> {
    return this.#store.write(() =>
      updated(this.#recover.run(passwordHash, email, tokenHash, createdSinceMs)),
    );
  }

  remove(email: string): Promise<TableRemoval> {
    return this.#store.write(() => removed(this.#remove.run(email)));
  }

  expired(atMs: number, limit: number): Promise<TableList<string>> {
    return this.#store.read(() => found(this.#expired.all(atMs, limit).map((row) => row.email)));
  }
}
