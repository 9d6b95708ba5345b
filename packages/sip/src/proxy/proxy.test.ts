import { expect, test } from '@jest/globals';
import type { HeaderList, Routing } from '../mod.ts';
import { BOB, createWireWorld, forward, invite } from '../testing/wire-world.ts';

test.each<[string, string, HeaderList, number]>([
  ['Max-Forwards 256', BOB, [['Max-Forwards', '256']], 400],
  ['a Max-Forwards that is no number', BOB, [['Max-Forwards', 'many']], 400],
  ['Max-Forwards 0', BOB, [['Max-Forwards', '0']], 483],
  ['a Route that cannot be read', BOB, [['Route', '<sip:>']], 400],
  ['a Route behind ours that cannot be read', BOB, [['Route', '<sip:10.0.0.1;lr>, "x']], 400],
  ['an unknown scheme', 'mailto:bob@example.com', [], 416],
  ['a Request-URI without a host', 'sip:bob@', [], 400],
  ['an exhausted Max-Breadth', BOB, [['Max-Breadth', '1']], 440],
])('%s is answered, not forwarded', async (_, uri, headers, status) => {
  const world = await createWireWorld();
  world.role.route = (request) => forward(request, BOB, 'sip:carol@10.0.0.4');
  world.alice.request('MESSAGE', uri, headers);
  await world.sim.clock.advance(10);
  expect([world.alice.statuses, world.bob.methods]).toEqual([[status], []]);
  await world.end();
});

test('a missing Max-Forwards becomes 70; forked branches share the breadth (RFC 5393 §5.3.3)', async () => {
  const world = await createWireWorld();
  world.role.route = (request) => forward(request, BOB, 'sip:carol@10.0.0.4');
  world.alice.request('MESSAGE', BOB, [['Max-Forwards', '']]);
  await world.sim.clock.advance(10);
  const [received] = world.bob.requests;
  expect([received?.maxForwards, received?.header('Max-Breadth')]).toEqual([70, '30']);
  expect(received?.topVia?.hasRport).toBe(true);
  await world.end();
});

test('behind a strict router the last Route is the target, whatever its display name holds (§16.4)', async () => {
  const world = await createWireWorld();
  world.alice.request('MESSAGE', 'sip:10.0.0.1;lr', [['Route', '"<sip:evil@10.0.0.9>" <sip:bob@10.0.0.3>']]);
  await world.sim.clock.advance(10);
  expect([world.bob.requests[0]?.uri, world.bob.requests[0]?.has('Route')]).toEqual([BOB, false]);
  await world.end();
});

test('a CANCEL while the policy waits is answered 487 at once, and the late decision sends nothing', async () => {
  const world = await createWireWorld();
  let decide: (routing: Routing) => void = () => undefined;
  world.role.route = () => new Promise((resolve) => (decide = resolve));
  const request = invite(world);
  world.alice.request('CANCEL', BOB, [['Via', request.header('Via') ?? '']]);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([200, 487]);
  decide(forward(request));
  await world.sim.clock.advance(10);
  expect(world.bob.methods).toEqual([]);
  await world.end();
});

test('a CANCEL before any provisional response waits for one, and carries its Reason (§9.1, RFC 3326)', async () => {
  const world = await createWireWorld();
  const request = invite(world);
  await world.sim.clock.advance(10);
  const reason = 'SIP;cause=200;text="Call completed elsewhere"';
  world.alice.request('CANCEL', BOB, [
    ['Via', request.header('Via') ?? ''],
    ['Reason', reason],
  ]);
  await world.sim.clock.advance(100);
  expect(world.bob.methods).toEqual(['INVITE']);
  world.bob.respond('INVITE', 100);
  await world.sim.clock.advance(10);
  expect(world.bob.methods).toEqual(['INVITE', 'CANCEL']);
  expect(world.bob.requests[1]?.header('Reason')).toBe(reason);
  await world.end();
});

test('a 200 that crosses the CANCEL goes up, and so does each of its repetitions', async () => {
  const world = await createWireWorld();
  const request = invite(world);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', 180);
  await world.sim.clock.advance(10);
  world.alice.request('CANCEL', BOB, [['Via', request.header('Via') ?? '']]);
  world.bob.respond('INVITE', 200);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', 200);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([180, 200, 200, 200]);
  await world.end();
});

test('a non-INVITE hears neither a provisional response but 100 nor a 408, and its repetitions stay one request (RFC 4320)', async () => {
  const world = await createWireWorld();
  const message = world.alice.request('MESSAGE', BOB);
  await world.sim.clock.advance(10);
  world.bob.respond('MESSAGE', 183);
  world.bob.respond('MESSAGE', 408);
  await world.sim.clock.advance(500);
  world.alice.send(message);
  await world.sim.clock.advance(10_000);
  expect([world.alice.statuses, world.bob.methods]).toEqual([[], ['MESSAGE']]);
  await world.end();
});

