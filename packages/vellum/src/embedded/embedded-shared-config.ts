import type { Subscription, TableList, TableRead } from '../ports/outcomes.ts';
import type { ConfigChange, ConfigEntry, ConfigWrite, SharedConfig } from '../ports/shared-config.ts';
import { type EmbeddedStore, found, foundOrAbsent, type Query } from './embedded-store.ts';

const CONFIG_VALUE_BYTES_MAX = 1024 * 1024;

/** Shared configuration in a table. A removed key keeps its row without a value, so that its version goes on rising. */
export class EmbeddedSharedConfig implements SharedConfig {
  readonly #store: EmbeddedStore;
  readonly #get: Query<ConfigEntry>;
  readonly #list: Query<ConfigEntry>;
  readonly #put: Query<{ version: number }>;
  readonly #watchers: Set<Watcher> = new Set();

  constructor(store: EmbeddedStore) {
    this.#store = store;
    this.#get = store.query('SELECT key, value, version FROM config WHERE key = ? AND value IS NOT NULL');
    this.#list = store.query(
      'SELECT key, value, version FROM config WHERE substr(key, 1, length(?1)) = ?1 AND value IS NOT NULL ORDER BY key',
    );
    this.#put = store.query(
      `INSERT INTO config (key, value, version) SELECT ?1, ?2, 1 WHERE ?3 = 0 OR EXISTS (SELECT 1 FROM config WHERE key = ?1)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = config.version + 1
       WHERE iif(config.value IS NULL, 0, config.version) = ?3 RETURNING version`,
    );
  }

  read(key: string): Promise<TableRead<ConfigEntry>> {
    return this.#store.read(() => foundOrAbsent(this.#get.one(key)));
  }

  list(prefix: string): Promise<TableList<ConfigEntry>> {
    return this.#store.read(() => found(this.#list.all(prefix)));
  }

  compareAndSet(key: string, version: number, value: string | undefined): Promise<ConfigWrite> {
    if (value !== undefined && Buffer.byteLength(value) > CONFIG_VALUE_BYTES_MAX) {
      return Promise.resolve({ tag: 'unavailable', reason: 'too-large' });
    }
    return this.#store.commits.submit<ConfigWrite>({
      apply: () => {
        const row = this.#put.one(key, value ?? null, version);
        return row === undefined ? { tag: 'conflict' } : { tag: 'stored', version: row.version };
      },
      committed: (outcome) => {
        if (outcome.tag === 'stored') this.#report(key, value, outcome.version);
      },
    });
  }

  watch(prefix: string, onChange: (change: ConfigChange) => void): Subscription {
    const watcher: Watcher = { prefix, onChange };
    this.#watchers.add(watcher);
    // Later, so that the caller has its subscription in hand; a change that comes before is reported twice, never lost.
    queueMicrotask(async () => {
      const entries = await this.list(prefix);
      if (entries.tag !== 'found') return;
      for (const entry of entries.value) this.#notify(watcher, { tag: 'set', entry });
    });
    return { close: () => void this.#watchers.delete(watcher) };
  }

  #report(key: string, value: string | undefined, version: number): void {
    const change: ConfigChange =
      value === undefined ? { tag: 'removed', key } : { tag: 'set', entry: { key, value, version } };
    for (const watcher of this.#watchers) {
      if (key.startsWith(watcher.prefix)) queueMicrotask(() => this.#notify(watcher, change));
    }
  }

  #notify(watcher: Watcher, change: ConfigChange): void {
    if (this.#watchers.has(watcher)) watcher.onChange(change);
  }
}

interface Watcher {
  readonly prefix: string;
  readonly onChange: (change: ConfigChange) => void;
}
