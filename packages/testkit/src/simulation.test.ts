import { codeOf, type StreamConnection } from '@clearwater/platform';
import { afterEach, expect, test } from '@jest/globals';
import {
  createTestPlatform,
  FakeClock,
  forEachSeed,
  SeededRandom,
  type SimEvent,
  seeds,
  type TestPlatform,
} from './mod.ts';

const A = { host: '10.0.0.1', port: 5060 };
const B = { host: '10.0.0.2', port: 5060 };

test('timers fire in the order of deadline and start; one started on the way falls into the same advance', async () => {
  const clock = new FakeClock();
  const fired: string[] = [];
  const note = (name: string) => (): void => {
    fired.push(`${name}@${clock.monotonic()}`);
  };
  clock.startTimer(20, note('c'));
  clock.startTimer(10, note('a'));
  clock.startTimer(10, () => {
    note('b')();
    clock.startTimer(0, note('b0'));
    Promise.resolve()
      .then(() => clock.startTimer(5, note('b5')))
      .catch(note('never'));
  });
  clock.startTimer(10, note('cancelled')).cancel();
  clock.startTimer(31, note('late'));
  expect(clock.pendingTimerCount).toBe(4);
  await clock.advance(30);
  expect(fired).toEqual(['a@10', 'b@10', 'b0@10', 'b5@15', 'c@20']);
  expect([clock.monotonic(), clock.pendingTimers.map((timer) => timer.dueMs)]).toEqual([30, [31]]);
  expect(await clock.advanceUntilIdle(1_000)).toBe(1);
});

test('thousands of timers of one deadline take one turn of the event loop', async () => {
  const clock = new FakeClock();
  const order: number[] = [];
  for (let index = 0; index < 20_000; index += 1) clock.startTimer(index % 7, () => order.push(index % 7));
  await clock.advance(7);
  expect(order.length).toBe(20_000);
  expect(order).toEqual([...order].sort((left, right) => left - right));
});

test('the wall clock steps without moving a timer', async () => {
  const clock = new FakeClock();
  const before = clock.now();
  clock.stepWallClock(-5_000);
  await clock.advance(1_000);
  expect([clock.now() - before, clock.monotonic()]).toEqual([-4_000, 1_000]);
});

test('a seed fixes the sequence, and a fork does not shift it', () => {
  const draw = (random: SeededRandom): unknown => [
    random.integer(1_000),
    random.token(8),
    random.bytes(4).toString('hex'),
  ];
  expect(draw(new SeededRandom(7))).toEqual(draw(new SeededRandom(7)));
  expect(draw(new SeededRandom(7))).not.toEqual(draw(new SeededRandom(8)));
  const random = new SeededRandom(3);
  for (let index = 0; index < 10_000; index += 1) expect(random.chance(0)).toBe(false);
  expect(random.chance(1)).toBe(true);
  const heads = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length;
  expect(Math.abs(heads - 3_000)).toBeLessThan(200);
});

/** Sends `count` numbered datagrams from A to B over a bad link, and returns what B got. */
async function sendNumbered(world: TestPlatform, count: number): Promise<number[]> {
  const received: number[] = [];
  const a = await world.network.bindDatagram(A, () => undefined);
  const b = await world.network.bindDatagram(B, (bytes) => received.push(bytes.readUInt16BE(0)));
  for (let index = 0; index < count; index += 1) {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(index);
    a.send(bytes, B);
    await world.clock.advance(1);
  }
  await world.clock.advance(1_000);
  await Promise.all([a.close(), b.close()]);
  return received;
}

test('loss, duplication and reordering happen about as often as the knobs say, and only then', async () => {
  const perfect = createTestPlatform();
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  expect(await sendNumbered(perfect, 50)).toEqual(numbers);

  const jittery = createTestPlatform();
  jittery.network.configure({ delayMinMs: 5, delayMeanMs: 20 });
  expect(await sendNumbered(jittery, 50)).toEqual(numbers);
  expect(jittery.leaks()).toEqual([]);

  const bad = createTestPlatform({ seed: 5 });
  bad.network.links.set(A.host, B.host, { delayMeanMs: 2, loss: 0.2, duplication: 0.1, reordering: 0.2 });
  const received = await sendNumbered(bad, 1_000);
  const distinct = new Set(received);
  expect(Math.abs(distinct.size - 800)).toBeLessThan(50);
  expect(received.length - distinct.size).toBeGreaterThan(40);
  expect(received.filter((value, index) => value < (received[index - 1] ?? 0)).length).toBeGreaterThan(50);
});

