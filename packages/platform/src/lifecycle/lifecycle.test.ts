import { EventEmitter } from 'node:events';
import { createTestPlatform, type TestPlatform } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { Lifecycle, runParts, type ServicePart, type SignalSource, superviseSignals } from '../mod.ts';

interface Scene {
  readonly world: TestPlatform;
  readonly notes: string[];
  readonly lifecycle: Lifecycle;
  part(name: string, overrides?: Partial<ServicePart>): ServicePart;
}

function createScene(): Scene {
  const world = createTestPlatform();
  const notes: string[] = [];
  const step = (note: string) => async (): Promise<void> => {
    notes.push(note);
  };
  return {
    world,
    notes,
    lifecycle: new Lifecycle(world.platform),
    part: (name, overrides = {}) => ({
      name,
      start: step(`start ${name}`),
      drain: step(`drain ${name}`),
      stop: step(`stop ${name}`),
      ...overrides,
    }),
  };
}

const never = (): Promise<void> => new Promise(() => undefined);

test('parts start in order, then drain in reverse, then stop in reverse', async () => {
  const { world, notes, part } = createScene();
  const lifecycle = await runParts([part('store'), { name: 'bare' }, part('listener')], world.platform);
  await Promise.all([lifecycle.shutdown(1_000), lifecycle.shutdown(1_000)]);
  expect(notes).toEqual([
    'start store',
    'start listener',
    'drain listener',
    'drain store',
    'stop listener',
    'stop store',
  ]);
  expect(world.leaks()).toEqual([]);
});

test('it is ready only while all parts are started and healthy and none drains', async () => {
  const { world, lifecycle, part } = createScene();
  let reason: string | undefined;
  const seen: (string | undefined)[] = [];
  const note = async (): Promise<void> => {
    seen.push(lifecycle.notReadyReason());
  };
  await lifecycle.start([
    part('a', { start: note, unhealthy: () => reason }),
    part('b', { drain: note, stop: note }),
  ]);
  seen.push(lifecycle.notReadyReason());
  reason = 'peer away';
  seen.push(lifecycle.notReadyReason());
  await lifecycle.shutdown(1_000);
  seen.push(lifecycle.notReadyReason());
  expect(seen).toEqual(['starting', undefined, 'a: peer away', 'draining', 'draining', 'stopped']);
  expect(world.log.events('error')).toEqual([]);
});

test('a start that fails stops what was started, in reverse, and tells why', async () => {
  const { notes, lifecycle, part } = createScene();
  const failing = part('c', { start: () => Promise.reject(new Error('port taken')) });
  await expect(lifecycle.start([part('a'), part('b'), failing, part('d')])).rejects.toThrow('port taken');
  expect(notes).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(lifecycle.notReadyReason()).toBe('stopped');
});

test('a part that hangs or fails holds nothing up longer than its bound', async () => {
  const { world, notes, lifecycle, part } = createScene();
  const parts = [
    part('a'),
    part('hanging', { drain: never, stop: never }),
    part('failing', { stop: () => Promise.reject(new Error('x')) }),
  ];
  await lifecycle.start(parts);
  const done = lifecycle.shutdown(3_000).then(() => notes.push(`done ${world.clock.monotonic()}`));
  await world.clock.advance(2_990);
  expect(notes).toEqual(['start a', 'start hanging', 'start failing', 'drain failing']);
  await world.clock.advance(10_000);
  await done;
  expect(notes.slice(4)).toEqual(['drain a', 'stop a', 'done 8000']);
  expect(world.log.events()).toEqual([
    'lifecycle.drain-timed-out',
    'lifecycle.stop-failed',
    'lifecycle.stop-timed-out',
  ]);
  expect(world.leaks()).toEqual([]);
});

class FakeProcess extends EventEmitter implements SignalSource {
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
  }
}

test('one signal drains and exits with 0; another within a second is the same one, a later one ends at once', async () => {
  const { world, notes, lifecycle, part } = createScene();
  const source = new FakeProcess();
  const unwatch = superviseSignals(lifecycle, { ...world.platform, drainMaxS: 5, source });
  await lifecycle.start([part('a', { drain: never })]);
  source.emit('SIGINT', 'SIGINT');
  await world.clock.advance(999);
  source.emit('SIGTERM', 'SIGTERM');
  expect(source.exits).toEqual([]);
  await world.clock.advance(1);
  source.emit('SIGINT', 'SIGINT');
  source.emit('SIGTERM', 'SIGTERM');
  expect(source.exits).toEqual([130, 143]);
  await world.clock.advance(4_000);
  expect([source.exits, notes]).toEqual([
    [130, 143, 0],
    ['start a', 'stop a'],
  ]);
  unwatch();
  expect(source.listenerCount('SIGTERM') + source.listenerCount('SIGINT')).toBe(0);
});

test('a signal during the start stops what was started and starts nothing more', async () => {
  const { world, notes, lifecycle, part } = createScene();
  const source = new FakeProcess();
  superviseSignals(lifecycle, { ...world.platform, drainMaxS: 5, source });
  const signalling = part('b', {
    start: async () => {
      source.emit('SIGTERM', 'SIGTERM');
    },
  });
  await expect(lifecycle.start([part('a'), signalling, part('c')])).rejects.toMatchObject({
    code: 'lifecycle.stopped',
  });
  await world.clock.settle();
  expect([notes, source.exits]).toEqual([['start a', 'stop b', 'stop a'], [0]]);
});
