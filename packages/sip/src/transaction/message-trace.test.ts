import { expect, test } from '@jest/globals';
import { createProxyWorld } from '../testing/proxy-world.ts';

test('while somebody watches, a trail is the ladder of its call, without headers or bodies', async () => {
  const { sim, phone, end } = await createProxyWorld();
  const alice = await phone('alice', '10.0.0.2');
  await phone('bob', '10.0.0.3');
  const unwatched = alice.call('sip:bob@example.com');
  await sim.clock.advance(1_000);
  expect(sim.trace.read(unwatched.callId)).toEqual([]);

  sim.trace.watch(true);
  const call = alice.call('sip:bob@example.com');
  await sim.clock.advance(1_000);
  const atProxy = sim.trace
    .read(call.callId)
    .filter(({ fields }) => fields['local'] === '10.0.0.1:5060')
    .map(({ event, fields }) => `${event} ${fields['line']} ${fields['remote']}`);
  expect(atProxy).toEqual([
    'sip.received INVITE sip:bob@example.com 10.0.0.2:5060',
    'sip.sent INVITE sip:bob@10.0.0.3:5060 10.0.0.3:5060',
    'sip.received 180 Ringing 10.0.0.3:5060',
    'sip.sent 180 Ringing 10.0.0.2:5060',
    'sip.received 200 OK 10.0.0.3:5060',
    'sip.sent 200 OK 10.0.0.2:5060',
    'sip.received ACK sip:bob@10.0.0.3:5060 10.0.0.2:5060',
    'sip.sent ACK sip:bob@10.0.0.3:5060 10.0.0.3:5060',
  ]);
  expect(JSON.stringify(sim.trace.read(call.callId))).not.toContain('tag=');
  await end();
});
