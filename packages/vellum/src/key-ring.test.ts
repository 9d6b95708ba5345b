import type { KeyedSecret } from '@clearwater/platform';
import { createTestPlatform } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { openEmbeddedVellum } from './embedded/embedded-vellum.ts';
import { SharedKeyRing } from './key-ring.ts';
import type { SharedConfig } from './ports/shared-config.ts';

const DAY_S = 86_400;
const OPTIONS = { name: '/keys/test', rotateAfterS: DAY_S, graceS: DAY_S };

async function createStore() {
  const { platform, clock, log } = createTestPlatform();
  const { sharedConfig } = await openEmbeddedVellum({ directory: ':memory:', platform });
  const store = { isAway: false };
  const flaky: SharedConfig = {
    ...sharedConfig,
    read: async (key) => (store.isAway ? { tag: 'unavailable', reason: 'test' } : sharedConfig.read(key)),
    compareAndSet: (key, version, value) => sharedConfig.compareAndSet(key, version, value),
  };
  const open = () => SharedKeyRing.open(flaky, platform, OPTIONS);
  return { open, clock, log, store };
}

const ids = (keys: readonly KeyedSecret[]): number[] => keys.map(({ id }) => id);

test('a key ring is made once, and every node that opens it gets the same', async () => {
  const { open } = await createStore();
  const [first, second] = await Promise.all([open(), open()]);
  expect(first.current.secret).toHaveLength(32);
  expect(second.current).toEqual(first.current);
  expect(first.previous).toEqual([]);
});

test('a running ring announces a new key before it uses it, serves the old one for its grace, then forgets it', async () => {
  const { open, clock } = await createStore();
  const ring = await open();
  const first = ring.current;
  await ring.start();
  await clock.advance(DAY_S * 1_000 + 60_000);
  expect([ring.current, ids(ring.previous)]).toEqual([first, [1]]);
  await clock.advance(1_800_000);
  expect([ring.current.id, ids(ring.previous)]).toEqual([1, [0]]);
  await clock.advance(DAY_S * 1_000);
  expect([ring.current.id, ids(ring.previous)]).toEqual([2, [1, 0]]);
  await clock.advance(DAY_S * 1_000);
  expect([ring.current.id, ids(ring.previous)]).toEqual([3, [2, 1]]);
  await ring.stop();
  expect(clock.pendingTimerCount).toBe(0);
});

test('two nodes never make a token that the other does not accept', async () => {
  const { open, clock } = await createStore();
  const one = await open();
  await clock.advance(300_000); // they reload at different times
  const two = await open();
  await one.start();
  await clock.advance(250_000);
  await two.start();
  for (let step = 0; step < 400; step += 1) {
    await clock.advance(DAY_S * 10);
    for (const [maker, reader] of [[one, two] as const, [two, one] as const]) {
      expect(ids([reader.current, ...reader.previous])).toContain(maker.current.id);
    }
  }
});

test('while shared config is away the keys at hand go on; without any the ring does not open', async () => {
  const { open, clock, log, store } = await createStore();
  store.isAway = true;
  await expect(open()).rejects.toMatchObject({ code: 'key-ring.unavailable' });
  store.isAway = false;
  const ring = await open();
  const { current } = ring;
  await ring.start();
  store.isAway = true;
  await clock.advance(2 * DAY_S * 1_000);
  expect(ring.current).toEqual(current);
  expect(log.lines.some(({ event }) => event === 'key-ring.not-reloaded')).toBe(true);
});
