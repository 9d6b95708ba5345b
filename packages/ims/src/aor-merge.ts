import type { AorRecord, NonceHistory, NonceUse } from './aor-record.ts';
import type { ElementStamp } from './element-stamp.ts';

/**
 * Joins two copies of a record, element by element: the later stamp wins, of equal stamps a tombstone does (a binding ended by time
 * keeps its stamp). Nonce counts and the timer sequence join by maximum. Commutative, associative and idempotent.
 */
export function mergeRecords(a: AorRecord, b: AorRecord): AorRecord {
  return {
    bindings: mergeMaps(a.bindings, b.bindings, laterElement),
    subscriptions: mergeMaps(a.subscriptions, b.subscriptions, laterElement),
    authentication: mergeMaps(a.authentication, b.authentication, mergeHistories),
    registration: mergeOptional(a.registration, b.registration),
    timerSequence: Math.max(a.timerSequence, b.timerSequence),
    extra: mergeExtra(a.extra, b.extra),
  };
}

function mergeMaps<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
  merge: (a: V, b: V) => V,
): ReadonlyMap<K, V> {
  if (b.size === 0) return a;
  const merged = new Map(a);
  for (const [key, value] of b) {
    const other = merged.get(key);
    merged.set(key, other === undefined ? value : merge(other, value));
  }
  return merged;
}

interface Element {
  readonly stamp: ElementStamp;
  readonly removed?: true;
}

function laterElement<E extends Element>(a: E, b: E): E {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp ? a : b;
  if (a.removed !== b.removed) return a.removed === true ? a : b;
  return greaterText(a, b); // two writers cannot make one stamp; if they did, all copies still agree
}

function mergeOptional<E extends Element>(a: E | undefined, b: E | undefined): E | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return laterElement(a, b);
}

function mergeHistories(a: NonceHistory, b: NonceHistory): NonceHistory {
  const floorMs = Math.max(a.floorMs, b.floorMs);
  const nonces: Record<string, NonceUse> = {};
  for (const history of [a, b]) {
    for (const [id, use] of Object.entries(history.nonces)) {
      if (use.expiresAtMs <= floorMs) continue;
      const other = Object.hasOwn(nonces, id) ? nonces[id] : undefined;
      nonces[id] = {
        nc: Math.max(use.nc, other?.nc ?? 0),
        expiresAtMs: Math.max(use.expiresAtMs, other?.expiresAtMs ?? 0),
      };
    }
  }
  return { nonces, floorMs };
}

function mergeExtra(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    merged[name] = Object.hasOwn(merged, name) ? greaterText(merged[name], value) : value;
  }
  return merged;
}

/** Any total order will do, as long as every node has the same. */
function greaterText<T>(a: T, b: T): T {
  return canonicalText(a) >= canonicalText(b) ? a : b;
}

function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([x], [y]) => (x < y ? -1 : 1)))
      : part,
  );
}
