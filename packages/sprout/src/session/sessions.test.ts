import { createRequest, type SipRequest, type SipResponse } from '@clearwater/sip';
import { createTestPlatform, TestPhone, type TestPlatform } from '@clearwater/testkit';
import { type EmbeddedVellum, openEmbeddedVellum } from '@clearwater/vellum';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SproutWorld, withoutPops } from '../testing/sprout-world.ts';

const USERS = [
  {
    impi: 'alice@example.com',
    password: 'secret',
    impus: ['sip:alice@example.com', 'tel:+16505550001', { barred: 'sip:hidden@example.com' }],
  },
  {
    impi: 'bob@example.com',
    password: 'hush',
    impus: ['sip:bob@example.com', 'sip:+16505550002@example.com', 'tel:+16505550002'],
  },
  { impi: 'carol@example.com', password: 'hush', impus: ['sip:2010@example.com'] },
  { impi: 'erin@example.com', password: 'hush', impus: ['sip:erin@example.com', 'tel:+16505550003'] },
  {
    impi: 'barred@example.com',
    password: 'hush',
    impus: ['sip:dave@example.com', { barred: 'sip:locked@example.com' }],
  },
];
const ALICE = 'sip:alice@example.com';
const BOB = 'sip:bob@example.com';

let world: TestPlatform;
let vellum: EmbeddedVellum;
let sprout: SproutWorld;

beforeEach(async () => {
  world = createTestPlatform();
  vellum = await openEmbeddedVellum({ directory: ':memory:', platform: world.platform });
  sprout = new SproutWorld(world.platform, vellum, USERS);
  await vellum.part.start?.();
});
afterEach(() => vellum.part.stop?.());

async function registerAlice(): Promise<void> {
  expect((await sprout.register()).status).toBe(200);
}

/** One device of bob's: its contact, and a port that also names its flow. */
async function registerBob(port: number, params = ''): Promise<void> {
  const response = await sprout.register({
    impu: BOB,
    impi: 'bob@example.com',
    password: 'hush',
    contacts: [`<sip:bob@10.0.0.2:${port}>${params}`],
    callId: `bob ${port}`,
    port,
  });
  expect(response.status).toBe(200);
}

function callees(): readonly string[] {
  return sprout.edge.received.map((request) => request.uri);
}

async function liveContactsOfBob(): Promise<readonly string[]> {
  const bob = { impu: BOB, impi: 'bob@example.com', password: 'hush', contacts: [] };
  return (await sprout.register(bob)).values('Contact').map((value) => /:(\d+)>/.exec(value)?.[1] ?? value);
}

