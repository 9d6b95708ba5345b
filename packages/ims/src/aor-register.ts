import { parseUri } from '@clearwater/sip';
import {
  type AorRecord,
  activeBindings,
  type Binding,
  type BindingElement,
  type BindingKey,
  expire,
  isActive,
  type KeyedBinding,
  latestStamp,
  type NonceHistory,
  type NonceUse,
  type Registration,
  tombstoneOf,
} from './aor-record.ts';
import { canonicalUser } from './canonical-user.ts';
import { type ElementStamp, nextStamp, stampMs, type Writer } from './element-stamp.ts';
import type { Impi } from './identity.ts';

/** One accepted REGISTER, as the registrar understood it: expiry times granted, identities resolved, digest verified. */
export interface RegisterChange {
  readonly impi: Impi;
  readonly callId: string;
  readonly cseq: number;
  /** `*` removes all; an empty list changes no binding (a query). */
  readonly contacts: readonly ContactChange[] | '*';
  readonly path: readonly string[];
  readonly userAgent: string;
  /** `<transport>:<host>:<port>` of the phone, or `''`. */
  readonly source: string;
  /** The nonce the request was authenticated with; absent where a trusted edge vouched for the flow. */
  readonly nonce?: { readonly id: string } & NonceUse;
  readonly registration: Omit<Registration, 'stamp'>;
  /**
   * The phone's older flow is known to be dead: bindings without instance of the same private identity, user agent and source
   * address, but another port, are taken for leftovers of its restart and removed.
   */
  readonly replacesDeadFlow?: boolean;
}

export interface ContactChange {
  /** Contact URI as received, without brackets. */
  readonly uri: string;
  /** Header parameters but `q` and `expires`: names in lower case, values without quotes. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly instance?: string;
  readonly regId?: number;
  /** Granted; 0 removes. */
  readonly expiresS: number;
  readonly qMilli: number;
}

export interface RegisterLimits {
  readonly bindingsMax: number;
  /** Nonces remembered per private identity; the oldest beyond it is refused from then on (stale). */
  readonly noncesMax: number;
}

export const REGISTER_LIMITS: RegisterLimits = { bindingsMax: 32, noncesMax: 8 };

export type RegisterOutcome =
  | {
      readonly tag: 'applied';
      readonly record: AorRecord;
      readonly added: readonly KeyedBinding[];
      readonly refreshed: readonly KeyedBinding[];
      readonly removed: readonly KeyedBinding[];
    }
  /** The record holds the effect of this very request already (its write had an unknown outcome): answer it as done. */
  | { readonly tag: 'repeated'; readonly record: AorRecord }
  /** A request of this Call-ID with the same or a higher CSeq was here before (RFC 3261 §10.3 step 7): the request fails, 500. */
  | { readonly tag: 'out-of-order' }
  /** The nonce count is not above the one seen, or the nonce is older than what is remembered: 401 with stale=true. */
  | { readonly tag: 'stale-nonce' }
  | { readonly tag: 'too-many-bindings' };

/** How long a request may be on its way (64 × T1, RFC 3261 §17.1.2.2): an older REGISTER than the removal may still come. */
const LATE_REQUEST_MS = 32_000;

/**
 * The record after a REGISTER, all of it or nothing (RFC 3261 §10.3 steps 6 to 8). Pure, so that a lost compare-and-set is answered
 * by calling it again on what was read anew. `writer.nowMs` is the time everything is judged by.
 */
