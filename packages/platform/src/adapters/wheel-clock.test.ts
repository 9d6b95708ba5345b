import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type TimeSource, WheelClock } from './wheel-clock.ts';

/** A process whose time moves by hand; at most one wake-up is outstanding. */
class ManualSource implements TimeSource {
  nowMs = 1_000.4;
  wakeAtMs: number | undefined;
  wakeCount = 0;
  #wake: (() => void) | undefined;

  now(): number {
    return 5_000_000 + this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  wakeAfter(delayMs: number, wake: () => void): () => void {
    expect(this.wakeAtMs).toBeUndefined();
    this.wakeAtMs = this.nowMs + delayMs;
    this.#wake = wake;
    return () => {
      this.wakeAtMs = undefined;
    };
  }

  /** Time passes, and the event loop comes round whenever it was asked to, `latenessMs` late. */
  advance(durationMs: number, latenessMs = 0): void {
    const endMs = this.nowMs + durationMs;
    while (this.wakeAtMs !== undefined && this.wakeAtMs + latenessMs <= endMs) {
      this.nowMs = this.wakeAtMs + latenessMs;
      this.wakeAtMs = undefined;
      this.wakeCount += 1;
      this.#wake?.();
    }
    this.nowMs = endMs;
  }
}

test('a timer fires never early and at most one tick late, near and many revolutions away', () => {
  const delaysMs = [0, 1, 9.5, 10, 500, 32_000, 40_950, 40_960, 41_000, 300_000, 3_600_000];
  const source = new ManualSource();
  const clock = new WheelClock(source);
  const startMs = source.nowMs;
  const lateMs = new Map<number, number>();
  for (const delayMs of delaysMs)
    clock.startTimer(delayMs, () => lateMs.set(delayMs, source.nowMs - startMs - delayMs));
  source.advance(3_700_000);
  expect([...lateMs.keys()]).toEqual(delaysMs);
  for (const [delayMs, late] of lateMs) expect([delayMs, late >= 0 && late <= 11]).toEqual([delayMs, true]);
  expect([clock.timerCount, source.wakeAtMs]).toEqual([0, undefined]);
  expect(source.wakeCount).toBeLessThan(200); // it sleeps while nothing is near
});

test('whatever is started and cancelled, the rest fires in order of its tick and nothing is left', () => {
  const step = fc.record({
    delayMs: fc.integer({ min: 0, max: 90_000 }),
    isCancelled: fc.boolean(),
    pauseMs: fc.integer({ min: 0, max: 3_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 200 }), (steps, latenessMs) => {
      const source = new ManualSource();
      const clock = new WheelClock(source);
      const fired: number[] = [];
      let wantedCount = 0;
      for (const { delayMs, isCancelled, pauseMs } of steps) {
        const dueMs = source.nowMs + delayMs;
        let isCancelledYet = false;
        const timer = clock.startTimer(delayMs, () => {
          expect([isCancelledYet, source.nowMs >= dueMs]).toEqual([false, true]);
          fired.push(Math.ceil(dueMs / 10));
        });
        source.advance(pauseMs, latenessMs);
        if (isCancelled && source.nowMs < dueMs) {
          isCancelledYet = true;
          timer.cancel();
          timer.cancel();
        } else wantedCount += 1;
      }
      source.advance(100_000, latenessMs);
      expect(fired.length).toBe(wantedCount);
      expect([clock.timerCount, source.wakeAtMs]).toEqual([0, undefined]);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('callbacks may cancel and start timers of their own tick; after a long stall all that is due fires in order', () => {
  const source = new ManualSource();
  const clock = new WheelClock(source);
  const fired: string[] = [];
  clock.startTimer(50, () => {
    fired.push('first');
    second.cancel();
    clock.startTimer(0, () => fired.push('started by first'));
  });
  const second = clock.startTimer(50, () => fired.push('cancelled'));
  clock.startTimer(45_000, () => fired.push('far'));
  clock.startTimer(60, () => fired.push('third'));
  source.advance(200_000, 50_000);
  expect(fired).toEqual(['first', 'third', 'far', 'started by first']);
});
