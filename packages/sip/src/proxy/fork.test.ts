import { expect, test } from '@jest/globals';
import type { HeaderList } from '../mod.ts';
import { BOB, createWireWorld, forward, invite } from '../testing/wire-world.ts';

test('branches that lose are cancelled as completed elsewhere', async () => {
  const world = await createWireWorld();
  world.role.route = (request) => forward(request, BOB, 'sip:carol@10.0.0.4');
  invite(world);
  await world.sim.clock.advance(10);
  world.carol.respond('INVITE', 180);
  world.bob.respond('INVITE', 200);
  await world.sim.clock.advance(10);
  expect(world.carol.methods).toEqual(['INVITE', 'CANCEL']);
  expect(world.carol.requests[1]?.header('Reason')).toContain('Call completed elsewhere');
  await world.end();
});

test('a branch that says 100 and nothing more is cancelled when timer C fires, and its 487 ends the call', async () => {
  const world = await createWireWorld();
  invite(world);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', 100);
  await world.sim.clock.advance(184_980);
  expect(world.bob.methods).toEqual(['INVITE']);
  await world.sim.clock.advance(20);
  expect([world.bob.methods, world.alice.statuses]).toEqual([['INVITE', 'CANCEL'], [100]]);
  world.bob.respond('INVITE', 487);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([100, 487]);
  await world.end();
});

/** Bob rings at 10 ms and says so once a minute; resolves to when he was cancelled, in ms after the INVITE. */
async function ringUntilCancelled(headers: HeaderList = []): Promise<number> {
  const world = await createWireWorld();
  invite(world, headers);
  await world.sim.clock.advance(10);
  for (let minute = 0; minute < 15 && !world.bob.methods.includes('CANCEL'); minute += 1) {
    world.bob.respond('INVITE', 180);
    for (let ms = 0; ms < 60_000 && !world.bob.methods.includes('CANCEL'); ms += 100) {
      await world.sim.clock.advance(100);
    }
  }
  const cancelledAtMs = world.sim.clock.monotonic();
  expect(world.bob.methods).toEqual(['INVITE', 'CANCEL']);
  world.bob.respond('INVITE', 487);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses.at(-1)).toBe(487);
  await world.end();
  return cancelledAtMs;
}

test.each<[string, number, HeaderList]>([
  ['without Expires', 600_000, []],
  ['with an Expires beyond the hard cap', 600_000, [['Expires', '3600']]],
  ['with an Expires of 300 s', 300_000, [['Expires', '300']]],
  ['with an Expires of 0, which says nothing', 600_000, [['Expires', '0']]],
])(
  'each provisional response starts timer C anew: %s, a phone that goes on ringing is cancelled after %i ms (§16.7-2)',
  async (_, endsAtMs, headers) => {
    const cancelledAtMs = await ringUntilCancelled(headers);
    expect(cancelledAtMs).toBeGreaterThanOrEqual(endsAtMs);
    expect(cancelledAtMs).toBeLessThan(endsAtMs + 200);
  },
);

test('timer C counts from the last provisional response; one of another branch does not help', async () => {
  const world = await createWireWorld();
  world.role.route = (request) => forward(request, BOB, 'sip:carol@10.0.0.4');
  invite(world);
  await world.sim.clock.advance(10);
  world.carol.respond('INVITE', 180);
  world.bob.respond('INVITE', 180);
  await world.sim.clock.advance(100_000);
  world.bob.respond('INVITE', 183);
  await world.sim.clock.advance(84_900);
  expect(world.carol.methods).toEqual(['INVITE']);
  await world.sim.clock.advance(200);
  expect([world.carol.methods, world.bob.methods]).toEqual([['INVITE', 'CANCEL'], ['INVITE']]);
  world.carol.respond('INVITE', 487);
  await world.sim.clock.advance(99_800);
  expect(world.bob.methods).toEqual(['INVITE']);
  await world.sim.clock.advance(200);
  expect(world.bob.methods).toEqual(['INVITE', 'CANCEL']);
  world.bob.respond('INVITE', 487);
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([180, 180, 183, 487]);
  await world.end();
});

test.each([
  [401, 407],
  [407, 401],
  [401, 401],
])('the caller sees the challenges of all branches: %i, then %i (§16.7-7)', async (first, second) => {
  const world = await createWireWorld();
  world.role.route = (request) => forward(request, BOB, 'sip:carol@10.0.0.4');
  invite(world);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', first, challengesOf(first, 'bob'));
  await world.sim.clock.advance(10);
  expect(world.alice.statuses).toEqual([]); // not before the last branch has ended
  world.carol.respond('INVITE', second, challengesOf(second, 'carol'));
  await world.sim.clock.advance(10);
  const [response] = world.alice.responses;
  expect(response?.status).toBe(first);
  const seen = ['WWW-Authenticate', 'Proxy-Authenticate'].map((name) => response?.headers(name));
  const expected = [401, 407].map((status) => [
    ...(first === status ? challengesOf(status, 'bob') : []),
    ...(second === status ? challengesOf(status, 'carol') : []),
  ]);
  expect(seen).toEqual(expected.map((headers) => headers.map(([, value]) => value)));
  await world.end();
});

function challengesOf(status: number, realm: string): HeaderList {
  const name = status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
  return [[name, `Digest realm="${realm}.example.com",nonce="${realm}"`]];
}

test('a call rings no longer than its Expires; one that ignores the CANCEL is given up after 64·T1', async () => {
  const world = await createWireWorld();
  invite(world, [['Expires', '20']]);
  await world.sim.clock.advance(10);
  world.bob.respond('INVITE', 180);
  await world.sim.clock.advance(20_000);
  expect(world.bob.methods).toContain('CANCEL');
  await world.sim.clock.advance(32_000);
  expect(world.alice.statuses).toEqual([180, 408]);
  await world.end();
});
