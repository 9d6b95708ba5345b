import { createTestPlatform, type FakeClock } from '@clearwater/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createVersion, type RecordVersion } from '../ports/records.ts';
import { type Pop, type PopOutcome, TIMER_OPAQUE_BYTES_MAX, type TimerSpec } from '../ports/timers.ts';
import { adapters, type VellumUnderTest } from '../testing/contract-adapters.ts';

const DONE: PopOutcome = { tag: 'done' };

describe.each(adapters)('timers: $name', ({ open }) => {
  let vellum: VellumUnderTest<FakeClock>;
  let pops: (Pop & { readonly atMs: number })[];
  let answer: (pop: Pop) => Promise<PopOutcome>;
  let startMs: number;
  const spec = (id: string, dueInMs: number, order: number): TimerSpec => ({
    id,
    dueAtMs: startMs + dueInMs,
    kind: 'test',
    opaque: `opaque of ${id}`,
    order: version(order),
  });
  const popTimes = (): readonly number[] => pops.map((pop) => pop.atMs);

  beforeEach(async () => {
    vellum = await open(createTestPlatform());
    startMs = vellum.clock.now();
    pops = [];
    answer = async () => DONE;
    vellum.timers.onPop('test', (pop) => {
      pops.push({ ...pop, atMs: vellum.clock.now() - startMs });
      return answer(pop);
    });
    await vellum.start();
  });
  afterEach(() => vellum.stop());

  test('a timer pops once, when it is due, with what was given along', async () => {
    expect(await vellum.timers.set(spec('a', 5000, 1))).toEqual({ tag: 'stored' });
    expect(await vellum.timers.set(spec('past', -1000, 1))).toEqual({ tag: 'stored' });
    await vellum.clock.advance(4999);
    expect(pops.map((pop) => pop.id)).toEqual(['past']);
    await vellum.clock.advance(120_000);
    expect(pops).toHaveLength(2);
    expect(pops[1]).toMatchObject({ id: 'a', opaque: 'opaque of a', dueAtMs: startMs + 5000, atMs: 5000 });
  });

  test('the higher order wins, on a tie the earlier due', async () => {
    await vellum.timers.set(spec('later', 1000, 5));
    expect(await vellum.timers.set(spec('later', 3000, 6))).toEqual({ tag: 'stored' });
    await vellum.timers.set(spec('stale', 2000, 5));
    expect(await vellum.timers.set(spec('stale', 100, 4))).toEqual({ tag: 'superseded' });
    await vellum.timers.set(spec('tie', 4000, 5));
    expect(await vellum.timers.set(spec('tie', 9000, 5))).toEqual({ tag: 'superseded' });
    expect(await vellum.timers.set(spec('tie', 1500, 5))).toEqual({ tag: 'stored' });
    await vellum.clock.advance(60_000);
    expect(pops.map((pop) => [pop.id, pop.atMs])).toEqual([
      ['tie', 1500],
      ['stale', 2000],
      ['later', 3000],
    ]);
  });

  test('orders compare as numbers, epoch first', async () => {
    await vellum.timers.set({ ...spec('a', 1000, 1), order: createVersion(9, 100) });
    expect(await vellum.timers.set({ ...spec('a', 2000, 1), order: createVersion(10, 9) })).toEqual({
      tag: 'stored',
    });
    await vellum.clock.advance(5000);
    expect(popTimes()).toEqual([2000]);
  });

  test('a cancelled timer never pops, and comes back only with a higher order', async () => {
    await vellum.timers.set(spec('a', 1000, 5));
    expect(await vellum.timers.cancel('a', version(4))).toEqual({ tag: 'superseded' });
    expect(await vellum.timers.cancel('a', version(5))).toEqual({ tag: 'stored' });
    expect(await vellum.timers.cancel('a', version(5))).toEqual({ tag: 'stored' });
    expect(await vellum.timers.set(spec('a', 1000, 5))).toEqual({ tag: 'superseded' });
    expect(await vellum.timers.cancel('never seen', version(1))).toEqual({ tag: 'stored' });
    expect(await vellum.timers.set(spec('never seen', 100, 1))).toEqual({ tag: 'superseded' });
    await vellum.clock.advance(5000);
    expect(pops).toEqual([]);
    expect(await vellum.timers.set(spec('a', 6000, 6))).toEqual({ tag: 'stored' });
    await vellum.clock.advance(5000);
    expect(popTimes()).toEqual([6000]);
  });

  test('an early pop arms the timer anew, under a new sequence number, even at the order it had', async () => {
    answer = async (pop) =>
      pops.length === 1
        ? { tag: 'again', dueAtMs: startMs + 8000, order: version(pop.dueAtMs > 0 ? 5 : 0) }
        : DONE;
    await vellum.timers.set(spec('a', 1000, 5));
    await vellum.clock.advance(60_000);
    expect(popTimes()).toEqual([1000, 8000]);
    expect(pops[1]?.sequence).toBeGreaterThan(pops[0]?.sequence ?? Number.NaN);
  });

  test('a pop that failed is tried again after 0.5 s, doubling to 30 s, as the same pop, until it is done', async () => {
    const failures: readonly (() => Promise<PopOutcome>)[] = [
      () => Promise.reject(new Error('a bug')),
      async () => ({ tag: 'unavailable', reason: 'store' }),
      () => {
        throw new Error('a bug before the first await');
      },
    ];
    answer = () =>
      (failures[pops.length - 1] ?? (pops.length < 10 ? failures[1] : undefined))?.() ??
      Promise.resolve(DONE);
    await vellum.timers.set(spec('a', 0, 1));
    await vellum.clock.advance(600_000);
    const gaps = popTimes()
      .slice(1)
      .map((atMs, index) => atMs - (popTimes()[index] ?? 0));
    expect(gaps).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(new Set(pops.map((pop) => pop.sequence)).size).toBe(1);
  });

  test('a receiver that does not answer in 5 s is asked again, and its late answer counts for nothing', async () => {
    const late = Promise.withResolvers<PopOutcome>();
    answer = () => (pops.length === 1 ? late.promise : Promise.resolve(DONE));
    await vellum.timers.set(spec('a', 0, 1));
    await vellum.clock.advance(5000);
    late.resolve({ tag: 'again', dueAtMs: startMs + 6000, order: version(9) });
    await vellum.clock.advance(60_000);
    expect(popTimes()).toEqual([0, 5500]);
  });

  test('what happens during a pop outlives it: a newer timer stays armed, a cancelled one is not tried again', async () => {
    answer = async (pop) => {
      if (pops.length > 2) return DONE;
      if (pop.id === 'set') await vellum.timers.set(spec('set', 3000, 7));
      else await vellum.timers.cancel('cancelled', version(5));
      return pop.id === 'set' ? DONE : { tag: 'unavailable', reason: 'store' };
    };
    await vellum.timers.set(spec('set', 1000, 5));
    await vellum.timers.set(spec('cancelled', 1500, 5));
    await vellum.clock.advance(60_000);
    expect(pops.map((pop) => [pop.id, pop.atMs])).toEqual([
      ['set', 1000],
      ['cancelled', 1500],
      ['set', 3000],
    ]);
    expect(pops[2]?.sequence).not.toBe(pops[0]?.sequence);
  });

  test('a timer made again after its pop has another sequence number', async () => {
    await vellum.timers.set(spec('a', 0, 1));
    await vellum.clock.advance(1000);
    await vellum.timers.set(spec('a', 0, 2));
    await vellum.clock.advance(1000);
    expect(pops[0]?.sequence).not.toBe(pops[1]?.sequence);
  });

  test('a thousand timers due at once all pop within a second, in bounded numbers at a time', async () => {
    let underWay = 0;
    let underWayMax = 0;
    answer = () =>
      new Promise((resolve) => {
        underWay += 1;
        underWayMax = Math.max(underWayMax, underWay);
        vellum.clock.startTimer(20, () => {
          underWay -= 1;
          resolve(DONE);
        });
      });
    const ids = Array.from({ length: 1000 }, (_, index) => `timer ${index}`);
    await Promise.all(ids.map((id) => vellum.timers.set(spec(id, 1000, 1))));
    await vellum.clock.advance(2000);
    expect(new Set(pops.map((pop) => pop.id)).size).toBe(1000);
    expect(pops).toHaveLength(1000);
    expect(underWayMax).toBeLessThanOrEqual(128);
  });

  test('a kind nobody listens to is kept until somebody does', async () => {
    await vellum.timers.set({ ...spec('a', 0, 1), kind: 'unheard' });
    await vellum.clock.advance(1000);
    const heard: string[] = [];
    vellum.timers.onPop('unheard', async (pop) => {
      heard.push(pop.id);
      return DONE;
    });
    await vellum.clock.advance(10_000);
    expect(heard).toEqual(['a']);
  });

  test('what is too large is refused', async () => {
    const opaque = 'x'.repeat(TIMER_OPAQUE_BYTES_MAX + 1);
    const tooLarge = { tag: 'unavailable', reason: 'too-large' };
    expect(await vellum.timers.set({ ...spec('a', 0, 1), opaque })).toEqual(tooLarge);
    expect(await vellum.timers.set(spec('i'.repeat(1025), 0, 1))).toEqual(tooLarge);
    expect(await vellum.timers.cancel('i'.repeat(1025), version(1))).toEqual(tooLarge);
  });
});

function version(n: number): RecordVersion {
  return createVersion(1, n);
}