test('a non-INVITE whose policy never decides gets a 100 after 3.5 s and is forgotten', async () => {
  const world = await createWireWorld();
  world.role.route = () => new Promise(() => undefined);
  world.alice.request('MESSAGE', BOB);
  await world.sim.clock.advance(32_001);
  expect([world.alice.statuses, world.node.transactions.unansweredCount]).toEqual([[100], 0]);
  await world.sim.clock.advance(32_000);
  expect(world.node.transactions.transactionCount).toBe(0);
  await world.end();
});

test.each([
  ['rejects', () => Promise.reject(new Error('store'))],
  [
    'throws',
    () => {
      throw new Error('bug');
    },
  ],
  ['decides on something that cannot be sent', async () => forward(undefined as never)],
])('a policy that %s costs its request a 500 and nothing else', async (_, route) => {
  const world = await createWireWorld();
  world.role.route = route;
  world.alice.request('MESSAGE', BOB);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([500]);
  await world.end();
});

test.each([180, 200, 404])('a hook that throws on a %i ends its branch with a 500', async (status) => {
  const world = await createWireWorld();
  const onResponse = (): void => {
    throw new Error('bug');
  };
  world.role.route = (request) => ({ tag: 'forward', targets: [{ request }], hooks: { onResponse } });
  invite(world);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', status);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([500]);
  await world.end();
});

test('the next instance is tried with a new branch; a CANCEL meanwhile ends the search', async () => {
  for (const isCancelled of [false, true]) {
    const world = await createWireWorld();
    world.role.route = (request) => forward(request, 'sip:bob@bobs.example.com');
    const request = invite(world);
    await world.sim.clock.advance(10);
    if (isCancelled) world.alice.request('CANCEL', BOB, [['Via', request.header('Via') ?? '']]);
    await world.sim.clock.advance(32_000);
    const tried = [...world.bob.requests, ...world.carol.requests];
    expect(new Set(tried.map(({ topVia }) => topVia?.branch)).size).toBe(isCancelled ? 1 : 2);
    await world.sim.clock.advance(32_000);
    expect([...new Set(world.alice.statuses)]).toEqual(isCancelled ? [200, 100, 487] : [100, 408]);
    await world.end();
  }
});

test('a response counts only for the method it names; a CANCEL of nothing costs nothing', async () => {
  const world = await createWireWorld();
  invite(world);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', 200, [['CSeq', '1 BYE']]);
  for (let i = 0; i < 10; i += 1) {
    world.alice.request('CANCEL', BOB, [['Via', `SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK${i}`]]);
  }
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual(Array(10).fill(481));
  expect(world.node.transactions.transactionCount).toBe(2);
  await world.end();
});

test('a CANCEL counts only from the hop that sent the INVITE, and with its Call-ID, CSeq and From tag (§9.1, §22.1)', async () => {
  const world = await createWireWorld();
  const { branch } = invite(world).topVia ?? {};
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', 180);
  await world.sim.clock.advance(10);
  const via: [string, string] = ['Via', `SIP/2.0/UDP 10.0.0.2:5060;branch=${branch}`];
  world.carol.request('CANCEL', BOB, [via]);
  world.alice.request('CANCEL', BOB, [via, ['Call-ID', 'another']]);
  world.alice.request('CANCEL', BOB, [via, ['CSeq', '2 CANCEL']]);
  world.alice.request('CANCEL', BOB, [via, ['From', '<sip:alice@example.com>;tag=z']]);
  await world.sim.clock.advance(10);
  expect(world.bob.methods).toEqual(['INVITE']);
  world.alice.request('CANCEL', BOB, [via]);
  await world.sim.clock.advance(10);
  expect(world.bob.methods).toEqual(['INVITE', 'CANCEL']);
  world.bob.respond('INVITE', 487);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([180, 481, 481, 481, 200, 487]);
  await world.end();
});

test('what a request says of its own source is not believed (§18.2.1)', async () => {
  const world = await createWireWorld();
  world.alice.request('MESSAGE', BOB, [
    ['Via', 'SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKx;received=9.9.9.9'],
  ]);
  await world.sim.clock.advance(10);
  expect(world.bob.requests[0]?.values('Via')[1]).toContain('received=10.0.0.2');
  await world.end();
});

test('stop ends calls in set-up with all their timers', async () => {
  const world = await createWireWorld();
  world.role.route = (request) => forward(request, BOB, 'sip:carol@10.0.0.4');
  invite(world);
  world.alice.request('MESSAGE', BOB);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', 180);
  await world.sim.clock.advance(10);
  await world.end();
});