export function applyRegister(
  record: AorRecord,
  change: RegisterChange,
  writer: Writer,
  limits: RegisterLimits = REGISTER_LIMITS,
): RegisterOutcome {
  const { nowMs } = writer;
  const wanted = wantedContacts(record, change, nowMs);
  if (isRepeated(record, change, wanted)) return { tag: 'repeated', record };
  if (isOutOfOrder(record, change, wanted, nowMs)) return { tag: 'out-of-order' };
  const authentication = rememberNonce(record, change, { nowMs, noncesMax: limits.noncesMax });
  if (authentication === undefined) return { tag: 'stale-nonce' };

  const stamp = nextStamp(latestStamp(record), writer);
  const cause = { stamp, callId: change.callId, cseq: change.cseq, source: change.source };
  const before = expire(record, nowMs).record;
  const bindings = new Map<BindingKey, BindingElement>(before.bindings);
  const added: KeyedBinding[] = [];
  const refreshed: KeyedBinding[] = [];
  const removed: KeyedBinding[] = [];
  for (const [key, contact] of wanted) {
    const seen = bindings.get(key);
    const old = seen !== undefined && isActive(seen, nowMs) ? seen : undefined;
    if (contact === undefined || contact.expiresS === 0) {
      if (old === undefined) continue;
      bindings.set(key, tombstoneOf(old, cause));
      removed.push({ ...old, key });
    } else {
      const binding = bindingOf(contact, change, { stamp, nowMs, old });
      bindings.set(key, binding);
      (old === undefined ? added : refreshed).push({ ...binding, key });
    }
  }
  for (const { key, ...old } of leftovers(before, change, wanted, nowMs)) {
    bindings.set(key, tombstoneOf(old, cause));
    removed.push({ ...old, key });
  }
  const after: AorRecord = {
    ...before,
    bindings,
    authentication,
    registration: { ...before.registration, ...change.registration, stamp },
  };
  if (activeBindings(after, nowMs).length > limits.bindingsMax) return { tag: 'too-many-bindings' };
  return { tag: 'applied', record: after, added, refreshed, removed };
}

/** The key of a contact in the record: instance and reg-id where the phone has them, else its URI (RFC 5626 §6, RFC 3261 §10.3). */
export function bindingKey(contact: Pick<ContactChange, 'uri' | 'instance' | 'regId'>): BindingKey {
  if (contact.instance === undefined) return contactKey(contact.uri);
  return `i:${contact.instance}${contact.regId === undefined ? '' : `:${contact.regId}`}` as BindingKey;
}

/**
 * Contact URIs that RFC 3261 §19.1.4 calls equivalent have one key: scheme and host in lower case, parameters sorted. `ob` is left
 * out (RFC 5626 §5.4.1: it says something of the flow). Another scheme's URI is its own key.
 */
function contactKey(text: string): BindingKey {
  const uri = parseUri(text);
  if (uri?.scheme !== 'sip' && uri?.scheme !== 'sips') return `c:${text}` as BindingKey;
  const user = uri.user === undefined ? '' : `${canonicalUser(uri.user)}@`;
  const parameters: string[] = [];
  for (const [name, value] of uri.params.entries()) {
    if (name !== 'ob') parameters.push(value === undefined ? name : `${name}=${value.toLowerCase()}`);
  }
  return `c:${[`${uri.scheme}:${user}${uri.hostPort}`, ...parameters.sort()].join(';')}` as BindingKey;
}

type WantedContacts = ReadonlyMap<BindingKey, ContactChange | undefined>;

/** What each key shall become; undefined = removed by `*`. Two contacts of one instance in one request: the second goes by its URI. */
function wantedContacts(record: AorRecord, change: RegisterChange, nowMs: number): WantedContacts {
  const wanted = new Map<BindingKey, ContactChange | undefined>();
  if (change.contacts === '*') {
    for (const { key } of activeBindings(record, nowMs)) wanted.set(key, undefined);
    return wanted;
  }
  for (const contact of change.contacts) {
    const key = bindingKey(contact);
    wanted.set(wanted.has(key) ? contactKey(contact.uri) : key, contact);
  }
  return wanted;
}

function isRepeated(record: AorRecord, change: RegisterChange, wanted: WantedContacts): boolean {
  const isOurs = (element: BindingElement | undefined): element is BindingElement =>
    element !== undefined &&
    element.callId === change.callId &&
    element.cseq === change.cseq &&
    element.source === change.source;
  if (change.nonce !== undefined && usedCount(record, change.impi, change.nonce.id) !== change.nonce.nc)
    return false;
  if (change.contacts === '*') return wanted.size === 0 && [...record.bindings.values()].some(isOurs);
  for (const [key, contact] of wanted) {
    const element = record.bindings.get(key);
    if (!isOurs(element) || (element.removed === true) !== (contact?.expiresS === 0)) return false;
  }
  return wanted.size > 0;
}

