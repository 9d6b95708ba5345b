import {
  type AorRecord,
  EMPTY_RECORD,
  encodeRecord,
  type Impu,
  nextExpiryMs,
  REGISTRATION_TABLE,
  RecordCache,
  recordTtlMs,
} from '@clearwater/ims';
import type { Clock, Log } from '@clearwater/platform';
import {
  nextVersion,
  type Records,
  type RecordTable,
  type RecordVersion,
  type Timers,
} from '@clearwater/vellum';

/** A record as read: no record is an empty one. */
export type AorRead =
  | {
      readonly tag: 'read';
      readonly record: AorRecord;
      readonly version: RecordVersion;
      readonly order: RecordVersion;
    }
  | { readonly tag: 'unavailable' };

/** What a change makes of a record; the same record = nothing to write. */
export interface AorChange<T> {
  readonly record: AorRecord;
  readonly value: T;
}

export type AorUpdate<T> =
  | { readonly tag: 'done'; readonly record: AorRecord; readonly version: RecordVersion; readonly value: T }
  /** The store is away, others kept winning, or the record would be larger than a store takes. */
  | { readonly tag: 'unavailable' | 'contended' | 'too-large' };

/** Kind of the timers that end registrations. */
export const EXPIRY_TIMER = 'aor-expiry';
const ATTEMPTS_MAX = 5;

/**
 * Registration records and the timers that go with them. It keeps the invariant between the two stores, *armed due ≤ next expiry of the
 * record* (ADR 0004): a first or earlier expiry is armed before the record is written; a later one needs nothing, for the timer then
 * pops early and arms itself anew.
 */
export class AorStore {
  readonly #table: RecordTable;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #decoded = new RecordCache();
  /** The last change under way of each key: those of one process follow each other, and need not lose against one another. */
  readonly #turns = new Map<Impu, Promise<unknown>>();

  constructor(parts: {
    readonly records: Records;
    readonly timers: Timers;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#table = parts.records.table(REGISTRATION_TABLE);
    this.#timers = parts.timers;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  async read(key: Impu): Promise<AorRead> {
    const read = await this.#table.get(key);
    if (read.tag === 'unavailable') return { tag: 'unavailable' };
    const { version, order } = read;
    if (read.tag === 'absent') return { tag: 'read', record: EMPTY_RECORD, version, order };
    try {
      return { tag: 'read', record: this.#decoded.decode(key, version, read.value), version, order };
    } catch (error) {
      this.#log.error('registration.record-unreadable', { error });
      return { tag: 'unavailable' };
    }
  }

  /**
   * Applies `change` by compare-and-set: a conflict or a write of unknown outcome is read again and changed again, so `change` is pure
   * and finds its own effect where it is there already.
   */
  async update<T>(key: Impu, change: (record: AorRecord) => AorChange<T>): Promise<AorUpdate<T>> {
    const take = (): Promise<AorUpdate<T>> => this.#update(key, change);
    const turn = this.#turns.get(key)?.then(take, take) ?? take();
    this.#turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    }
  }

  async #update<T>(key: Impu, change: (record: AorRecord) => AorChange<T>): Promise<AorUpdate<T>> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const seen = await this.read(key);
      if (seen.tag === 'unavailable') return seen;
      const { record, value } = change(seen.record);
      if (record === seen.record) return { tag: 'done', record, version: seen.version, value };
      if (!(await this.#arm(key, seen, record))) return { tag: 'unavailable' };
      const expiresAtMs = this.#clock.now() + recordTtlMs(record, this.#clock.now());
      const write = await this.#table.compareAndSet(key, seen.version, encodeRecord(record), { expiresAtMs });
      if (write.tag === 'stored') {
        this.#decoded.put(key, write.version, record);
        return { tag: 'done', record, version: write.version, value };
      }
      if (write.tag === 'unavailable')
        return { tag: write.reason === 'too-large' ? 'too-large' : 'unavailable' };
    }
    return { tag: 'contended' };
  }

  async #arm(key: Impu, seen: Extract<AorRead, { tag: 'read' }>, record: AorRecord): Promise<boolean> {
    const armedMs = nextExpiryMs(seen.record);
    const dueAtMs = nextExpiryMs(record);
    if (dueAtMs === undefined || (armedMs !== undefined && armedMs <= dueAtMs)) return true;
    const set = await this.#timers.set({
      id: `aor ${key}`,
      kind: EXPIRY_TIMER,
      opaque: key,
      dueAtMs,
      order: nextVersion(seen.order),
      tags: { REG: 1 },
    });
    // 'superseded': the record has moved on, which the compare-and-set will find, or something earlier is armed already.
    return set.tag === 'stored' || set.tag === 'superseded';
  }
}
