import type { ElementStamp } from './element-stamp.ts';
import type { Impi, Impu } from './identity.ts';

/**
 * The registration record of one address of record: one row of table `reg`, keyed by the default public identity of the implicit
 * set. It is made of elements that are stamped and merged one by one (`mergeRecords`), so that copies written at two sites become
 * one without losing a binding. Records are values: every change makes a new one.
 */
export interface AorRecord {
  readonly bindings: ReadonlyMap<BindingKey, BindingElement>;
  /** Elements of a kind this version does not read; kept and merged as they are. */
  readonly subscriptions: ReadonlyMap<string, OpaqueElement>;
  /** What of each private identity's digest authentication must be remembered against replay. */
  readonly authentication: ReadonlyMap<Impi, NonceHistory>;
  /** Absent until the first REGISTER is stored. */
  readonly registration: Registration | undefined;
  /** The number of the last pop of the expiry timer whose effect is in this record; merged by maximum. */
  readonly timerSequence: number;
  /** Fields of a later version, kept as they are. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** `i:<instance>[:<reg-id>]` (RFC 5626 §6) or `c:<canonical contact URI>` (RFC 3261 §19.1.4). Made by `bindingKey`. */
export type BindingKey = string & { readonly bindingKey: unique symbol };

export type BindingElement = Binding | RemovedBinding;

/** One contact of the address of record. Unknown fields of a later version survive a rewrite. */
export interface Binding {
  readonly stamp: ElementStamp;
  readonly removed?: never;
  /** The contact URI as received, without brackets. */
  readonly contact: string;
  /** Header parameters of the contact but `q` and `expires`: names in lower case, values as received, `''` for a bare name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `+sip.instance` without quotes, and `reg-id`, when the phone sent them. */
  readonly instance?: string;
  readonly regId?: number;
  /** Path header values as received, topmost first (RFC 3327). */
  readonly path: readonly string[];
  readonly callId: string;
  readonly cseq: number;
  readonly expiresAtMs: number;
  /** Preference in thousandths, 0 … 1000. */
  readonly qMilli: number;
  readonly impi: Impi;
  readonly userAgent: string;
  /** The flow it came over: `<transport>:<host>:<port>` of the phone as its edge saw it, `''` when unknown. */
  readonly source: string;
}

/** Tombstone of a binding; forgotten `TOMBSTONE_GRACE_MS` after `untilMs`, when its binding would have expired anyway. */
export interface RemovedBinding {
  readonly stamp: ElementStamp;
  readonly removed: true;
  readonly untilMs: number;
  /** Of the REGISTER that removed it (of the last one, when time did), so that an older one arriving late cannot undo it. */
  readonly callId: string;
  readonly cseq: number;
  readonly source: string;
}

/** An element this version knows nothing of but its stamp. */
export interface OpaqueElement {
  readonly stamp: ElementStamp;
}

/** The nonces a private identity has used, with the highest nonce count of each (RFC 7616 §3.4). */
export interface NonceHistory {
  readonly nonces: Readonly<Record<string, NonceUse>>;
  /** A nonce that expires at this time (epoch ms) or before is refused, listed or not: its history may be forgotten. */
  readonly floorMs: number;
}

export interface NonceUse {
  readonly nc: number;
  /** When the nonce itself ends; all nonces of a deployment live equally long, so this also orders them by age. */
  readonly expiresAtMs: number;
}

/** What the last REGISTER learnt about the whole address of record; the latest stamp wins. */
export interface Registration {
  readonly stamp: ElementStamp;
  readonly scscfUri: string;
  readonly serviceRoute: readonly string[];
  /** The implicit set at that time, default identity first. */
  readonly associated: readonly AssociatedIdentity[];
}

export interface AssociatedIdentity {
  readonly impu: Impu;
  readonly isBarred: boolean;
}

/** A removed element stays until its old expiry plus this, as long as a copy that still has it may turn up. */
const TOMBSTONE_GRACE_MS = 10_000;
/** A stored record outlives its last element by this, for timers that pop late (several sites). */
const RECORD_GRACE_MS = 600_000;

export const EMPTY_RECORD: AorRecord = {
  bindings: new Map(),
  subscriptions: new Map(),
  authentication: new Map(),
  registration: undefined,
  timerSequence: 0,
  extra: {},
};

/** A binding with the key it has in its record. */
export interface KeyedBinding extends Omit<Binding, 'removed'> {
  readonly key: BindingKey;
}

/**
 * The bindings a request may be sent to at `nowMs`: the record's own time decides, not the timer's pop. Highest q first, then the
 * most recently written.
 */
export function activeBindings(record: AorRecord, nowMs: number): readonly KeyedBinding[] {
  const active: KeyedBinding[] = [];
  for (const [key, element] of record.bindings) {
    if (isActive(element, nowMs)) active.push({ ...element, key });
  }
  return active.sort((a, b) => b.qMilli - a.qMilli || Number(b.stamp > a.stamp) - Number(b.stamp < a.stamp));
}

/** Whether the address of record has a binding at `nowMs`. */
export function isRegistered(record: AorRecord, nowMs: number): boolean {
  for (const element of record.bindings.values()) if (isActive(element, nowMs)) return true;
  return false;
}

export function isActive(element: BindingElement, nowMs: number): element is Binding {
  return !element.removed && element.expiresAtMs > nowMs;
}

/** When the next binding ends, expired ones not yet made tombstones included; undefined when there is none. */
export function nextExpiryMs(record: AorRecord): number | undefined {
  let next: number | undefined;
  for (const element of record.bindings.values()) {
    if (!element.removed && (next === undefined || element.expiresAtMs < next)) next = element.expiresAtMs;
  }
  return next;
}

/** How long, from `nowMs`, the store must keep the record: to its last element's end and ten minutes more. */
export function recordTtlMs(record: AorRecord, nowMs: number): number {
  let lastMs = nowMs;
  for (const element of record.bindings.values()) {
    lastMs = Math.max(lastMs, element.removed ? element.untilMs : element.expiresAtMs);
  }
  for (const history of record.authentication.values()) {
    for (const use of Object.values(history.nonces)) lastMs = Math.max(lastMs, use.expiresAtMs);
  }
  return lastMs - nowMs + RECORD_GRACE_MS;
}

export interface Expiry {
  /** The same object when nothing expired. */
  readonly record: AorRecord;
  /** What was live before and is not now. */
  readonly expired: readonly KeyedBinding[];
}

/**
 * Turns bindings that have ended into tombstones and forgets old tombstones. A tombstone made by time keeps the stamp of its
 * binding: a refresh stored meanwhile at another site is later and survives the merge.
 */
export function expire(record: AorRecord, nowMs: number): Expiry {
  const expired: KeyedBinding[] = [];
  const bindings = new Map<BindingKey, BindingElement>();
  let changed = false;
  for (const [key, element] of record.bindings) {
    const endMs = element.removed ? element.untilMs : element.expiresAtMs;
    if (!element.removed && endMs <= nowMs) expired.push({ ...element, key });
    const kept = element.removed || endMs > nowMs ? element : tombstoneOf(element, element);
    const isForgotten = kept.removed === true && kept.untilMs + TOMBSTONE_GRACE_MS <= nowMs;
    if (!isForgotten) bindings.set(key, kept);
    changed ||= isForgotten || kept !== element;
  }
  return { record: changed ? { ...record, bindings } : record, expired };
}

/** The tombstone of `binding`: by time with its own stamp and cause, by a REGISTER with those of the REGISTER. */
export function tombstoneOf(binding: Binding, cause: RemovalCause): RemovedBinding {
  const { stamp, callId, cseq, source } = cause;
  return { stamp, removed: true, untilMs: binding.expiresAtMs, callId, cseq, source };
}

export type RemovalCause = Pick<Binding, 'stamp' | 'callId' | 'cseq' | 'source'>;

/** The latest stamp of a record, which the next one must exceed. */
export function latestStamp(record: AorRecord): ElementStamp | undefined {
  let latest = record.registration?.stamp;
  const consider = (stamp: ElementStamp): void => {
    if (latest === undefined || stamp > latest) latest = stamp;
  };
  for (const element of record.bindings.values()) consider(element.stamp);
  for (const element of record.subscriptions.values()) consider(element.stamp);
  return latest;
}