describe('a call between home users', () => {
  test('goes through both halves in memory: contact, Path, identities, and one Record-Route', async () => {
    await registerAlice();
    await registerBob(5061);
    const answer = await sprout.ask('INVITE', BOB, { from: ALICE });
    expect(answer.status).toBe(200);
    const [invite] = sprout.edge.received as [SipRequest];
    expect(invite.uri).toBe('sip:bob@10.0.0.2:5061');
    expect(invite.values('Route')).toEqual(['<sip:flow-5061@edge.example.com;lr>']);
    expect(invite.header('P-Called-Party-ID')).toBe('<sip:bob@example.com>');
    expect(invite.values('P-Asserted-Identity')).toEqual(['<sip:alice@example.com>', '<tel:+16505550001>']);
    expect(invite.values('Record-Route')).toEqual([
      '<sip:scscf.example.com:5054;transport=TCP;lr>',
      '<sip:edge.example.com:5058;lr>',
    ]);
    expect(invite.maxForwards).toBe(66);
    expect(answer.values('Record-Route')).toHaveLength(2);
  });

  test('PRACK, UPDATE, re-INVITE, BYE and ACK follow their Route, whatever became of the registrations', async () => {
    const inDialog = (method: string): SipRequest =>
      createRequest({
        method,
        uri: 'sip:bob@10.0.0.2:5061',
        headers: [
          ['Via', 'SIP/2.0/TCP edge.example.com:5058;branch=z9hG4bKedge'],
          ['Route', '<sip:scscf.example.com:5054;transport=TCP;lr>, <sip:token@edge.example.com:5058;lr>'],
          ['From', `<${ALICE}>;tag=f`],
          ['To', `<${BOB}>;tag=t`],
          ['Call-ID', 'call'],
          ['CSeq', `2 ${method}`],
        ],
      });
    for (const method of ['PRACK', 'UPDATE', 'INVITE', 'BYE', 'INFO']) {
      expect((await sprout.send(inDialog(method)).final).status).toBe(200);
    }
    sprout.sprout.node.sendAck(inDialog('ACK'));
    await world.clock.settle();
    for (const request of [...sprout.edge.received, ...sprout.edge.acks]) {
      expect([request.uri, request.values('Route'), request.has('Record-Route')]).toEqual([
        'sip:bob@10.0.0.2:5061',
        ['<sip:token@edge.example.com:5058;lr>'],
        false,
      ]);
    }
    expect(sprout.edge.acks).toHaveLength(1);
    const lost = inDialog('BYE');
    lost.set('Route', '<sip:scscf.example.com:5054;transport=TCP;lr>');
    lost.setUri(BOB);
    expect((await sprout.send(lost).final).status).toBe(481);
    const stray = inDialog('ACK');
    stray.set('Route', '<sip:scscf.example.com:5054;transport=TCP;lr>');
    stray.setUri(BOB);
    sprout.sprout.node.sendAck(stray);
    await world.clock.settle();
    expect(sprout.edge.acks).toHaveLength(1);
  });

  test('who may not call: not registered 504 with the restoration body, unknown, barred or nameless 403', async () => {
    const lost = await sprout.ask('INVITE', BOB, { from: ALICE });
    expect([lost.status, lost.header('Content-Type')]).toEqual([504, 'application/3gpp-ims+xml']);
    expect(lost.body).toContain('<action>initial-registration</action>');
    expect(lost.has('Retry-After')).toBe(false);
    await registerAlice();
    const statusOf = async (from: string): Promise<number> =>
      (await sprout.ask('INVITE', BOB, { from })).status;
    expect(await statusOf('sip:nobody@example.com')).toBe(403);
    expect(await statusOf('sip:hidden@example.com')).toBe(403);
    const nameless = sprout.request('INVITE', BOB, { from: ALICE });
    nameless.remove('P-Asserted-Identity');
    expect((await sprout.send(nameless).final).status).toBe(403);
    await world.clock.advance(300_000);
    expect(await statusOf(ALICE)).toBe(504);
  });

  test('who cannot be called: unknown 404, barred 404, not registered 480, foreign domains 404', async () => {
    await registerAlice();
    for (const options of [{}, { from: ALICE }]) {
      const statusOf = async (uri: string): Promise<number> =>
        (await sprout.ask('INVITE', uri, options)).status;
      expect(await statusOf('sip:nobody@example.com')).toBe(404);
      expect(await statusOf('sip:locked@example.com')).toBe(404);
      expect(await statusOf(BOB)).toBe(480);
      expect(await statusOf('sip:bob@elsewhere.net')).toBe(404);
      expect(await statusOf('tel:+4930123456')).toBe(404);
      expect(await statusOf('urn:service:sos')).toBe(416);
    }
    await registerBob(5061);
    expect((await sprout.ask('INVITE', 'sips:bob@example.com', { from: ALICE })).status).toBe(480);
  });

  test('stores that are away are 504 with Retry-After in both halves', async () => {
    await registerAlice();
    await registerBob(5061);
    const expectTemporary = async (options: { from?: string }): Promise<void> => {
      const response = await sprout.ask('INVITE', BOB, options);
      expect([response.status, response.body]).toEqual([504, '']);
      expect(Number(response.header('Retry-After'))).toBeGreaterThan(0);
    };
    for (const options of [{}, { from: ALICE }]) {
      sprout.records.fault = () => 'unavailable';
      await expectTemporary(options);
      sprout.records.fault = () => undefined;
      sprout.homestead.isAway = true;
      await expectTemporary(options);
      sprout.homestead.isAway = false;
    }
    expect(sprout.edge.received).toEqual([]);
  });

  test('numbers: tel and user=phone of a home user, separators and all, and a local number without tel identity', async () => {
    await registerAlice();
    await registerBob(5061);
    await sprout.register({
      impu: 'sip:2010@example.com',
      impi: 'carol@example.com',
      password: 'hush',
      contacts: ['<sip:carol@10.0.0.3>'],
    });
    const calledAs = async (uri: string): Promise<string | undefined> => {
      expect((await sprout.ask('MESSAGE', uri, { from: ALICE })).status).toBe(200);
      return sprout.edge.received.at(-1)?.uri;
    };
    expect(await calledAs('tel:+1-650-555-0002')).toBe('sip:bob@10.0.0.2:5061');
    expect(await calledAs('sip:+1(650)555.0002@example.com;user=phone')).toBe('sip:bob@10.0.0.2:5061');
    expect(await calledAs('tel:2010;phone-context=example.com')).toBe('sip:carol@10.0.0.3');
    expect((await sprout.ask('MESSAGE', 'tel:2011;phone-context=example.com', { from: ALICE })).status).toBe(
      404,
    );
    // A number that is provisioned as tel identity alone is found by its SIP form, at the cost of one question more, on a miss.
    await sprout.register({
      impu: 'sip:erin@example.com',
      impi: 'erin@example.com',
      password: 'hush',
      contacts: ['<sip:erin@10.0.0.4>'],
    });
    const [sip, tel] = ['sip:+16505550003@example.com', 'tel:+16505550003'];
    for (const [uri, route, calls] of [
      [sip, 'icscf', [`location ${sip}`, `location ${tel}`, `profile ${tel}`]],
      [`${sip};user=phone`, 'icscf', [`location ${sip}`, `location ${tel}`, `profile ${tel}`]],
      [sip, 'scscf', [`profile ${sip}`, `profile ${tel}`]],
      [tel, 'scscf', [`profile ${tel}`]],
    ] as const) {
      const message = sprout.request('MESSAGE', uri);
      message.set('Route', `<sip:${route}.example.com;lr>`);
      sprout.homestead.calls.length = 0;
      expect((await sprout.send(message).final).status).toBe(200);
      expect(sprout.homestead.calls).toEqual(calls);
      const delivered = sprout.edge.received.at(-1);
      expect([delivered?.uri, delivered?.header('P-Called-Party-ID')]).toEqual([
        'sip:erin@10.0.0.4',
        `<${tel}>`,
      ]);
    }
    expect((await sprout.ask('MESSAGE', sip.replace('sip', 'sips'), { from: ALICE })).status).toBe(480);
    expect((await sprout.ask('MESSAGE', 'sip:+16505550004@example.com', { from: ALICE })).status).toBe(404);
    // The caller is known by its number, too: its SIP identity is added.
    await sprout.ask('MESSAGE', BOB, { from: 'tel:+16505550001' });
    expect(sprout.edge.received.at(-1)?.values('P-Asserted-Identity')).toEqual([
      '<tel:+16505550001>',
      '<sip:alice@example.com>',
    ]);
  });
});

