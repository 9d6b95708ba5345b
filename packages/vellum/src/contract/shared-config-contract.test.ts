import { createTestPlatform, type FakeClock } from '@clearwater/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConfigChange } from '../ports/shared-config.ts';
import { adapters, foundValue, type VellumUnderTest } from '../testing/contract-adapters.ts';

describe.each(adapters)('shared config: $name', ({ open }) => {
  let vellum: VellumUnderTest<FakeClock>;
  beforeEach(async () => {
    vellum = await open(createTestPlatform());
  });
  afterEach(() => vellum.stop());

  test('a key is made, changed and removed by whoever knows its version, which goes on rising', async () => {
    const { sharedConfig } = vellum;
    expect(await sharedConfig.read('/a')).toEqual({ tag: 'absent' });
    expect(await sharedConfig.compareAndSet('/a', 3, 'x')).toEqual({ tag: 'conflict' });
    expect(await sharedConfig.compareAndSet('/a', 0, 'x')).toEqual({ tag: 'stored', version: 1 });
    expect(await sharedConfig.compareAndSet('/a', 0, 'y')).toEqual({ tag: 'conflict' });
    expect(await sharedConfig.compareAndSet('/a', 1, 'y')).toEqual({ tag: 'stored', version: 2 });
    expect(await sharedConfig.compareAndSet('/a', 2, undefined)).toEqual({ tag: 'stored', version: 3 });
    expect(await sharedConfig.read('/a')).toEqual({ tag: 'absent' });
    expect(await sharedConfig.compareAndSet('/a', 2, 'z')).toEqual({ tag: 'conflict' });
    expect(await sharedConfig.compareAndSet('/a', 0, 'z')).toMatchObject({ tag: 'stored', version: 4 });
    expect(foundValue(await sharedConfig.read('/a'))).toEqual({ key: '/a', value: 'z', version: 4 });
    expect(await sharedConfig.compareAndSet('/b', 0, 'x'.repeat(1024 * 1024 + 1))).toMatchObject({
      tag: 'unavailable',
    });
  });

  test('a watch reports what is there and every change under its prefix, and nothing once closed', async () => {
    const { sharedConfig } = vellum;
    await sharedConfig.compareAndSet('/dns/a', 0, 'one');
    await sharedConfig.compareAndSet('/other', 0, 'one');
    const changes: ConfigChange[] = [];
    const subscription = sharedConfig.watch('/dns/', (change) => changes.push(change));
    await vellum.clock.settle();
    expect(changes).toEqual([{ tag: 'set', entry: { key: '/dns/a', value: 'one', version: 1 } }]);
    await sharedConfig.compareAndSet('/dns/b', 0, 'two');
    await sharedConfig.compareAndSet('/dns/b', 0, 'conflict');
    await sharedConfig.compareAndSet('/other', 1, 'two');
    await sharedConfig.compareAndSet('/dns/a', 1, undefined);
    await vellum.clock.settle();
    expect(changes.slice(1)).toEqual([
      { tag: 'set', entry: { key: '/dns/b', value: 'two', version: 1 } },
      { tag: 'removed', key: '/dns/a' },
    ]);
    expect(foundValue(await sharedConfig.list('/dns/')).map((entry) => entry.key)).toEqual(['/dns/b']);
    subscription.close();
    await sharedConfig.compareAndSet('/dns/b', 1, 'three');
    await vellum.clock.settle();
    expect(changes).toHaveLength(3);
  });
});

describe.each(adapters)('membership: $name', ({ open }) => {
  let vellum: VellumUnderTest<FakeClock>;
  beforeEach(async () => {
    vellum = await open(createTestPlatform());
  });
  afterEach(() => vellum.stop());

  test('a member joins, serves, leaves and is gone; those who watch its role hear of each', async () => {
    const { membership } = vellum;
    const heard: string[] = [];
    const subscription = membership.watch('sprout', (members) =>
      heard.push(members.map(({ instance, state }) => `${instance} ${state}`).join(', ')),
    );
    const second = { role: 'sprout', instance: 'sprout-2', addresses: { sip: '127.0.0.2:5054' } };
    await membership.join(second);
    await membership.join({ role: 'sprout', instance: 'sprout-1', addresses: { sip: '127.0.0.1:5054' } });
    await membership.join({ role: 'bono', instance: 'bono-1', addresses: {} });
    expect(await membership.advance(second, 'normal')).toEqual({ tag: 'stored' });
    expect(await membership.advance(second, 'leaving')).toEqual({ tag: 'stored' });
    expect(await membership.advance(second, 'normal')).toEqual({ tag: 'absent' });
    expect(await membership.leave(second)).toEqual({ tag: 'removed' });
    expect(await membership.leave(second)).toEqual({ tag: 'absent' });
    await vellum.clock.settle();
    expect(foundValue(await membership.members('sprout'))).toEqual([
      { role: 'sprout', instance: 'sprout-1', addresses: { sip: '127.0.0.1:5054' }, state: 'joining' },
    ]);
    expect(heard.at(-1)).toBe('sprout-1 joining');
    expect(heard).toContain('sprout-1 joining, sprout-2 leaving');
    subscription.close();
  });
});
