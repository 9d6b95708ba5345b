import { decodeRecord } from './aor-codec.ts';
import type { AorRecord } from './aor-record.ts';

/**
 * Decoded registration records by key and store version: a record that has not changed is not decoded again. The store is read all the
 * same, so nothing stale is ever served; what is forgotten costs a decoding.
 */
export class RecordCache {
  readonly #entriesMax: number;
  readonly #entries = new Map<string, { readonly version: string; readonly record: AorRecord }>();

  constructor(entriesMax = 10_000) {
    this.#entriesMax = entriesMax;
  }

  /** The record in `text`, which the store holds under `key` in `version`. Throws what `decodeRecord` throws. */
  decode(key: string, version: string, text: string): AorRecord {
    const known = this.#entries.get(key);
    if (known?.version === version) return known.record;
    const record = decodeRecord(text);
    this.put(key, version, record);
    return record;
  }

  /** Notes what was just stored. Records are never changed in place, so the cache may share them. */
  put(key: string, version: string, record: AorRecord): void {
    this.#entries.delete(key);
    this.#entries.set(key, { version, record });
    if (this.#entries.size <= this.#entriesMax) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}
