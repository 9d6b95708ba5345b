import { serializeRegData } from '@clearwater/ims';
import { loadConfig } from '@clearwater/platform';
import {
  createRequest,
  createResponse,
  Dialog,
  type HeaderList,
  RFC_TIMERS,
  SipNode,
  type SipRequest,
  StaticResolver,
  type TransportName,
} from '@clearwater/sip';
import { createTestPlatform, TestPhone, type TestPlatform } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { type Bono, createBono } from './bono.ts';
import { bonoConfig } from './config.ts';
import { SCSCF, TestCore, TestRecords } from './testing/scripted-core.ts';

const EDGE = { host: '10.0.0.1', port: 5060 };
const CORE_HOST = '10.0.1.9';
const RESOLVER = new StaticResolver({
  'bono.example.com': ['10.0.1.1'],
  'icscf.example.com': [CORE_HOST],
  'scscf.example.com': [CORE_HOST],
});
const CONFIG = loadConfig(bonoConfig, [
  {
    source: 'test',
    values: { homeDomain: 'example.com', edgeAddresses: [EDGE.host], coreAddress: '10.0.1.1' },
  },
]);
const FLOW_KEYS = { current: { id: 1, secret: Buffer.alloc(32, 7) }, previous: [] };

class World {
  readonly sim: TestPlatform = createTestPlatform();
  readonly records = new TestRecords();
  readonly node: SipNode;
  readonly core: TestCore;
  readonly #phones: TestPhone[] = [];
  bono: Bono;

  constructor() {
    const listeners = [5052, 5054].map((port) => ({
      name: 'core', host: CORE_HOST, port, transports: ['UDP', 'TCP'] as const, timers: RFC_TIMERS,
    })); // biome-ignore format: one line a listener
    this.node = new SipNode(this.sim.node(CORE_HOST), { listeners, sendFrom: 'core' }, RESOLVER);
    this.core = new TestCore(this.node, this.records);
    this.node.add(this.core, 'core');
    this.bono = this.#createBono();
  }

  static async start(): Promise<World> {
    const world = new World();
    await world.node.start();
    await world.bono.node.start();
    return world;
  }

  /** Alice at .2, bob at .3, …; not registered. */
  async phone(user: string, host: string, transport: TransportName = 'UDP'): Promise<TestPhone> {
    const impu = `sip:${user}@example.com`;
    const options = { impu, password: 'secret', local: { host, port: 5062 }, proxy: EDGE, transport };
    const phone = new TestPhone(this.sim.node(host), options);
    await phone.start();
    this.#phones.push(phone);
    return phone;
  }

  async registered(user: string, host: string, transport: TransportName = 'UDP'): Promise<TestPhone> {
    const phone = await this.phone(user, host, transport);
    expect((await this.after(phone.register()))?.status).toBe(200);
    return phone;
  }

  async after<T>(pending: Promise<T>): Promise<T> {
    await this.sim.clock.advance(1_000);
    return pending;
  }

  /** The same deployment, another process: memory and connections are gone, keys and records are not. */
  async restartBono(): Promise<void> {
    await this.bono.node.stop();
    await this.sim.clock.advance(10);
    this.bono = this.#createBono();
    await this.bono.node.start();
  }

