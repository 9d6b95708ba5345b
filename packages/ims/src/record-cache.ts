import { RecentMap } from '@clearwater/platform';
import { decodeRecord } from './aor-codec.ts';
import type { AorRecord } from './aor-record.ts';

/**
 * Decoded registration records by key and store version: a record that has not changed is not decoded again. The store is read all the
 * same, so nothing stale is ever served; what is forgotten costs a decoding.
 */
export class RecordCache {
  readonly #entries: RecentMap<{ readonly version: string; readonly record: AorRecord }>;

  constructor(entriesMax = 10_000) {
    this.#entries = new RecentMap(entriesMax);
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
    this.#entries.set(key, { version, record });
  }
}