test('the same seed yields the same events, another seed others', async () => {
  const run = async (seed: number): Promise<string[]> => {
    const world = createTestPlatform({ seed });
    const events: string[] = [];
    world.network.tap((event: SimEvent) =>
      events.push(`${event.atMs} ${event.tag} ${event.from} ${event.to} ${event.bytes.toString('hex')}`),
    );
    world.network.configure({
      delayMinMs: 1,
      delayMeanMs: 10,
      loss: 0.2,
      duplication: 0.2,
      reordering: 0.2,
      segmentation: 0.5,
    });
    await sendNumbered(world, 30);
    const got: string[] = [];
    await talk(world, got);
    return [...events, ...got];
  };
  const first = await run(11);
  expect(first.length).toBeGreaterThan(60);
  expect(await run(11)).toEqual(first);
  expect(await run(12)).not.toEqual(first);
});

/** Opens a stream from A to B, writes 40 messages, ends it; notes what each end hears. */
async function talk(world: TestPlatform, notes: string[]): Promise<void> {
  const user = (name: string) => ({
    onData: (bytes: Buffer) => notes.push(`${name}:${bytes}`),
    onClose: (error?: Error) => notes.push(`${name} closed ${codeOf(error)}`),
  });
  const listener = await world.network.listenStream(B, (connection) => connection.attach(user('B')));
  const a = world.network.at(A.host).connectStream(B, { timeoutMs: 5_000 });
  a.attach(user('A'));
  for (let index = 0; index < 40; index += 1) {
    a.write(Buffer.from(`[${index}]`));
    await world.clock.advance(index % 3);
  }
  a.end();
  await world.clock.advance(20_000);
  await listener.close();
}

test('a stream keeps its bytes and their order however it is cut, and both ends hear one orderly close', async () => {
  const expected = Array.from({ length: 40 }, (_, index) => `[${index}]`).join('');
  let cutCount = 0;
  await forEachSeed(20, async (seed) => {
    const world = createTestPlatform({ seed });
    world.network.configure({ delayMinMs: 1, delayMeanMs: 4, loss: 0.1, segmentation: 0.7 });
    const notes: string[] = [];
    await talk(world, notes);
    const bytes = notes.filter((note) => note.startsWith('B:'));
    expect(bytes.map((note) => note.slice(2)).join('')).toBe(expected);
    cutCount += bytes.filter((note) => !/^B:(\[\d+\])+$/.test(note)).length;
    expect(notes.filter((note) => note.includes('closed')).sort()).toEqual(['A closed ', 'B closed ']);
    expect(world.leaks()).toEqual([]);
  });
  expect(cutCount).toBeGreaterThan(50);
});

test('bytes take at least the delay of the link', async () => {
  const world = createTestPlatform();
  world.network.configure({ delayMinMs: 50, delayMeanMs: 50 });
  const heardAtMs: number[] = [];
  await world.network.listenStream(B, (connection) =>
    connection.attach({ onData: () => heardAtMs.push(world.clock.monotonic()), onClose: () => undefined }),
  );
  const a = world.network.connectStream(B, { timeoutMs: 1_000 });
  await world.clock.advance(200);
  a.write(Buffer.from('x'));
  await world.clock.advance(40);
  a.write(Buffer.from('y'));
  await world.clock.advance(100);
  expect(heardAtMs).toEqual([250, 290]);
});

test('a datagram to nobody, a dropped one and one over a partition are lost; one way only where asked', async () => {
  const world = createTestPlatform();
  const heard: string[] = [];
  const a = await world.network.bindDatagram(A, (bytes) => heard.push(`A ${bytes}`));
  const b = await world.network.bindDatagram(B, (bytes) => heard.push(`B ${bytes}`));
  const exchange = async (round: number): Promise<void> => {
    a.send(Buffer.from(`${round}`), B);
    b.send(Buffer.from(`${round}`), A);
    await world.clock.advance(10);
  };
  a.send(Buffer.from('0'), { host: '10.0.0.3', port: 1 });
  world.network.drop({ from: A.host, to: B.host, next: 1 });
  await exchange(1);
  world.network.partition(A.host, B.host, { oneWay: true });
  await exchange(2);
  world.network.partition(A.host, B.host);
  await exchange(3);
  world.network.heal(A.host, B.host);
  await exchange(4);
  expect(heard).toEqual(['A 1', 'A 2', 'B 4', 'A 4']);
  await expect(world.network.bindDatagram(A, () => undefined)).rejects.toMatchObject({
    code: 'network.address-in-use',
    detail: { address: '10.0.0.1:5060' },
  });
});