  /** Everything comes to its end: no transaction, timer or socket outlives the calls. */
  async end(): Promise<void> {
    await this.sim.clock.advance(64_000);
    expect(this.bono.node.transactions.transactionCount).toBe(0);
    await Promise.all([...this.#phones, this.node, this.bono.node].map((part) => part.stop()));
    await this.sim.clock.advance(1_000);
    expect(this.sim.leaks()).toEqual([]);
  }

  #createBono(): Bono {
    const getRegData = ({ params }: { params: { impu: string } }) => {
      const user = [...this.core.bindings.keys()].find((impu) => params.impu === `tel:+1555${impu.length}`);
      if (user === undefined) return Promise.resolve({ status: 404 });
      const identities = [user, params.impu].map(
        (impu) => `<PublicIdentity><Identity>${impu}</Identity></PublicIdentity>`,
      );
      const subscriptionXml = `<IMSSubscription><PrivateID>x</PrivateID><ServiceProfile>${identities.join('')}</ServiceProfile></IMSSubscription>`;
      const charging = { ccfs: [], ecfs: [] };
      return Promise.resolve({
        status: 200,
        body: serializeRegData({ registrationState: 'REGISTERED', subscriptionXml, charging }),
      });
    };
    return createBono(CONFIG, {
      platform: this.sim.node('10.0.1.1'),
      records: this.records,
      homestead: { getRegData },
      flowKeys: FLOW_KEYS,
      resolver: RESOLVER,
    });
  }
}

interface Written {
  readonly uri?: string;
  readonly to?: string;
  readonly from?: string;
  readonly callId?: string;
  readonly headers?: HeaderList;
}

/** A request as a phone writes it by hand. */
function written(
  phone: TestPhone,
  method: string,
  { uri = 'sip:bob@example.com', to, from, callId, headers = [] }: Written = {},
): SipRequest {
  return createRequest({
    method,
    uri,
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<${from ?? phone.options.impu}>;tag=${phone.platform.random.token(8)}`],
      ['To', to ?? `<${uri}>`],
      ['Call-ID', callId ?? phone.platform.random.token(8)],
      ['CSeq', `1 ${method}`],
      ['Contact', `<${phone.contact}>`],
      ...(headers.some(([name]) => name === 'Route') ? [] : [['Route', phone.route] as const]),
      ...headers,
    ],
  });
}

const TRANSPORTS = ['UDP', 'TCP'] as const;
const PATH = /^<sip:[A-Za-z0-9_-]{40,}@bono\.example\.com:5058;transport=TCP;lr>$/;

test.each(TRANSPORTS)(
  'REGISTER over %s: Path, charging and trust are ours, whatever the phone wrote',
  async (transport) => {
    const world = await World.start();
    const alice = await world.phone('alice', '10.0.0.2', transport);
    const authorization =
      'Digest username="alice@example.com",realm="example.com",nonce="",uri="sip:example.com",response="",integrity-protected="yes"';
    const register = written(alice, 'REGISTER', {
    uri: 'sip:example.com',
    to: '<sip:alice@example.com>',
    headers: [
      ['Authorization', authorization], ['Path', '<sip:evil.example.net;lr>'], ['P-Asserted-Identity', '<sip:ceo@example.com>'],
      ['Security-Client', 'ipsec-3gpp'], ['P-Access-Network-Info', 'IEEE-802.11'], ['Expires', '300'],
    ],
  }); // biome-ignore format: one list
    const challenge = await world.after(alice.request(register));
    expect(challenge?.status).toBe(401);
    expect(challenge?.header('WWW-Authenticate')).not.toMatch(/\b[ci]k=/);
    const seen = world.core.last('REGISTER');
    expect(seen.values('Path')).toEqual([expect.stringMatching(PATH)]);
    expect(seen.header('Require')).toBe('path');
    expect(seen.header('P-Visited-Network-ID')).toBe('example.com');
    expect(seen.header('P-Charging-Vector')).toMatch(
      /^icid-value="[0-9a-z]{24}";icid-generated-at=bono\.example\.com$/,
    );
    expect(seen.header('P-Access-Network-Info')).toBe('IEEE-802.11');
    expect(seen.header('Authorization')).not.toContain('integrity-protected');
    for (const name of ['P-Asserted-Identity', 'Security-Client']) expect(seen.has(name)).toBe(false);
    expect(seen.values('Route')).toEqual(['<sip:icscf.example.com:5052;transport=TCP;lr>']);

    const accepted = await world.after(alice.register());
    expect(accepted?.status).toBe(200);
    expect(world.core.last('REGISTER').header('Authorization')).toContain(
      'integrity-protected="ip-assoc-pending"',
    );
    const edge = `<sip:10.0.0.1:5060${transport === 'TCP' ? ';transport=TCP' : ''};lr>`;
    expect(accepted?.values('Service-Route')).toEqual([edge, `<${SCSCF};orig>`]);
    expect(accepted?.has('P-Charging-Function-Addresses')).toBe(false);

    expect((await world.after(alice.request(register.copy())))?.status).toBe(200);
    expect(world.core.last('REGISTER').header('Authorization')).toContain(
      'integrity-protected="ip-assoc-yes"',
    );
    await world.end();
  },
);

test('several users behind one socket are told apart, also by a Bono that has to read up on them', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const digest =
    'Digest username="carol@example.com",realm="example.com",nonce="abc",uri="sip:example.com",response="00"';
  const register = written(alice, 'REGISTER', {
    uri: 'sip:example.com',
    to: '<sip:carol@example.com>',
    headers: [
      ['Authorization', digest],
      ['Expires', '300'],
    ],
  });
  expect((await world.after(alice.request(register)))?.status).toBe(200);
  // The flow is alice's, not yet carol's.
  expect(world.core.last('REGISTER').header('Authorization')).toContain(
    'integrity-protected="ip-assoc-pending"',
  );
  for (const step of [() => Promise.resolve(), () => world.restartBono()]) {
    await step();
    for (const user of ['alice', 'carol']) {
      const from = `sip:${user}@example.com`;
      await world.after(alice.request(written(alice, 'MESSAGE', { from })));
      expect(world.core.last('MESSAGE').values('P-Asserted-Identity')).toEqual([`<${from}>`]);
    }
  }
  await world.end();
});

test('several users behind one socket: a call belongs to the one who was called, also over a new connection', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2', 'TCP');
  const bob = await world.registered('bob', '10.0.0.3');
  const headers: HeaderList = [
    [
      'Authorization',
      'Digest username="c@example.com",realm="example.com",nonce="a",uri="sip:example.com",response="00"',
    ],
    ['Expires', '300'],
  ];
  const carol = written(alice, 'REGISTER', {
    uri: 'sip:example.com',
    to: '<sip:carol@example.com>',
    headers,
  });
  expect((await world.after(alice.request(carol)))?.status).toBe(200);
  const call = bob.call('sip:alice@example.com');
  await world.sim.clock.advance(1_000);
  await alice.stop();
  await alice.start();
  expect((await world.after(alice.register()))?.status).toBe(200);
  expect(await world.after(alice.calls.get(call.callId)?.hangUp() ?? Promise.resolve(0))).toBe(200);
  await world.end();
});

test('what no REGISTER may ask: a security agreement without IPsec (420); from the core side it is not taken (405)', async () => {
  const world = await World.start();
  const alice = await world.phone('alice', '10.0.0.2');
  const agreement = written(alice, 'REGISTER', {
    uri: 'sip:example.com',
    headers: [['Require', 'sec-agree']],
  });
  const refused = await world.after(alice.request(agreement));
  expect([refused?.status, refused?.header('Unsupported')]).toEqual([420, 'sec-agree']);
  const inside = written(alice, 'REGISTER', {
    headers: [['Route', '<sip:bono.example.com:5058;transport=TCP;lr>']],
  });
  const answer = new Promise<number>((resolve) => {
    world.node.send(inside, { onResponse: ({ status }) => resolve(status), onFailure: () => resolve(0) });
  });
  expect(await world.after(answer)).toBe(405);
  expect(world.core.requests).toEqual([]);
  await world.end();
});

const CROSSINGS = TRANSPORTS.flatMap((a) =>
  TRANSPORTS.flatMap((b) => [true, false].map((records) => [a, b, records] as const)),
);

test.each(CROSSINGS)(
  'a call from %s to %s through one Bono, S-CSCF in the dialog: %p',
  async (from, to, recordsRoute) => {
    const world = await World.start();
    world.core.recordsRoute = recordsRoute;
    const alice = await world.registered('alice', '10.0.0.2', from);
    const bob = await world.registered('bob', '10.0.0.3', to);
    const call = alice.call('sip:bob@example.com');
    await world.sim.clock.advance(50);
    expect(call.state).toBe('ringing');
    await world.sim.clock.advance(1_000);
    expect(call.state).toBe('talking');
    const answer = bob.calls.get(call.callId);
    for (const method of ['UPDATE', 'INVITE', 'INFO']) {
      expect(await world.after(call.request(method))).toBe(200);
      expect(await world.after(answer?.request(method) ?? Promise.resolve(0))).toBe(200);
    }
    expect(bob.received.map(({ method }) => method)).toEqual(['INVITE', 'ACK', 'UPDATE', 'INVITE', 'INFO']);
    expect(await world.after(answer?.hangUp() ?? Promise.resolve(0))).toBe(200);
    expect(call.state).toBe('ended');
    await world.end();
  },
);

test('an INVITE carries the asserted identity, both sides of both Bonos, and no secrets of the core', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2', 'TCP');
  const bob = await world.registered('bob', '10.0.0.3');
  const headers: HeaderList = [
    ['P-Asserted-Identity', '<sip:ceo@example.com>'], ['P-Preferred-Identity', '<tel:+155521>'],
    ['P-Served-User', '<sip:ceo@example.com>'], ['Route', `${alice.route}, <sip:odi_1@scscf.example.com:5054;lr;orig>`],
  ]; // biome-ignore format: one list
  const invite = written(alice, 'INVITE', { from: 'sip:nobody@example.net', headers });
  const answered = await world.after(alice.request(invite));
  const dialog = answered && Dialog.ofUac(invite, answered);
  if (dialog !== undefined) alice.node.sendAck(dialog.createAck(1));
  await world.sim.clock.advance(100);

  const originated = world.core.last('INVITE');
  expect(originated.values('P-Asserted-Identity')).toEqual(['<tel:+155521>']);
  expect(originated.from?.uri).toBe('sip:nobody@example.net');
  expect(originated.values('Route')).toEqual([`<${SCSCF};orig>`]);
  expect(originated.has('P-Served-User') || originated.has('P-Preferred-Identity')).toBe(false);
  expect(originated.has('P-Charging-Vector')).toBe(true);
  const edgeOfAlice = '<sip:10.0.0.1:5060;transport=TCP;lr>';
  expect(originated.values('Record-Route')).toEqual([expect.stringMatching(PATH), edgeOfAlice]);

  const [delivered] = bob.received;
  expect(delivered?.uri).toBe(bob.contact);
  expect(delivered?.has('Route')).toBe(false);
  expect(delivered?.has('P-Charging-Vector')).toBe(false);
  expect(delivered?.values('P-Asserted-Identity')).toEqual(['<tel:+155521>']);
  const routes = delivered?.values('Record-Route') ?? [];
  expect(routes).toEqual([
    '<sip:10.0.0.1:5060;lr>',
    expect.stringMatching(PATH),
    `<${SCSCF}>`,
    expect.stringMatching(PATH),
    edgeOfAlice,
  ]);
  expect(routes[1]).not.toBe(routes[3]);
  expect(world.core.responses.at(-1)?.values('P-Asserted-Identity')).toEqual(['<sip:bob@example.com>']);
  await world.end();
});

test('who answers is said by the network, not by the phone that answers', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const bob = await world.registered('bob', '10.0.0.3');
  const spoofed = ['P-Asserted-Identity', 'P-Preferred-Identity', 'P-Charging-Vector'] as const;
  bob.onRequest = (leg) => {
    const headers = spoofed.map((name) => [name, '<sip:ceo@example.com>'] as const);
    leg.respond(createResponse(leg.request, 200, undefined, { toTag: 'b', headers }));
  };
  const called = 'sip:%62ob@EXAMPLE.com;maddr=10.0.0.66';
  world.core.bindings.set(
    called,
    world.core.bindings.get('sip:bob@example.com') ?? { contact: '', path: [] },
  );
  const answer = await world.after(alice.send('MESSAGE', called));
  expect(answer?.status).toBe(200);
  expect(spoofed.map((name) => answer?.header(name))).toEqual([
    '<sip:bob@example.com>',
    undefined,
    undefined,
  ]);
  await world.end();
});

test('a phone that answers cannot rewrite the route set of the dialog', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const bob = await world.registered('bob', '10.0.0.3');
  let recorded: readonly string[] = [];
  const answerWith = (status: number, headers: HeaderList): void => {
    bob.onRequest = (leg) => {
      recorded = leg.request.values('Record-Route');
      leg.respond(createResponse(leg.request, status, undefined, { toTag: 'b', headers }));
    };
  };
  for (const headers of [[['Record-Route', '<sip:10.0.0.99:9;lr>']], []] satisfies readonly HeaderList[]) {
    answerWith(200, headers);
    const answer = await world.after(alice.request(written(alice, 'SUBSCRIBE')));
    expect(recorded).toHaveLength(4);
    expect(answer?.values('Record-Route')).toEqual(recorded);
  }
  answerWith(405, []);
  expect((await world.after(alice.request(written(alice, 'REFER'))))?.has('Record-Route')).toBe(false);
  await world.end();
});

test('Privacy: id hides the caller from the phone, not from the core', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const bob = await world.registered('bob', '10.0.0.3');
  const sent = alice.send('MESSAGE', 'sip:bob@example.com', [['Privacy', 'id']]);
  expect((await world.after(sent))?.status).toBe(200);
  expect(world.core.last('MESSAGE').has('P-Asserted-Identity')).toBe(true);
  expect(
    bob.received.map((request) => [
      request.method,
      request.has('P-Asserted-Identity'),
      request.has('Record-Route'),
    ]),
  ).toEqual([['MESSAGE', false, false]]);
  await world.end();
});

test('CANCEL reaches the ringing phone; the caller gets 487', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const bob = await world.registered('bob', '10.0.0.3', 'TCP');
  bob.answerPlan = { ringAfterMs: 10, answerAfterMs: 60_000 };
  const call = alice.call('sip:bob@example.com');
  await world.sim.clock.advance(1_000);
  call.cancel();
  await world.sim.clock.advance(1_000);
  expect(call.finalStatus).toBe(487);
  expect(bob.calls.get(call.callId)?.state).toBe('ended');
  await world.end();
});

test('430: the connection of the callee is closed, or the token is nobody’s', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const bob = await world.registered('bob', '10.0.0.3', 'TCP');
  const path = world.core.bindings.get('sip:bob@example.com')?.path[0] ?? '';
  await bob.stop();
  expect((await world.after(alice.send('MESSAGE', 'sip:bob@example.com')))?.status).toBe(430);
  // A new connection of the same phone is another flow, even from the same port.
  await bob.start();
  await world.after(bob.send('OPTIONS', 'sip:example.com'));
  expect((await world.after(alice.send('MESSAGE', 'sip:bob@example.com')))?.status).toBe(430);
  world.core.bindings.set('sip:bob@example.com', {
    contact: bob.contact,
    path: [path.replace('sip:', 'sip:A')],
  });
  expect((await world.after(alice.send('MESSAGE', 'sip:bob@example.com')))?.status).toBe(430);
  expect(bob.received).toEqual([]);
  await world.end();
});

test('a restart: UDP phones stay callable, their calls go on and they call by the record; TCP phones have to come back', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const bob = await world.registered('bob', '10.0.0.3');
  const carol = await world.registered('carol', '10.0.0.4', 'TCP');
  const call = alice.call('sip:bob@example.com');
  await world.sim.clock.advance(2_000);
  await world.restartBono();
  expect(await world.after(call.request('UPDATE'))).toBe(200);
  expect(await world.after(bob.calls.get(call.callId)?.hangUp() ?? Promise.resolve(0))).toBe(200);

  const tel = written(alice, 'MESSAGE', { from: 'tel:+1-555-21', headers: [['Privacy', 'none']] });
  expect((await world.after(alice.request(tel)))?.status).toBe(200);
  expect(world.core.last('MESSAGE').values('P-Asserted-Identity')).toEqual(['<sip:alice@example.com>']);
  expect(world.core.last('MESSAGE').values('Route')).toEqual([`<${SCSCF};orig>`]);

  expect((await world.after(bob.send('MESSAGE', 'sip:carol@example.com')))?.status).toBe(430);
  expect((await world.after(carol.send('MESSAGE', 'sip:bob@example.com')))?.status).toBe(403);
  expect((await world.after(carol.register()))?.status).toBe(200);
  expect((await world.after(bob.send('MESSAGE', 'sip:carol@example.com')))?.status).toBe(200);
  await world.end();
});

test('an unknown flow: 403 on a certain miss, 500 with Retry-After while the records are away, nothing by another’s name', async () => {
  const world = await World.start();
  await world.registered('alice', '10.0.0.2');
  const mallory = await world.phone('alice', '10.0.0.66'); // claims to be alice, from elsewhere
  expect((await world.after(mallory.send('MESSAGE', 'sip:alice@example.com')))?.status).toBe(403);
  const preferring = written(mallory, 'MESSAGE', {
    from: 'sip:x@y.z',
    headers: [['P-Preferred-Identity', '<sip:alice@example.com>']],
  });
  expect((await world.after(mallory.request(preferring)))?.status).toBe(403);
  world.records.isAway = true;
  const away = await world.after(mallory.send('MESSAGE', 'sip:alice@example.com'));
  expect([away?.status, away?.header('Retry-After')]).toEqual([500, '5']);
  expect(world.core.requests.some(({ method }) => method === 'MESSAGE')).toBe(false);
  await world.end();
});

test.each([
  ['Expires: 0', [['Expires', '0']], '<sip:other-device@192.0.2.99>;expires=3600'],
  ['Contact: *', [['Contact', '*'], ['Expires', '0']], '<sip:other-device@192.0.2.99>;expires=3600'],
  ['expires=0, and another device behind another NAT has the same contact', [['Contact', '<sip:alice@10.0.0.2:5062>;expires=0']], '<sip:alice@10.0.0.2:5062>;expires=3600'],
] satisfies readonly (readonly [string, HeaderList, string])[])('a phone that de-registered (%s) may not call any more; other phones of its user and other users on its flow may', async (_, headers, otherContact) => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2');
  const other = await world.registered('alice', '10.0.0.3'); // the record is of this one now
  const registerFor = (user: string, more: HeaderList): SipRequest => {
    const digest = `Digest username="${user}@example.com",realm="example.com",nonce="abc",uri="sip:example.com",response="00"`;
    const register = written(alice, 'REGISTER', { uri: 'sip:example.com', to: `<sip:${user}@example.com>` });
    for (const [name, value] of [['Authorization', digest] as const, ...more]) register.set(name, value);
    return register;
  };
  const callerOf = async (phone: TestPhone, user: string): Promise<string | number | undefined> => {
    const from = `sip:${user}@example.com`;
    const status = (await world.after(phone.request(written(phone, 'MESSAGE', { from }))))?.status;
    return status === 403 ? status : world.core.last('MESSAGE').header('P-Asserted-Identity');
  };
  expect((await world.after(alice.request(registerFor('carol', [['Expires', '300']]))))?.status).toBe(200);
  world.core.otherContact = otherContact;
  expect((await world.after(alice.request(registerFor('alice', headers))))?.status).toBe(200);
  expect(await callerOf(alice, 'carol')).toBe('<sip:carol@example.com>');
  expect(await callerOf(alice, 'alice')).toBe('<sip:carol@example.com>');
  expect(await callerOf(other, 'alice')).toBe('<sip:alice@example.com>');
  expect((await world.after(alice.request(registerFor('carol', headers))))?.status).toBe(200);
  expect(await callerOf(alice, 'alice')).toBe(403);
  await world.end();
}); // biome-ignore format: one line a form

test('within a dialog: its parties alone, and only towards the core', async () => {
  const world = await World.start();
  const alice = await world.registered('alice', '10.0.0.2', 'TCP');
  const bob = await world.registered('bob', '10.0.0.3');
  const mallory = await world.registered('mallory', '10.0.0.66', 'TCP');
  const invite = written(alice, 'INVITE');
  const answered = await world.after(alice.request(invite));
  const dialog = answered && Dialog.ofUac(invite, answered);
  if (dialog === undefined) throw new Error('no dialog');
  const bye = dialog.createRequest('BYE');
  const statusOf = async (phone: TestPhone, request: SipRequest) =>
    (await world.after(phone.request(request)))?.status;

  expect(await statusOf(mallory, bye.copy())).toBe(403); // a registered stranger with the whole route set
  const [edge = '', pair = ''] = bye.values('Route');
  const withRoutes = (...routes: readonly string[]): SipRequest => {
    const request = dialog.createRequest('INFO');
    request.set('Route', routes.join(', '));
    return request;
  };
  expect(await statusOf(alice, withRoutes(edge, pair, '<sip:10.0.0.99:9;lr>'))).toBe(403);
  expect(await statusOf(alice, withRoutes(edge, pair))).toBe(403); // straight to the contact
  expect(await statusOf(alice, withRoutes(edge))).toBe(403);
  // Nor may a proxy of the core be made to send elsewhere for alice, by a further Route or by the Request-URI.
  const behindScscf = [edge, pair, `<${SCSCF}>`];
  expect(await statusOf(alice, withRoutes(...behindScscf, '<sip:10.0.0.99:9;lr>'))).toBe(403);
  expect(await statusOf(alice, withRoutes(...behindScscf))).toBe(403);
  const strict = withRoutes(...behindScscf, '<sip:10.0.0.99:9;lr>');
  strict.setUri(SCSCF);
  expect(await statusOf(alice, strict)).toBe(403);
  const path = world.core.bindings.get('sip:alice@example.com')?.path[0] ?? '';
  expect(await statusOf(alice, withRoutes(edge, path, `<${SCSCF}>`))).toBe(403); // of no dialog
  const otherCall = withRoutes(...bye.values('Route'));
  otherCall.set('Call-ID', 'another');
  expect(await statusOf(alice, otherCall)).toBe(403);
  expect(bob.received.map(({ method }) => method)).toEqual(['INVITE']);

  // The connection is new, the user is the same: after registering over it alice goes on.
  await alice.stop();
  await alice.start();
  expect(await statusOf(alice, dialog.createRequest('INFO'))).toBe(403);
  expect((await world.after(alice.register()))?.status).toBe(200);
  expect(
    await statusOf(
      alice,
      withRoutes(...bye.values('Route').map((route) => route.replace(';lr', ';lr;orig'))),
    ),
  ).toBe(200);
  expect(world.core.last('INFO').values('Route').join()).not.toContain('orig');
  expect(await statusOf(alice, dialog.createRequest('BYE'))).toBe(200);
  await world.end();
});

test.each(['sip:example.com', 'sip:10.0.0.1', 'sip:bono.example.com:5060'])(
  'OPTIONS to %s is answered here, registered or not',
  async (uri) => {
    const world = await World.start();
    const alice = await world.phone('alice', '10.0.0.2');
    const answer = await world.after(alice.send('OPTIONS', uri));
    expect(answer?.status).toBe(200);
    expect([answer?.has('Allow'), answer?.has('Accept'), answer?.has('Supported')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(world.core.requests).toEqual([]);
    await world.end();
  },
);
