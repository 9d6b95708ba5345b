import { AppError, type Clock, type Random } from '@clearwater/platform';
import type { SharedConfig } from './ports/shared-config.ts';

/** A secret and the small number by which tokens name it. */
export interface RingKey {
  /** 0 to 255. */
  readonly id: number;
  readonly secret: Buffer;
}

/** Tokens are made with `current`; those made with `previous` ones are still accepted. */
export interface KeyRing {
  readonly current: RingKey;
  readonly previous: readonly RingKey[];
}

export interface KeyRingOptions {
  /** Key in shared config, e.g. `/keys/flow-token`. */
  readonly name: string;
  /** A current key older than this is replaced at the next load. */
  readonly rotateAfterS: number;
  /** How long a replaced key is accepted: at least the life of the longest token. */
  readonly graceS: number;
}

interface StoredKey {
  readonly id: number;
  readonly secret: string;
  readonly madeAtMs: number;
}

const SECRET_BYTES = 32;
const ATTEMPTS_MAX = 5;

/**
 * Loads the key ring that all nodes of a deployment share, making or rotating it when it is time. Two nodes that do so at once agree by
 * compare-and-set. Rejects with `key-ring.unavailable` when shared config cannot be read or written.
 */
export async function loadKeyRing(
  sharedConfig: SharedConfig,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  options: KeyRingOptions,
): Promise<KeyRing> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const read = await sharedConfig.read(options.name);
    if (read.tag === 'unavailable') throw unavailable(options.name, read.reason);
    const stored = read.tag === 'found' ? (JSON.parse(read.value.value) as StoredKey[]) : [];
    const wanted = rotated(stored, clock.now(), random, options);
    if (wanted === stored) return ringOf(stored);
    const version = read.tag === 'found' ? read.value.version : 0;
    const write = await sharedConfig.compareAndSet(options.name, version, JSON.stringify(wanted));
    if (write.tag === 'stored') return ringOf(wanted);
    if (write.tag === 'unavailable') throw unavailable(options.name, write.reason);
  }
  throw unavailable(options.name, 'contended');
}

/** The keys as they should be now, newest first; the same array when nothing is to be done. */
function rotated(
  keys: readonly StoredKey[],
  nowMs: number,
  random: Random,
  { rotateAfterS, graceS }: KeyRingOptions,
): readonly StoredKey[] {
  const [newest] = keys;
  if (newest !== undefined && nowMs - newest.madeAtMs < rotateAfterS * 1_000) return keys;
  const made: StoredKey = {
    id: newest === undefined ? 0 : (newest.id + 1) % 256,
    secret: random.bytes(SECRET_BYTES).toString('base64'),
    madeAtMs: nowMs,
  };
  // A key went out of use when the next newer one was made.
  const accepted = keys.filter((_, i) => i === 0 || nowMs - (keys[i - 1]?.madeAtMs ?? 0) < graceS * 1_000);
  return [made, ...accepted];
}

function ringOf(keys: readonly StoredKey[]): KeyRing {
  const [current, ...previous] = keys.map(({ id, secret }) => ({
    id,
    secret: Buffer.from(secret, 'base64'),
  }));
  if (current === undefined) throw unavailable('key ring', 'empty');
  return { current, previous };
}

function unavailable(name: string, reason: string): AppError {
  return new AppError('key-ring.unavailable', {
    origin: 'upstream',
    retry: 'same-peer',
    detail: { name, reason },
  });
}
