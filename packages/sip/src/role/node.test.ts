import { expect, test } from '@jest/globals';
import { createResponse, Dialog, type Role, type RoleHost, type ServerLeg, type SipRequest } from '../mod.ts';
import { createProxyWorld, type ProxyWorld } from '../testing/proxy-world.ts';

/** A B2BUA: answers the caller's leg by a call of its own, with its own dialogs, and bridges what follows. */
class BackToBackRole implements Role {
  readonly name = 'b2bua';
  readonly #host: RoleHost;
  readonly #peers = new Map<string, { dialog: Dialog; invite: number }>();

  constructor(host: RoleHost) {
    this.#host = host;
  }

  owns(host: string): boolean {
    return host === 'b2bua.example.com';
  }

  onRequest(leg: ServerLeg): void {
    const { request } = leg;
    const peer = this.#peers.get(request.callId);
    if (peer !== undefined) {
      const onwards = peer.dialog.createRequest(request.method);
      this.#host.send(onwards, {
        onResponse: (response) => leg.respond(createResponse(request, response.status)),
        onFailure: () => leg.abandon(),
      });
      return;
    }
    const out = request.copy();
    out.removeFirstValue('Route');
    out.remove('Record-Route');
    out.remove('Via');
    out.set('Call-ID', `b2b-${request.callId}`);
    out.set('From', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=b2b');
    out.set('Contact', '<sip:b2bua.example.com>');
    out.set('Route', '<sip:proxy.example.com;lr>');
    out.append('X-Seen', 'yes');
    const onwards = this.#host.send(out, {
      onResponse: (response) => {
        const mirrored = createResponse(request, response.status, undefined, {
          toTag: 'b2bua',
          copyRecordRoute: true,
          headers: [['Contact', '<sip:b2bua.example.com>']],
        });
        if (response.status >= 200 && response.status < 300) {
          const callee = Dialog.ofUac(out, response);
          const caller = Dialog.ofUas(request, mirrored);
          if (callee && caller) {
            this.#peers.set(request.callId, { dialog: callee, invite: out.cseq?.number ?? 1 });
            this.#peers.set(out.callId, { dialog: caller, invite: 0 });
          }
        }
        leg.respond(mirrored);
      },
      onFailure: () => leg.respond(createResponse(request, 480)),
    });
    leg.attach({ onCancel: () => onwards.cancel() });
  }

  onAck(ack: SipRequest): void {
    const peer = this.#peers.get(ack.callId);
    if (peer !== undefined) this.#host.sendAck(peer.dialog.createAck(peer.invite));
  }
}

function createWorld(seed?: number): Promise<ProxyWorld> {
  return createProxyWorld(seed, (node) => node.add(new BackToBackRole(node)));
}

test.each(['UDP', 'TCP'] as const)(
  'a call over %s is set up, answered and ended through a proxy role',
  async (transport) => {
    const { sim, proxy, phone, end } = await createWorld();
    proxy.recordRoute = `<sip:10.0.0.1:5060;transport=${transport};lr>`;
    const alice = await phone('alice', '10.0.0.2', transport);
    const bob = await phone('bob', '10.0.0.3', transport);
    const call = alice.call('sip:bob@example.com');
    await sim.clock.advance(50);
    expect(call.state).toBe('ringing');
    await sim.clock.advance(1_000);
    expect(call.state).toBe('talking');
    expect(bob.received.map((request) => request.method)).toEqual(['INVITE', 'ACK']);
    const ended = bob.calls.get(call.callId)?.hangUp();
    await sim.clock.advance(1_000);
    expect(await ended).toBe(200);
    expect(call.state).toBe('ended');
    await end();
  },
);

test('a call crosses from UDP to TCP and back', async () => {
  const { sim, phone, end } = await createWorld();
  const alice = await phone('alice', '10.0.0.2', 'UDP');
  await phone('bob', '10.0.0.3', 'TCP');
  const call = alice.call('sip:bob@example.com');
  await sim.clock.advance(1_000);
  expect(call.state).toBe('talking');
  const ended = call.hangUp();
  await sim.clock.advance(1_000);
  expect(await ended).toBe(200);
  await end();
});

