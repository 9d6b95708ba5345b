import type { RecordVersion } from '../ports/records.ts';

/** A timer as it stands in the log and in memory. */
export interface ArmedTimer {
  readonly tag: 'armed';
  readonly id: string;
  readonly dueAtMs: number;
  readonly kind: string;
  readonly opaque: string;
  readonly order: RecordVersion;
  /** Names the pop this arming leads to; never used twice, also not by a later timer of the same id. */
  readonly sequence: number;
  readonly tags?: Readonly<Record<string, number>>;
}

/** A tombstone: keeps what is older than `order` from coming back, until the cancelled timer could not pop any more. */
export interface CancelledTimer {
  readonly tag: 'cancelled';
  readonly id: string;
  readonly order: RecordVersion;
  readonly untilMs: number;
}

/** The last word on an id: its pop took effect. Only in the log. */
export interface DoneTimer {
  readonly tag: 'done';
  readonly id: string;
}

export type TimerEntry = ArmedTimer | CancelledTimer | DoneTimer;

/** One line of the log: JSON, arrays because the names of the fields would be half of it. */
export function serializeEntry(entry: TimerEntry): string {
  switch (entry.tag) {
    case 'armed': {
      const { id, dueAtMs, kind, opaque, order, sequence, tags } = entry;
      const fields = ['a', id, dueAtMs, kind, opaque, order, sequence];
      return JSON.stringify(tags === undefined ? fields : [...fields, tags]);
    }
    case 'cancelled':
      return JSON.stringify(['c', entry.id, entry.order, entry.untilMs]);
    case 'done':
      return JSON.stringify(['d', entry.id]);
  }
}

/** Reads what `serializeEntry` wrote; throws on anything else. */
export function parseEntry(line: string): TimerEntry {
  const fields = JSON.parse(line) as SerializedEntry;
  switch (fields[0]) {
    case 'a': {
      const [, id, dueAtMs, kind, opaque, order, sequence, tags] = fields;
      const entry: ArmedTimer = { tag: 'armed', id, dueAtMs, kind, opaque, order, sequence };
      return tags === undefined ? entry : { ...entry, tags };
    }
    case 'c':
      return { tag: 'cancelled', id: fields[1], order: fields[2], untilMs: fields[3] };
    case 'd':
      return { tag: 'done', id: fields[1] };
    default:
      throw new Error('not an entry of a timer log');
  }
}

type SerializedEntry =
  | readonly ['a', string, number, string, string, RecordVersion, number, Readonly<Record<string, number>>?]
  | readonly ['c', string, RecordVersion, number]
  | readonly ['d', string];