describe('forking', () => {
  beforeEach(async () => {
    sprout.edge.statusOf = () => undefined;
    await registerBob(5061, ';q=0.5');
    await registerBob(5062, ';q=1');
    await registerBob(5063, ';q=0.1');
  });

  test('all devices ring at once; the first to answer has the call, the others are cancelled', async () => {
    const call = sprout.send(sprout.request('INVITE', BOB));
    await world.clock.settle();
    expect(callees()).toEqual(['sip:bob@10.0.0.2:5062', 'sip:bob@10.0.0.2:5061', 'sip:bob@10.0.0.2:5063']);
    sprout.edge.answer(0, 180);
    sprout.edge.answer(1, 200);
    expect((await call.final).status).toBe(200);
    await world.clock.settle();
    expect(sprout.edge.cancelled).toEqual(['sip:bob@10.0.0.2:5062', 'sip:bob@10.0.0.2:5063']);
    expect([call.provisional.length, call.finals.length]).toEqual([1, 1]);
  });

  test('the best of the failures goes back; a lone 503 of a phone becomes 500', async () => {
    const outcome = async (...statuses: number[]): Promise<number> => {
      const call = sprout.send(sprout.request('INVITE', BOB));
      await world.clock.settle();
      const first = sprout.edge.legs.length - 3;
      for (const [index, status] of statuses.entries()) sprout.edge.answer(first + index, status);
      return (await call.final).status;
    };
    expect(await outcome(486, 408, 480)).toBe(480);
    expect(await outcome(486, 486, 415)).toBe(415);
    expect(await outcome(503, 503, 503)).toBe(500);
    expect(await outcome(486, 603)).toBe(603);
  });

  test('a CANCEL reaches every device, before and after they are known', async () => {
    const early = sprout.send(sprout.request('INVITE', BOB));
    early.cancel();
    expect((await early.final).status).toBe(487);
    await world.clock.settle();
    expect(sprout.edge.received).toEqual([]);
    const call = sprout.send(sprout.request('INVITE', BOB));
    await world.clock.settle();
    call.cancel();
    expect((await call.final).status).toBe(487);
    expect(sprout.edge.cancelled).toHaveLength(3);
  });

  test('no more devices than forkMax, those of the highest q', async () => {
    const narrow = new SproutWorld(
      world.platform,
      { records: vellum.records, timers: withoutPops(vellum.timers) },
      USERS,
      { config: { forkMax: 2 } },
    );
    const message = narrow.send(narrow.request('MESSAGE', BOB));
    expect((await message.final).status).toBe(200);
    expect(narrow.edge.received.map((request) => request.uri)).toEqual([
      'sip:bob@10.0.0.2:5062',
      'sip:bob@10.0.0.2:5061',
    ]);
  });
});

