import type { Unavailable, Unknown } from './outcomes.ts';

declare const recordVersion: unique symbol;

/**
 * `"<epoch>.<n>"`, two decimal integers below 2^53. A store never gives the same version to two states, so compare-and-set is
 * safe against a record that was removed or expired and made again (ABA). Later states of a key have a higher version.
 */
export type RecordVersion = string & { readonly [recordVersion]: true };

/** The version of a record that is not there; lower than every other. */
export const ABSENT: RecordVersion = '0.0' as RecordVersion;

/** Bounds of every store; beyond them the answer is `unavailable` with `too-large`. */
export const RECORD_VALUE_BYTES_MAX: number = 64 * 1024;
export const RECORD_KEY_BYTES_MAX = 1024;

/** Negative when `a` is the older, 0 when they are the same. */
export function compareVersions(a: RecordVersion, b: RecordVersion): number {
  const dotA = a.indexOf('.');
  const dotB = b.indexOf('.');
  const epochs = Number(a.slice(0, dotA)) - Number(b.slice(0, dotB));
  return epochs !== 0 ? epochs : Number(a.slice(dotA + 1)) - Number(b.slice(dotB + 1));
}

/** The lowest version above `version` in its epoch: the `order` of a timer that is set before its record is written. */
export function nextVersion(version: RecordVersion): RecordVersion {
  const dot = version.indexOf('.');
  return createVersion(Number(version.slice(0, dot)), Number(version.slice(dot + 1)) + 1);
}

export function createVersion(epoch: number, counter: number): RecordVersion {
  return `${epoch}.${counter}` as RecordVersion;
}

/** A version from outside (HTTP, a log), or undefined when it is malformed. */
export function parseVersion(text: string): RecordVersion | undefined {
  return /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})$/.test(text) ? (text as RecordVersion) : undefined;
}

/** Records that several nodes write: registrations, challenges, Rf sessions. Linearizable per key within a site. */
export interface Records {
  /** The table of this name; asking twice for one name yields the same. */
  table(definition: RecordTableDefinition): RecordTable;
}

export interface RecordTableDefinition {
  /** 1 … 32 characters of `[a-z0-9_]`. */
  readonly name: string;
  /** Joins two values of one key written at two sites: commutative, associative, idempotent. Unused with one site. */
  readonly merge: (a: string, b: string) => string;
}

/** Values are UTF-8 text of at most 64 KiB, keys at most 1,024 bytes. No method rejects. */
export interface RecordTable {
  get(key: string): Promise<RecordRead>;
  /** Writes if the record still has version `expected` (`ABSENT`: if there is none). `stored` means durable and replicated. */
  compareAndSet(
    key: string,
    expected: RecordVersion,
    value: string,
    options: RecordOptions,
  ): Promise<RecordWrite>;
  /** Removes if the record still has version `expected`. The version it answers is that of the removal. */
  remove(key: string, expected: RecordVersion): Promise<RecordWrite>;
}

export interface RecordOptions {
  /** Epoch milliseconds from which the record is absent; the store never lengthens it. */
  readonly expiresAtMs: number;
}

export type RecordRead =
  | {
      readonly tag: 'found';
      readonly value: string;
      readonly version: RecordVersion;
      readonly order: RecordVersion;
    }
  | {
      readonly tag: 'absent';
      readonly version: typeof ABSENT;
      /**
       * At least as high as any version this key ever had (for `found` it is `version` itself). A timer set before its record
       * takes `nextVersion(read.order)`; `nextVersion(ABSENT)` would lose against what an earlier life of the key left behind.
       */
      readonly order: RecordVersion;
    }
  | Unavailable;

export type RecordWrite =
  | { readonly tag: 'stored'; readonly version: RecordVersion }
  /** Not stored: another version is there. Read again at once, do not sleep: somebody made progress. */
  | { readonly tag: 'conflict' }
  | Unavailable
  | Unknown;
