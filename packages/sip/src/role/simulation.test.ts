import { forEachSeed, SeededRandom, type TestCall } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { createProxyWorld, PROXY } from '../testing/proxy-world.ts';

const HOSTS = ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'] as const;
const STATUSES = [200, 200, 200, 404, 486, 503, 603] as const;

test('whatever the network does, every request of phones and proxy ends and nothing is left over', async () => {
  let answered = 0;
  await forEachSeed(100, async (seed) => {
    const random = new SeededRandom(seed);
    const world = await createProxyWorld(seed);
    const { sim } = world;
    sim.network.links.setDefaults({
      delayMinMs: 1,
      delayMeanMs: 20,
      loss: random.between(0, 0.3),
      duplication: random.between(0, 0.2),
      reordering: random.between(0, 0.3),
      segmentation: 0.3,
    });
    // Two devices of bob ring together.
    const users = ['alice', 'bob', 'bob', 'carol'] as const;
    const phones = await Promise.all(
      HOSTS.map((host, i) => world.phone(users[i] ?? '', host, random.chance(0.5) ? 'TCP' : 'UDP')),
    );
    const calls: TestCall[] = [];
    let open = 0;
    const track = (request: Promise<unknown>): void => {
      open += 1;
      void request.then(() => {
        open -= 1;
      });
    };
    for (let step = 0; step < 25; step += 1) {
      const phone = random.pick(phones);
      phone.answerPlan = {
        ringAfterMs: random.integer(500),
        answerAfterMs: random.integer(20_000),
        status: random.pick(STATUSES),
      };
      const call = calls[random.integer(calls.length + 1)];
      const host = random.pick(HOSTS);
      switch (random.integer(7)) {
        case 0:
        case 1:
          calls.push(phone.call(`sip:${random.pick(users)}@example.com`));
          track(calls.at(-1)?.settled ?? Promise.resolve());
          break;
        case 2:
          track(phone.send('MESSAGE', `sip:${random.pick(users)}@example.com`));
          break;
        case 3:
          call?.cancel();
          break;
        case 4:
          if (call?.state === 'talking') track(call.hangUp());
          break;
        case 5:
          sim.network.partition(host, PROXY.host, { oneWay: random.chance(0.5) });
          break;
        default:
          if (random.chance(0.3)) sim.network.reset(host, PROXY.host);
          sim.network.heal();
      }
      await sim.clock.advance(random.integer(3_000));
    }
    sim.network.heal();
    await sim.clock.advance(320_000); // timer C, and 64·T1 for what it cancels
    expect([seed, world.node.transactions.transactionCount]).toEqual([seed, 0]);
    // A caller whose final response fell into a partition hears ringing until it gives up.
    for (const call of calls) call.cancel();
    await sim.clock.advance(33_000);
    const unsettled = calls.filter(({ state }) => state === 'setup' || state === 'ringing');
    expect([seed, open, unsettled.length]).toEqual([seed, 0, 0]);
    answered += calls.filter(({ finalStatus }) => finalStatus === 200).length;
    await world.end();
  });
  expect(answered).toBeGreaterThan(100);
});
