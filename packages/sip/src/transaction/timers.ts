/** The three base timers of RFC 3261 §17.1.1.1; all others derive from them. */
export interface TimerProfile {
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t4Ms: number;
}

/** RFC 3261 Table 4. */
export const RFC_TIMERS: TimerProfile = { t1Ms: 500, t2Ms: 4_000, t4Ms: 5_000 };
/** Towards a UE on a cellular access, TS 24.229 Table 7.7.1. */
export const CELLULAR_TIMERS: TimerProfile = { t1Ms: 2_000, t2Ms: 16_000, t4Ms: 17_000 };

/** Retransmission timers: first value T1, then doubling (A without a cap, E and G up to T2). */
export type RetransmitTimer = 'timer-a' | 'timer-e' | 'timer-g';
/** Timers that end a state. */
export type LifetimeTimer =
  | 'timer-b'
  | 'timer-d'
  | 'timer-f'
  | 'timer-h'
  | 'timer-i'
  | 'timer-j'
  | 'timer-k'
  | 'timer-l'
  | 'timer-m';

/**
 * How long a lifetime timer runs, ms (RFC 3261 Table 4; L and M by RFC 6026 §7). 0 on a reliable transport where only stray
 * retransmissions were to be absorbed.
 */
export function lifetimeMs(timer: LifetimeTimer, profile: TimerProfile, reliable: boolean): number {
  switch (timer) {
    case 'timer-b':
    case 'timer-f':
    case 'timer-h':
    case 'timer-l':
    case 'timer-m':
      return 64 * profile.t1Ms;
    case 'timer-d': // at least 32 s on unreliable transports
      return reliable ? 0 : Math.max(32_000, 64 * profile.t1Ms);
    case 'timer-j':
      return reliable ? 0 : 64 * profile.t1Ms;
    case 'timer-i':
    case 'timer-k':
      return reliable ? 0 : profile.t4Ms;
  }
}

/** The interval after `previousMs` of a retransmission timer; `previousMs` 0 asks for the first. */
export function nextRetransmitMs(timer: RetransmitTimer, previousMs: number, profile: TimerProfile): number {
  if (previousMs === 0) return profile.t1Ms;
  const doubled = previousMs * 2;
  return timer === 'timer-a' ? doubled : Math.min(doubled, profile.t2Ms);
}