describe('flows', () => {
  test('a device with two flows gets one request; the other flow is tried when the first is dead, which loses its binding', async () => {
    await registerBob(5061, ';+sip.instance="<urn:1>";reg-id=2');
    await world.clock.advance(1_000);
    await registerBob(5062, ';+sip.instance="<urn:1>";reg-id=1');
    sprout.edge.statusOf = (contact) => (contact.endsWith('5062') ? 430 : 200);
    const answer = await sprout.ask('INVITE', BOB);
    expect(answer.status).toBe(200);
    expect(callees()).toEqual(['sip:bob@10.0.0.2:5062', 'sip:bob@10.0.0.2:5061']);
    await world.clock.settle();
    expect(await liveContactsOfBob()).toEqual(['5061']);
  });

  test('a dead flow takes its own binding and no other; to the caller the device is not there', async () => {
    await registerBob(5061);
    await registerBob(5062);
    sprout.edge.statusOf = (contact) => (contact.endsWith('5061') ? 430 : 486);
    expect((await sprout.ask('INVITE', BOB)).status).toBe(480);
    await world.clock.settle();
    expect(await liveContactsOfBob()).toEqual(['5062']);
    sprout.edge.statusOf = () => 430;
    expect((await sprout.ask('INVITE', BOB)).status).toBe(480);
    await world.clock.settle();
    expect(await liveContactsOfBob()).toEqual([]);
    expect(sprout.homestead.calls).toContain('assign sip:bob@example.com dereg-timeout');
  });

  test('a flow that was renewed while its request was under way keeps its binding', async () => {
    await registerBob(5061);
    sprout.edge.statusOf = () => undefined;
    const call = sprout.send(sprout.request('INVITE', BOB));
    await world.clock.settle();
    await registerBob(5061);
    sprout.edge.answer(0, 430);
    expect((await call.final).status).toBe(480);
    await world.clock.settle();
    expect(await liveContactsOfBob()).toEqual(['5061']);
  });

  test('a contact without Path that leads back to the network is not called', async () => {
    const bob = { impu: BOB, impi: 'bob@example.com', password: 'hush', isWithoutPath: true };
    await sprout.register({
      ...bob,
      contacts: [`<${BOB}>`, '<sip:scscf.example.com:5054;orig>', '<sip:127.0.0.1:5054>'],
    });
    expect((await sprout.ask('INVITE', BOB)).status).toBe(480);
  });
});