/** The highest nonce count seen with a nonce, undefined when it was not used. */
function usedCount(record: AorRecord, impi: Impi, nonceId: string): number | undefined {
  const nonces = record.authentication.get(impi)?.nonces ?? {};
  return Object.hasOwn(nonces, nonceId) ? nonces[nonceId]?.nc : undefined;
}

function isOutOfOrder(
  record: AorRecord,
  change: RegisterChange,
  wanted: WantedContacts,
  nowMs: number,
): boolean {
  for (const key of wanted.keys()) {
    const element = record.bindings.get(key);
    if (element === undefined || element.callId !== change.callId || change.cseq > element.cseq) continue;
    // A tombstone guards as long as an older request may still be under way; a phone that restarts its CSeq later is served.
    if (isActive(element, nowMs) || (element.removed && stampMs(element.stamp) + LATE_REQUEST_MS > nowMs))
      return true;
  }
  return false;
}

function bindingOf(
  contact: ContactChange,
  change: RegisterChange,
  { stamp, nowMs, old }: { stamp: ElementStamp; nowMs: number; old: Binding | undefined },
): Binding {
  const { instance: _instance, regId: _regId, ...kept } = old ?? {};
  return {
    ...kept,
    stamp,
    contact: contact.uri,
    parameters: contact.parameters,
    ...(contact.instance === undefined ? {} : { instance: contact.instance }),
    ...(contact.regId === undefined ? {} : { regId: contact.regId }),
    path: change.path,
    callId: change.callId,
    cseq: change.cseq,
    expiresAtMs: nowMs + contact.expiresS * 1000,
    qMilli: contact.qMilli,
    impi: change.impi,
    userAgent: change.userAgent,
    source: change.source,
  };
}

function leftovers(
  record: AorRecord,
  change: RegisterChange,
  wanted: WantedContacts,
  nowMs: number,
): readonly KeyedBinding[] {
  if (change.replacesDeadFlow !== true || change.source === '') return [];
  return activeBindings(record, nowMs).filter(
    (binding) =>
      !wanted.has(binding.key) &&
      binding.instance === undefined &&
      binding.impi === change.impi &&
      binding.userAgent === change.userAgent &&
      binding.source !== change.source &&
      sourceHost(binding.source) === sourceHost(change.source),
  );
}

function sourceHost(source: string): string {
  return source.slice(source.indexOf(':') + 1, source.lastIndexOf(':'));
}

/** The histories with the nonce of this request in them, or undefined when it is a replay or too old to know. */
function rememberNonce(
  record: AorRecord,
  { impi, nonce }: RegisterChange,
  { nowMs, noncesMax }: { readonly nowMs: number; readonly noncesMax: number },
): ReadonlyMap<Impi, NonceHistory> | undefined {
  if (nonce === undefined) return record.authentication;
  const history = record.authentication.get(impi) ?? { nonces: {}, floorMs: 0 };
  const isReplay = nonce.nc <= (usedCount(record, impi, nonce.id) ?? 0);
  if (nonce.expiresAtMs <= history.floorMs || isReplay) return undefined;

  const uses = Object.entries({
    ...history.nonces,
    [nonce.id]: { nc: nonce.nc, expiresAtMs: nonce.expiresAtMs },
  });
  const newestFirst = uses.sort(([, a], [, b]) => b.expiresAtMs - a.expiresAtMs);
  // Nonces that have ended need no history: below the floor they are refused unseen, also by a node whose clock is behind.
  const endedMs = newestFirst.find(([, use]) => use.expiresAtMs <= nowMs)?.[1].expiresAtMs ?? 0;
  const floorMs = Math.max(history.floorMs, newestFirst[noncesMax]?.[1].expiresAtMs ?? 0, endedMs);
  const nonces = Object.fromEntries(newestFirst.filter(([, use]) => use.expiresAtMs > floorMs));
  return new Map(record.authentication).set(impi, { nonces, floorMs });
}
