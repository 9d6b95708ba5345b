/**
 * Time as a port. Protocol logic never reads `Date` or calls `setTimeout`; it is handed a `Clock`, so that a
 * simulated deployment runs under one fake clock and replays from a seed.
 */
export interface Clock {
  /** Wall-clock time in epoch milliseconds. May step; use it only for what is written down (expiry times). */
  now(): number;
  /** Milliseconds since an arbitrary origin; never steps back. Use it for durations and deadlines. */
  monotonic(): number;
  /**
   * Calls `callback` once, no earlier than `delayMs` (≥ 0, finite) from now. The real adapter is a timer wheel of
   * 10 ms ticks: late by at most one tick when the event loop is idle.
   */
  startTimer(delayMs: number, callback: () => void): Timer;
}

/** A running timer. `cancel` is idempotent and harmless after the callback ran. */
export interface Timer {
  cancel(): void;
}