describe('everyday chatter', () => {
  test('SUBSCRIBE and PUBLISH that only a server could serve are refused at once; other events go to the phone', async () => {
    await registerAlice();
    await registerBob(5061);
    const subscribe = (event: string): Promise<SipResponse> =>
      sprout.ask('SUBSCRIBE', BOB, { from: ALICE, headers: [['Event', event]] });
    for (const event of ['message-summary', 'presence', 'dialog;id=1', 'reg']) {
      const response = await subscribe(event);
      expect([response.status, response.has('Allow-Events')]).toEqual([489, true]);
    }
    const publish = await sprout.ask('PUBLISH', ALICE, { from: ALICE, headers: [['Event', 'presence']] });
    expect([publish.status, publish.has('Allow')]).toEqual([405, true]);
    expect(sprout.edge.received).toEqual([]);
    expect((await subscribe('conference')).status).toBe(200);
  });

  test('OPTIONS to the domain and to our names is answered, OPTIONS to a user goes to the phone', async () => {
    await registerAlice();
    await registerBob(5061);
    for (const uri of [
      'sip:example.com',
      'sip:icscf.example.com:5052',
      'sip:scscf.example.com:5054;lr',
      'sip:127.0.0.1:5054',
    ]) {
      const options = sprout.request('OPTIONS', uri);
      options.remove('Route');
      expect((await sprout.send(options).final).status).toBe(200);
    }
    expect((await sprout.ask('OPTIONS', 'sip:example.com', { from: ALICE })).status).toBe(200);
    expect((await sprout.ask('MESSAGE', 'sip:example.com', { from: ALICE })).status).toBe(404);
    expect(sprout.edge.received).toEqual([]);
    expect((await sprout.ask('OPTIONS', BOB, { from: ALICE })).status).toBe(200);
    expect(sprout.edge.received).toHaveLength(1);
  });
});

test('phones on the wire register and talk through the listeners, over UDP and TCP, and nothing is left over', async () => {
  // Phones without a P-CSCF know no names.
  const config = { scscfUri: 'sip:127.0.0.1:5054' };
  sprout = new SproutWorld(world.platform, { ...vellum, timers: withoutPops(vellum.timers) }, USERS, {
    config,
  });
  sprout.homestead.scscf = undefined;
  await sprout.sprout.node.start();
  const phones = [];
  for (const [name, host, transport] of [
    ['alice', '10.0.0.1', 'UDP'],
    ['bob', '10.0.0.2', 'TCP'],
  ] as const) {
    const phone = new TestPhone(world.node(host), {
      impu: `sip:${name}@example.com`,
      password: name === 'alice' ? 'secret' : 'hush',
      local: { host, port: 5060 },
      proxy: { host: '127.0.0.1', port: 5052 },
      transport,
    });
    await phone.start();
    phones.push(phone);
    const registered = phone.register();
    await world.clock.advance(1_000);
    expect((await registered)?.status).toBe(200);
  }
  const [alice, bob] = phones as [TestPhone, TestPhone];
  const call = alice.call(BOB);
  await world.clock.advance(2_000);
  expect([call.state, call.finalStatus]).toEqual(['talking', 200]);
  expect(await Promise.all([call.hangUp(), world.clock.advance(1_000)])).toEqual([200, undefined]);
  expect(bob.received.map((request) => request.method)).toEqual(['INVITE', 'ACK', 'BYE']);
  await world.clock.advance(60_000);
  expect(sprout.sprout.node.transactions.transactionCount).toBe(0);
  for (const part of [alice, bob, sprout.sprout.node]) await part.stop();
});
