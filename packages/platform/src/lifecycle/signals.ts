import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Lifecycle } from './lifecycle.ts';

/** The part of `process` that is needed here. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: (signal: 'SIGTERM' | 'SIGINT') => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: (signal: 'SIGTERM' | 'SIGINT') => void): unknown;
  exit(code: number): void;
}

export interface SignalOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly drainMaxS: number;
  /** The process, by default. */
  readonly source?: SignalSource;
}

/** ^C reaches a whole process group, and a wrapper may pass it on once more: signals this close together are one. */
const SECOND_SIGNAL_AFTER_MS = 1_000;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };

/**
 * SIGTERM or SIGINT drains for at most `drainMaxS` seconds, stops and exits with 0; another signal at least 1 s after the first exits at
 * once with 130 or 143. Call it before the parts start, so that a signal during the start is orderly too. Returns what undoes it.
 */
export function superviseSignals(lifecycle: Lifecycle, options: SignalOptions): () => void {
  const { clock, log, drainMaxS, source = process } = options;
  let firstAtMs: number | undefined;
  const onSignal = (signal: 'SIGTERM' | 'SIGINT'): void => {
    const nowMs = clock.monotonic();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      log.info('lifecycle.draining', { signal, drainMaxS });
      lifecycle.shutdown(drainMaxS * 1_000).then(
        () => source.exit(0),
        () => source.exit(1),
      );
    } else if (nowMs - firstAtMs >= SECOND_SIGNAL_AFTER_MS) {
      source.exit(EXIT_CODES[signal]);
    }
  };
  source.on('SIGTERM', onSignal);
  source.on('SIGINT', onSignal);
  return () => {
    source.off('SIGTERM', onSignal);
    source.off('SIGINT', onSignal);
  };
}