test('a B2BUA role in the path has dialogs of its own and needs no wire to its neighbours', async () => {
  const { sim, proxy, phone, end } = await createWorld();
  proxy.via = '<sip:b2bua.example.com;lr>';
  const alice = await phone('alice', '10.0.0.2');
  const bob = await phone('bob', '10.0.0.3');
  const call = alice.call('sip:bob@example.com');
  await sim.clock.advance(1_000);
  expect(call.state).toBe('talking');
  const invite = bob.received[0];
  expect(invite?.callId).toBe(`b2b-${call.callId}`);
  expect(invite?.from?.uri).toBe('sip:anonymous@anonymous.invalid');
  expect(bob.received.map((request) => request.method)).toEqual(['INVITE', 'ACK']);
  const ended = call.hangUp();
  await sim.clock.advance(1_000);
  expect(await ended).toBe(200);
  expect(bob.received.at(-1)?.method).toBe('BYE');
  await end();
});

test('CANCEL reaches the ringing phone through proxy and B2BUA; the caller gets 487', async () => {
  for (const via of [undefined, '<sip:b2bua.example.com;lr>']) {
    const { sim, proxy, phone, end } = await createWorld();
    proxy.via = via;
    const alice = await phone('alice', '10.0.0.2');
    const bob = await phone('bob', '10.0.0.3');
    bob.answerPlan = { ringAfterMs: 10, answerAfterMs: 60_000 };
    const call = alice.call('sip:bob@example.com');
    await sim.clock.advance(1_000);
    expect(call.state).toBe('ringing');
    call.cancel();
    await sim.clock.advance(1_000);
    expect(call.finalStatus).toBe(487);
    expect([...bob.calls.values()].map((c) => c.state)).toEqual(['ended']);
    await end();
  }
});

test('of two ringing phones the first to answer gets the call and the other stops ringing', async () => {
  const { sim, phone, end } = await createWorld();
  const alice = await phone('alice', '10.0.0.2');
  const desk = await phone('bob', '10.0.0.3');
  const mobile = await phone('bob', '10.0.0.4');
  desk.answerPlan = { ringAfterMs: 10, answerAfterMs: 30_000 };
  mobile.answerPlan = { ringAfterMs: 10, answerAfterMs: 2_000 };
  const call = alice.call('sip:bob@example.com');
  await sim.clock.advance(5_000);
  expect(call.state).toBe('talking');
  expect([...mobile.calls.values()][0]?.state).toBe('talking');
  expect([...desk.calls.values()][0]?.finalStatus).toBe(487);
  await end();
});

test('the best of several refusals goes to the caller, a lone 503 as 500', async () => {
  const cases: [number[], number][] = [
    [[486, 603], 603],
    [[404, 486], 404],
    [[486, 415], 415],
    [[503], 500],
    [[503, 480], 480],
  ];
  for (const [statuses, expected] of cases) {
    const { sim, phone, end } = await createWorld();
    const alice = await phone('alice', '10.0.0.2');
    for (const [i, status] of statuses.entries()) {
      const bob = await phone('bob', `10.0.0.${3 + i}`);
      bob.answerPlan = { ringAfterMs: 10, answerAfterMs: 100 + i, status };
    }
    const call = alice.call('sip:bob@example.com');
    await sim.clock.advance(2_000);
    expect(call.finalStatus).toBe(expected);
    await end();
  }
});

test('a phone that never answers ends the call by timer B with 408; a MESSAGE to it gets nothing', async () => {
  const { sim, proxy, phone, end } = await createWorld();
  const alice = await phone('alice', '10.0.0.2');
  proxy.contacts.set('sip:gone@example.com', ['sip:gone@10.0.0.9:5060']);
  const call = alice.call('sip:gone@example.com');
  let messageStatus: number | undefined = 0;
  void alice.send('MESSAGE', 'sip:gone@example.com').then((response) => {
    messageStatus = response?.status;
  });
  await sim.clock.advance(33_000);
  expect(call.finalStatus).toBe(408);
  expect(messageStatus).toBeUndefined();
  await end();
});

