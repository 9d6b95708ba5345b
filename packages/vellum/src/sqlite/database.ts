import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '@clearwater/platform';

export const IN_MEMORY = ':memory:';

export interface DatabaseOptions {
  /** A file, whose directory is made if need be, or `:memory:`. */
  readonly path: string;
  /** SQL scripts; script i takes the schema from version i to i + 1. Never change one that was released. */
  readonly migrations: readonly string[];
}

/**
 * Opens a database of which every commit is durable when it returns (WAL, `synchronous=FULL`), and which no other process can open
 * while we live. Directory 0700, file 0600: secrets are in there.
 *
 * @throws AppError `vellum.data-in-use`, `vellum.data-too-new` (written by a later version) or `vellum.data-unusable`.
 */
export function openDatabase({ path, migrations }: DatabaseOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (path !== IN_MEMORY) preparePrivateFile(path);
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    // 8 KiB pages: a rewritten 1 KB record costs a third less CPU than with 4 KiB, measured. Exclusive locking: the lock dies with
    // the process, also by SIGKILL, and the WAL index lives in our heap instead of a shared file.
    database.exec(
      `PRAGMA page_size = 8192; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
       PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 1000; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE; COMMIT`,
    );
    migrate(database, migrations, path);
    if (path !== IN_MEMORY) syncDirectory(dirname(path));
    return database;
  } catch (error) {
    database?.close();
    throw (error as AppError).code?.startsWith('vellum.') ? error : openingError(error, path);
  }
}

/** What went wrong in SQLite, in a word. */
export function sqliteReason(error: unknown): string {
  const primary = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  return SQLITE_REASONS.get(primary) ?? 'store-failed';
}

const SQLITE_BUSY = 5;
const SQLITE_REASONS: ReadonlyMap<number, string> = new Map([
  [SQLITE_BUSY, 'in-use'],
  [8, 'read-only'],
  [10, 'disk-failed'],
  [11, 'corrupt'],
  [13, 'disk-full'],
  [19, 'constraint'],
]);

function preparePrivateFile(path: string): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  // Never opened when it is there: closing it would drop the POSIX locks that this process may already have on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600); // SQLite gives its -wal file the mode of the database
}

/** The names of new files are durable only after this. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function migrate(database: DatabaseSync, migrations: readonly string[], path: string): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > migrations.length) {
    throw new AppError('vellum.data-too-new', {
      origin: 'internal',
      retry: 'never',
      detail: { path, schemaVersion: row.user_version, schemaVersionKnown: migrations.length },
    });
  }
  migrations.slice(row.user_version).forEach((script, index) => {
    database.exec(`BEGIN; ${script}; PRAGMA user_version = ${row.user_version + index + 1}; COMMIT`);
  });
}

function openingError(cause: unknown, path: string): AppError {
  const reason = sqliteReason(cause);
  const code = reason === 'in-use' ? 'vellum.data-in-use' : 'vellum.data-unusable';
  return new AppError(code, { origin: 'internal', retry: 'never', cause, detail: { path, reason } });
}
