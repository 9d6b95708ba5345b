import {
  AppError,
  type KeyedSecret,
  type KeyRing,
  type Platform,
  type ServicePart,
  type Timer,
} from '@clearwater/platform';
import type { SharedConfig } from './ports/shared-config.ts';

export interface KeyRingOptions {
  /** Key in shared config, e.g. `/keys/flow`. */
  readonly name: string;
  /** A newest key older than this gets a successor. */
  readonly rotateAfterS: number;
  /** How long a key that has a successor is accepted: at least the life of the longest token. */
  readonly graceS: number;
}

type KeyRingPlatform = Pick<Platform, 'clock' | 'random' | 'log'>;

interface StoredKey {
  readonly id: number;
  readonly secret: string;
  readonly madeAtMs: number;
}

const SECRET_BYTES = 32;
const ATTEMPTS_MAX = 5;
const RELOAD_MS = 600_000;
/** A new key makes tokens only when every node has read it: by then each has reloaded twice. */
const ANNOUNCED_MS = 2 * RELOAD_MS;

/**
 * The key ring that all nodes of a deployment share in shared config, made when there is none and rotated while it runs. Two nodes that
 * rotate at once agree by compare-and-set. While shared config is away the keys at hand go on.
 */
export class SharedKeyRing implements KeyRing, ServicePart {
  readonly name: string;
  readonly #sharedConfig: SharedConfig;
  readonly #platform: KeyRingPlatform;
  readonly #options: KeyRingOptions;
  #keys: readonly StoredKey[];
  #ring: KeyRing;
  #timer: Timer | undefined;

  private constructor(
    sharedConfig: SharedConfig,
    platform: KeyRingPlatform,
    options: KeyRingOptions,
    keys: readonly StoredKey[],
  ) {
    this.name = `key-ring ${options.name}`;
    this.#sharedConfig = sharedConfig;
    this.#platform = platform;
    this.#options = options;
    this.#keys = keys;
    this.#ring = ringOf(keys, platform.clock.now());
  }

  /** Rejects with `key-ring.unavailable` when shared config cannot be read or written. */
  static async open(
    sharedConfig: SharedConfig,
    platform: KeyRingPlatform,
    options: KeyRingOptions,
  ): Promise<SharedKeyRing> {
    const keys = await loadKeys(sharedConfig, platform, options);
    return new SharedKeyRing(sharedConfig, platform, options, keys);
  }

  get current(): KeyedSecret {
    return this.#ring.current;
  }

  get previous(): readonly KeyedSecret[] {
    return this.#ring.previous;
  }

  async start(): Promise<void> {
    this.#timer = this.#platform.clock.startTimer(RELOAD_MS, () => void this.#reload());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #reload(): Promise<void> {
    const { clock, log } = this.#platform;
    try {
      this.#keys = await loadKeys(this.#sharedConfig, this.#platform, this.#options);
    } catch (error) {
      log.warn('key-ring.not-reloaded', { name: this.#options.name, error });
    }
    this.#ring = ringOf(this.#keys, clock.now());
    this.#timer &&= clock.startTimer(RELOAD_MS, () => void this.#reload());
  }
}

async function loadKeys(
  sharedConfig: SharedConfig,
  { clock, random }: KeyRingPlatform,
  options: KeyRingOptions,
): Promise<readonly StoredKey[]> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const read = await sharedConfig.read(options.name);
    if (read.tag === 'unavailable') throw unavailable(options.name, read.reason);
    const stored = read.tag === 'found' ? (JSON.parse(read.value.value) as StoredKey[]) : [];
    const nowMs = clock.now();
    const wanted = rotated(stored, nowMs, options, () => random.bytes(SECRET_BYTES));
    if (wanted === stored) return stored;
    const version = read.tag === 'found' ? read.value.version : 0;
    const write = await sharedConfig.compareAndSet(options.name, version, JSON.stringify(wanted));
    if (write.tag === 'stored') return wanted;
    if (write.tag === 'unavailable') throw unavailable(options.name, write.reason);
  }
  throw unavailable(options.name, 'contended');
}

/** The keys as they should be now, newest first; the same array when nothing is to be done. */
function rotated(
  keys: readonly StoredKey[],
  nowMs: number,
  { rotateAfterS, graceS }: KeyRingOptions,
  newSecret: () => Buffer,
): readonly StoredKey[] {
  const [newest] = keys;
  if (newest !== undefined && nowMs - newest.madeAtMs < rotateAfterS * 1_000) return keys;
  const id = newest === undefined ? 0 : (newest.id + 1) % 256;
  const made: StoredKey = { id, secret: newSecret().toString('base64'), madeAtMs: nowMs };
  // A key went out of use when the next newer one had been announced.
  const outOfUseAtMs = (i: number): number => (keys[i - 1]?.madeAtMs ?? nowMs) + ANNOUNCED_MS;
  return [made, ...keys.filter((_, i) => nowMs < outOfUseAtMs(i) + graceS * 1_000)];
}

/** The newest key that was announced long enough makes tokens; the very first key at once. */
function ringOf(keys: readonly StoredKey[], nowMs: number): KeyRing {
  const announced = keys.findIndex(({ madeAtMs }) => nowMs - madeAtMs >= ANNOUNCED_MS);
  const use = announced < 0 ? keys.length - 1 : announced;
  const ring = keys.map(({ id, secret }) => ({ id, secret: Buffer.from(secret, 'base64') }));
  const current = ring[use];
  if (current === undefined) throw unavailable('key ring', 'empty');
  return { current, previous: ring.filter((_, i) => i !== use) };
}

function unavailable(name: string, reason: string): AppError {
  return new AppError('key-ring.unavailable', {
    origin: 'upstream',
    retry: 'same-peer',
    detail: { name, reason },
  });
}