test('Max-Forwards 0 is refused with 483, an unknown Proxy-Require with 420', async () => {
  const { sim, phone, end } = await createWorld();
  const alice = await phone('alice', '10.0.0.2');
  await phone('bob', '10.0.0.3');
  const exhausted = alice.send('MESSAGE', 'sip:bob@example.com', [['Proxy-Require', 'privacy, x']]);
  await sim.clock.advance(1_000);
  const refused = await exhausted;
  expect([refused?.status, refused?.header('Unsupported')]).toEqual([420, 'privacy, x']);
  await end();
});

test('a phone that says 180 once and nothing more is cancelled after timer C (185 s), and the caller gets its 487', async () => {
  const { sim, phone, end } = await createWorld();
  const alice = await phone('alice', '10.0.0.2');
  const bob = await phone('bob', '10.0.0.3');
  bob.answerPlan = { ringAfterMs: 10, answerAfterMs: 3_600_000 };
  const call = alice.call('sip:bob@example.com');
  await sim.clock.advance(184_000);
  expect(call.state).toBe('ringing');
  await sim.clock.advance(3_000);
  expect(call.finalStatus).toBe(487);
  await end();
});

test('drain answers what is still being set up and refuses what is new', async () => {
  const { sim, node, phone } = await createWorld();
  const alice = await phone('alice', '10.0.0.2');
  const bob = await phone('bob', '10.0.0.3');
  bob.answerPlan = { ringAfterMs: 10, answerAfterMs: 60_000 };
  const call = alice.call('sip:bob@example.com');
  await sim.clock.advance(1_000);
  let isDrained = false;
  void node.drain(sim.clock.monotonic() + 5_000).then(() => {
    isDrained = true;
  });
  await sim.clock.advance(100);
  const late = alice.call('sip:bob@example.com');
  await sim.clock.advance(6_000);
  expect([call.finalStatus, late.finalStatus, isDrained]).toEqual([487, 503, true]);
});

test('during a drain calls that stand can be ended; when nothing waits it is over at once and leaves no timer', async () => {
  const { sim, node, phone, end } = await createWorld();
  const alice = await phone('alice', '10.0.0.2');
  await phone('bob', '10.0.0.3');
  const call = alice.call('sip:bob@example.com');
  await sim.clock.advance(1_000);
  await node.drain(sim.clock.monotonic() + 5_000);
  const ended = call.hangUp();
  await sim.clock.advance(1_000);
  expect(await ended).toBe(200);
  await end();
});

test('a call survives loss, duplication and reordering, and leaves nothing behind', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { sim, phone, end } = await createWorld(seed);
    sim.network.links.setDefaults({ loss: 0.1, duplication: 0.1, reordering: 0.2 });
    const alice = await phone('alice', '10.0.0.2');
    await phone('bob', '10.0.0.3');
    const call = alice.call('sip:bob@example.com');
    await sim.clock.advance(20_000);
    expect([seed, call.state]).toEqual([seed, 'talking']);
    const ended = call.hangUp();
    await sim.clock.advance(33_000);
    expect(await ended).toBeDefined();
    await end();
  }
});

test('drain ends before its deadline even when nobody downstream answers', async () => {
  const { sim, node, proxy, phone } = await createWorld();
  const alice = await phone('alice', '10.0.0.2');
  proxy.contacts.set('sip:mute@example.com', ['sip:mute@10.0.0.9:5060']);
  const call = alice.call('sip:mute@example.com');
  await sim.clock.advance(100);
  const deadlineMs = sim.clock.monotonic() + 5_000;
  let drainedAtMs = Number.POSITIVE_INFINITY;
  void node.drain(deadlineMs).then(() => {
    drainedAtMs = sim.clock.monotonic();
  });
  await sim.clock.advance(6_000);
  expect(call.finalStatus).toBe(503);
  expect(drainedAtMs).toBeLessThan(deadlineMs);
});
