import { forEachSeed } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { createDeployment } from './deployment.ts';

/** 64·T1: the longest any transaction can last after its last message. */
const TRANSACTION_MS = 32_000;

/** What a phone here asks for and gets. */
const REGISTERED_MS = 300_000;
/** The store's sweep; and while somebody is registered, the one timer that Chronos sleeps on. */
const TIMERS_AT_REST = ['embedded-vellum'];
const TIMERS_WHILE_REGISTERED = ['chronos-timers', ...TIMERS_AT_REST];

test('register, call both ways, hang up, expire', async () => {
  const { sim, phone, timers, end } = await createDeployment(1);
  const alice = await phone('alice', '10.0.1.1', 'UDP');
  const bob = await phone('bob', '10.0.1.2', 'TCP');
  const registered = Promise.all([alice.register(), bob.register()]);
  await sim.clock.advance(2_000);
  expect((await registered).map((response) => response?.status)).toEqual([200, 200]);

  for (const [caller, callee] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const call = caller.call(callee.options.impu);
    await sim.clock.advance(50);
    expect(call.state).toBe('ringing');
    await sim.clock.advance(1_000);
    expect(call.state).toBe('talking');
    const invite = callee.received.find(
      ({ method, callId }) => method === 'INVITE' && callId === call.callId,
    );
    expect(invite?.header('P-Asserted-Identity')).toContain(caller.options.impu);
    const other = callee.calls.get(call.callId);
    const update = other?.request('UPDATE');
    await sim.clock.advance(1_000);
    expect(await update).toBe(200);
    const ended = call.hangUp();
    await sim.clock.advance(1_000);
    expect(await ended).toBe(200);
    expect(other?.state).toBe('ended');
  }

  const message = alice.send('MESSAGE', bob.options.impu);
  await sim.clock.advance(1_000);
  expect((await message)?.status).toBe(200);

  await bob.stop();
  await sim.clock.advance(300_000);
  const refreshed = alice.register();
  await sim.clock.advance(1_000);
  expect((await refreshed)?.status).toBe(200);
  const late = alice.call(bob.options.impu);
  await sim.clock.advance(1_000);
  expect(late.finalStatus).toBe(480);
  await sim.clock.advance(REGISTERED_MS + 2 * TRANSACTION_MS);
  expect(timers()).toEqual(TIMERS_AT_REST);
  expect(await end()).toEqual([]);
});

test('register, call and expire come to their end over 200 seeds of loss, duplication and reordering', async () => {
  await forEachSeed(200, async (seed) => {
    const { sim, phone, timers, end } = await createDeployment(seed);
    sim.network.configure({ delayMinMs: 1, delayMeanMs: 20, loss: 0.1, duplication: 0.1, reordering: 0.2 });
    const alice = await phone('alice', '10.0.1.1', 'UDP');
    const bob = await phone('bob', '10.0.1.2', seed % 2 === 0 ? 'TCP' : 'UDP');
    const registered = Promise.all([alice.register(), bob.register()]);
    await sim.clock.advance(2 * TRANSACTION_MS);
    expect((await registered).map((response) => response?.status)).toEqual([200, 200]);

    const call = alice.call(bob.options.impu);
    await sim.clock.advance(TRANSACTION_MS);
    expect(call.finalStatus).toBe(200);
    const ended = call.hangUp();
    const message = bob.send('MESSAGE', alice.options.impu);
    await sim.clock.advance(2 * TRANSACTION_MS);
    expect([await ended, (await message)?.status]).toEqual([200, 200]);
    expect(timers()).toEqual(TIMERS_WHILE_REGISTERED);

    const refreshed = alice.register();
    await sim.clock.advance(REGISTERED_MS - TRANSACTION_MS); // alice's registration still stands, bob's does not
    expect((await refreshed)?.status).toBe(200);
    const toExpired = alice.call(bob.options.impu);
    const fromExpired = bob.call(alice.options.impu);
    await sim.clock.advance(TRANSACTION_MS / 2);
    expect([toExpired.finalStatus, fromExpired.finalStatus]).toEqual([480, 403]);
    await sim.clock.advance(REGISTERED_MS);
    expect(timers()).toEqual(TIMERS_AT_REST);
    expect(await end()).toEqual([]);
  });
}, 300_000);