test('connections are refused, time out, are reset and die with their host', async () => {
  const world = createTestPlatform();
  world.network.configure({ delayMinMs: 10, delayMeanMs: 10 });
  const ends: string[] = [];
  const open = (name: string): StreamConnection => {
    const connection = world.network.at(A.host).connectStream(B, { timeoutMs: 500 });
    const onClose = (error?: Error): void => {
      ends.push(`${name} ${codeOf(error)} ${world.clock.monotonic()}`);
    };
    connection.attach({ onData: () => undefined, onClose });
    return connection;
  };
  open('refused');
  await world.clock.advance(100);
  const accepted: StreamConnection[] = [];
  const listener = await world.network.listenStream(B, (connection) => accepted.push(connection));
  world.network.partition(A.host, B.host);
  open('silent');
  await world.clock.advance(900);
  world.network.heal();
  open('reset');
  await world.clock.advance(100);
  world.network.reset(A.host, B.host);
  open('destroyed');
  await world.clock.advance(100);
  accepted.at(-1)?.destroy();
  await world.clock.advance(100);
  const cutOff = open('cut off');
  await world.clock.advance(100);
  world.network.partition(A.host, B.host);
  cutOff.write(Buffer.alloc(100_000));
  await world.clock.advance(20);
  expect(cutOff.bytesQueued).toBe(100_000 - 65_536);
  await world.clock.advance(40_000);
  world.network.heal();
  open('crashed');
  await world.clock.advance(100);
  expect(world.leaks().length).toBe(4); // the listener, both ends of one connection, and the end that never heard of the cut
  world.network.crash(B.host);
  await listener.close();
  await world.clock.advance(100);
  expect(ends.map((end) => end.replace(/ \d+$/, ''))).toEqual([
    'refused network.refused',
    'silent network.timeout',
    'reset network.reset',
    'destroyed ',
    'cut off network.timeout',
    'crashed network.reset',
  ]);
  expect(ends.slice(0, 2)).toEqual(['refused network.refused 20', 'silent network.timeout 600']);
  expect(world.leaks()).toEqual([]);
});

test('a crashed process reaches the wire no more; the next one on its host does', async () => {
  const world = createTestPlatform();
  const heard: string[] = [];
  await world.network.bindDatagram(B, (bytes) => heard.push(bytes.toString()));
  const old = world.node(A.host);
  const oldSocket = await old.network.bindDatagram(A, () => heard.push('old process'));
  world.network.crash(A.host);
  const next = world.node(A.host);
  const socket = await next.network.bindDatagram(A, (bytes) => heard.push(`answer ${bytes}`));
  oldSocket.send(Buffer.from('old'), B);
  await oldSocket.close();
  socket.send(Buffer.from('new'), A);
  socket.send(Buffer.from('new'), B);
  await world.clock.advance(0);
  expect(heard).toEqual(['answer new', 'new']);
  await expect(old.network.bindDatagram({ ...A, port: 0 }, () => undefined)).rejects.toMatchObject({
    code: 'network.address-unavailable',
  });
  const closed = await new Promise<unknown>((resolve) => {
    old.network
      .connectStream(B, { timeoutMs: 100 })
      .attach({ onData: () => undefined, onClose: () => resolve('closed') });
  });
  expect(closed).toBe('closed');
});

test('nodes have addresses of their own; leaks name what is left; metrics and logs read back', async () => {
  const world = createTestPlatform({ traceTimers: true });
  const node = world.node('10.0.0.9');
  const remotes: string[] = [];
  await world.network.listenStream(B, (connection) => remotes.push(connection.remote.host));
  node.network.connectStream(B, { timeoutMs: 1_000 }).destroy();
  node.network.connectStream(B, { timeoutMs: 1_000 });
  await world.clock.advance(10);
  expect(remotes).toEqual(['10.0.0.9']);
  node.clock.startTimer(90, () => undefined);
  expect(world.leaks()).toEqual([
    expect.stringMatching(/^timer due at 100 ms at .*simulation\.test/),
    'listener 10.0.0.2:5060',
    expect.stringMatching(/^connection 10\.0\.0\.9:\d+ to 10\.0\.0\.2:5060$/),
    expect.stringMatching(/^connection 10\.0\.0\.2:5060 to 10\.0\.0\.9:\d+$/),
  ]);
  const counter = node.metrics.counter({ name: 'seen_total', help: 'Seen.', labelNames: ['kind'] });
  counter.labels('a').add();
  counter.labels('a').add(2);
  expect([node.metrics.value('seen_total', 'a'), node.metrics.value('seen_total', 'b')]).toEqual([3, 0]);
  node.log.child({ callId: 'x' }).info('call.ended', { password: 'p' });
  expect(node.log.lines).toEqual([
    { level: 'info', event: 'call.ended', fields: { callId: 'x', password: '[secret]' } },
  ]);
});

afterEach(() => {
  delete process.env['SIM_SEED'];
});

test('SIM_SEED replays one seed', () => {
  expect(seeds(3)).toEqual([1, 2, 3]);
  process.env['SIM_SEED'] = '42';
  expect(seeds(3)).toEqual([42]);
});
