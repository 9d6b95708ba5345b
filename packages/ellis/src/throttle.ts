import { type Clock, RecentMap } from '@clearwater/platform';

/** A token bucket: `burst` at once, then `ratePerS` a second. */
export interface ThrottleLimit {
  readonly ratePerS: number;
  readonly burst: number;
}

/** Undefined when admitted, else how long to wait, in whole seconds (≥ 1): the Retry-After of the refusal. */
export type RetryAfterS = number | undefined;

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/**
 * Token buckets by key (an e-mail, a source address), at most `keyCountMax` of them. Past that the key unused for longest is
 * forgotten, so a flood of invented keys costs no memory; what it could win by that is what a global throttle beside it bounds.
 */
export class Throttle {
  readonly #limit: ThrottleLimit;
  readonly #clock: Clock;
  readonly #buckets: RecentMap<Bucket>;

  constructor(limit: ThrottleLimit, clock: Clock, keyCountMax = 10_000) {
    this.#limit = limit;
    this.#clock = clock;
    this.#buckets = new RecentMap(keyCountMax);
  }

  /** Takes one token of `key`; a refusal takes none. */
  admit(key = ''): RetryAfterS {
    const { ratePerS, burst } = this.#limit;
    const atMs = this.#clock.monotonic();
    const seen = this.#buckets.get(key) ?? { tokens: burst, atMs };
    const tokens = Math.min(burst, seen.tokens + ((atMs - seen.atMs) / 1_000) * ratePerS);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs });
    return tokens >= 1 ? undefined : Math.max(1, Math.ceil((1 - tokens) / ratePerS));
  }

  /** Gives `key` its full burst back: what was throttled turned out to be legitimate. */
  forgive(key = ''): void {
    this.#buckets.delete(key);
  }
}
