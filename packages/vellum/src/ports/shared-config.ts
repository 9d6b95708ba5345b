import type { Subscription, TableList, TableRead, Unavailable, Unknown } from './outcomes.ts';

/** Configuration that all nodes of a deployment share (etcd). Keys are paths, values at most 1 MiB of text. No method rejects. */
export interface SharedConfig {
  read(key: string): Promise<TableRead<ConfigEntry>>;
  list(prefix: string): Promise<TableList<ConfigEntry>>;
  /** Writes if the key still has `version`; 0 = only if it is absent. `undefined` as value removes it. */
  compareAndSet(key: string, version: number, value: string | undefined): Promise<ConfigWrite>;
  /**
   * Reports every key under `prefix` now and after each change. Level-triggered: intermediate values may be skipped, the last one
   * is not. `onChange` must not throw.
   */
  watch(prefix: string, onChange: (change: ConfigChange) => void): Subscription;
}

export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
  /** ≥ 1, rises with each write of the key, also over a removal. */
  readonly version: number;
}

export type ConfigChange =
  | { readonly tag: 'set'; readonly entry: ConfigEntry }
  | { readonly tag: 'removed'; readonly key: string };

export type ConfigWrite =
  | { readonly tag: 'stored'; readonly version: number }
  | { readonly tag: 'conflict' }
  | Unavailable
  | Unknown;
