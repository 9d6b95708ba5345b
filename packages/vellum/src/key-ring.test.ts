import { createTestPlatform } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { openEmbeddedVellum } from './embedded/embedded-vellum.ts';
import { loadKeyRing } from './key-ring.ts';

const WEEK_S = 604_800;
const OPTIONS = { name: '/keys/test', rotateAfterS: WEEK_S, graceS: WEEK_S };

async function createStore() {
  const { platform, clock } = createTestPlatform();
  const vellum = await openEmbeddedVellum({ directory: ':memory:', platform });
  return { load: () => loadKeyRing(vellum.sharedConfig, platform, OPTIONS), clock };
}

test('a key ring is made once, and every node that loads it gets the same', async () => {
  const { load } = await createStore();
  const [first, second] = await Promise.all([load(), load()]);
  expect(first.current.secret).toHaveLength(32);
  expect(second).toEqual(first);
  expect(first.previous).toEqual([]);
});

test('an old key is replaced, served during its grace, and then forgotten', async () => {
  const { load, clock } = await createStore();
  const first = await load();
  await clock.advance(WEEK_S * 1_000);
  const second = await load();
  expect(second.current.id).toBe(1);
  expect(second.previous).toEqual([first.current]);
  await clock.advance(WEEK_S * 1_000);
  const third = await load();
  expect(third.previous).toEqual([second.current]);
});

test('shared config that is away is an error, not a new key', async () => {
  const { platform } = createTestPlatform();
  const away = { tag: 'unavailable', reason: 'test' } as const;
  const sharedConfig = {
    read: async () => away,
    list: async () => away,
    compareAndSet: async () => away,
    watch: () => ({ stop: () => undefined }),
  };
  await expect(loadKeyRing(sharedConfig as never, platform, OPTIONS)).rejects.toMatchObject({
    code: 'key-ring.unavailable',
  });
});
