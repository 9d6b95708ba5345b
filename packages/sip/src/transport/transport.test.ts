import type { SocketAddress, StreamConnection } from '@clearwater/platform';
import { createTestPlatform, type NodePlatform, type TestPlatform } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import {
  createRequest,
  createResponse,
  DEFAULT_TRANSPORT_LIMITS,
  type ListenerConfig,
  parseMessage,
  RFC_TIMERS,
  type Role,
  type ServerLeg,
  SipNode,
  type SipRequest,
  type SipResponse,
  StaticResolver,
  type TransportLimits,
} from '../mod.ts';
import { WirePeer } from '../testing/wire-peer.ts';

const HERE: SocketAddress = { host: '10.0.0.1', port: 5060 };
const LISTENER: ListenerConfig = { name: 'sip', ...HERE, transports: ['UDP', 'TCP'], timers: RFC_TIMERS };
const LIMITS = { ...DEFAULT_TRANSPORT_LIMITS, connectionsMax: 2, bytesQueuedMax: 10_000 };

/** Answers everything 200. */
class Echo implements Role {
  readonly name = 'echo';
  readonly callIds: string[] = [];
  owns = (): boolean => false;
  onAck = (): void => undefined;
  onRequest(leg: ServerLeg): void {
    this.callIds.push(leg.request.callId);
    leg.respond(createResponse(leg.request, 200));
  }
}

interface World {
  readonly sim: TestPlatform;
  readonly node: SipNode;
  readonly echo: Echo;
  readonly platform: NodePlatform;
  end(): Promise<void>;
}

/** What the simulated kernel takes before bytes count as queued. */
const KERNEL_BUFFER_BYTES = 64 * 1024;

const createWorld = (...listeners: ListenerConfig[]): Promise<World> => createWorldWith(LIMITS, ...listeners);

async function createWorldWith(limits: TransportLimits, ...listeners: ListenerConfig[]): Promise<World> {
  const sim = createTestPlatform();
  const platform = sim.node(HERE.host);
  const config = {
    listeners: listeners.length > 0 ? listeners : [LISTENER],
    sendFrom: 'sip',
    limits,
  };
  const node = new SipNode(
    platform,
    config,
    new StaticResolver({ 'two.example.com': ['10.0.0.8', '10.0.0.9'] }),
  );
  const echo = new Echo();
  node.add(echo, 'sip');
  await node.start();
  return {
    sim,
    node,
    echo,
    platform,
    async end() {
      await node.stop();
      await sim.clock.advance(40_000);
      expect([node.transport.connectionCount, node.transactions.transactionCount]).toEqual([0, 0]);
      expect(sim.leaks()).toEqual([]);
    },
  };
}

function request(
  method: string,
  { uri = 'sip:x@10.0.0.1', via = '10.0.0.2', id = method, body = '' } = {},
): SipRequest {
  return createRequest({
    method,
    uri,
    headers: [
      ...(via === '' ? [] : ([['Via', `SIP/2.0/TCP ${via};branch=z9hG4bK${id}`]] as const)),
      ['From', '<sip:alice@example.com>;tag=a'],
      ['To', '<sip:bob@example.com>'],
      ['Call-ID', id],
      ['CSeq', `1 ${method}`],
    ],
    ...(body !== '' && { body: { contentType: 'text/plain', content: body } }),
  });
}

interface RawStream {
  readonly stream: StreamConnection;
  text: string;
  isClosed: boolean;
}

function connect({ sim }: World, to = HERE): RawStream {
  const stream = sim.node('10.0.0.2').network.connectStream(to, { timeoutMs: 1_000 });
  const raw: RawStream = { stream, text: '', isClosed: false };
  stream.attach({
    onData: (bytes) => {
      raw.text += bytes.toString('latin1');
    },
    onClose: () => {
      raw.isClosed = true;
    },
  });
  return raw;
}

const answers = ({ text }: RawStream): number => text.split('SIP/2.0 200 OK').length - 1;

test('messages are framed however the stream is cut, and answered on it in order', async () => {
  const world = await createWorld();
  const raw = connect(world);
  const text = ['A', 'B', 'C'].map((id) => request('MESSAGE', { id, body: 'hi' }).text).join('\r\n\r\n');
  for (let at = 0; at < text.length; at += 7) {
    raw.stream.write(Buffer.from(text.slice(at, at + 7), 'latin1'));
    await world.sim.clock.advance(1);
  }
  expect(world.echo.callIds).toEqual(['A', 'B', 'C']);
  expect(answers(raw)).toBe(3);
  await world.end();
});

test('a ping is answered with a pong but is no message: a connection that brings none is closed after 32 s', async () => {
  const world = await createWorld();
  const [pinging, talking] = [connect(world), connect(world)];
  pinging.stream.write(Buffer.from('\r\n\r\n'));
  talking.stream.write(request('MESSAGE').serialize());
  await world.sim.clock.advance(31_000);
  expect([pinging.text, pinging.isClosed]).toEqual(['\r\n', false]);
  await world.sim.clock.advance(2_000);
  expect([pinging.isClosed, talking.isClosed]).toEqual([true, false]);
  await world.end();
});

test('what is no SIP ends the connection; one too many is refused until another goes', async () => {
  const world = await createWorld();
  const [first, second, third] = [connect(world), connect(world), connect(world)];
  await world.sim.clock.advance(10);
  expect([first.isClosed, second.isClosed, third.isClosed]).toEqual([false, false, true]);
  first.stream.write(Buffer.from('\0\0\0garbage'));
  await world.sim.clock.advance(10);
  expect(first.isClosed).toBe(true);
  const fourth = connect(world);
  await world.sim.clock.advance(10);
  expect([world.node.transport.connectionCount, fourth.isClosed]).toEqual([2, false]);
  await world.end();
});

test('a peer that stops reading is cut off, and what was sent to it fails', async () => {
  const world = await createWorld();
  const failures: string[] = [];
  await world.sim.node('10.0.0.8').network.listenStream({ host: '10.0.0.8', port: 5060 }, (s) => {
    s.attach({ onData: () => undefined, onClose: () => undefined });
  });
  const send = (): void => {
    const big = request('MESSAGE', {
      uri: 'sip:x@10.0.0.8;transport=tcp',
      via: '',
      body: 'x'.repeat(50_000),
    });
    world.node.send(big, {
      onResponse: () => failures.push('response'),
      onFailure: (failure) => failures.push(failure),
    });
  };
  send();
  await world.sim.clock.advance(10);
  world.sim.network.partition('10.0.0.1', '10.0.0.8');
  for (let i = 0; i < 4; i += 1) send();
  expect(failures).toEqual([]); // never from within send
  await world.sim.clock.advance(10);
  expect(failures).toEqual(Array(4).fill('unreachable')); // the fifth waits for a connection of its own
  world.sim.network.crash('10.0.0.8');
  world.sim.network.heal();
  await world.end();
});

test.each([
  [10_000, LIMITS],
  [1_048_576, DEFAULT_TRANSPORT_LIMITS],
])(
  'a reader that stops is closed as slow-reader when more than %i bytes wait, not before',
  async (bytesQueuedMax, limits) => {
    const world = await createWorldWith(limits);
    const raw = connect(world);
    await world.sim.clock.advance(10);
    const flow = world.node.flowOf({ connection: 1 });
    expect(flow?.isOpen).toBe(true);
    world.sim.network.partition('10.0.0.1', '10.0.0.2');
    flow?.send(Buffer.alloc(KERNEL_BUFFER_BYTES + bytesQueuedMax)); // as far behind as allowed
    flow?.send(Buffer.alloc(1));
    const closed = (): number => world.platform.metrics.value('sip_connections_closed_total', 'slow-reader');
    expect([flow?.isOpen, closed()]).toEqual([true, 0]);
    flow?.send(Buffer.alloc(1));
    expect([flow?.isOpen, closed(), world.node.transport.connectionCount]).toEqual([false, 1, 0]);
    world.sim.network.heal();
    raw.stream.destroy();
    await world.end();
  },
);

test('whoever asks a lot and does not read the answers is cut off; nobody else is', async () => {
  const world = await createWorld();
  const [greedy, other] = [connect(world), connect(world)];
  await world.sim.clock.advance(10);
  const requests = Array.from({ length: 1_000 }, (_, n) => request('MESSAGE', { id: `m${n}` }).text);
  greedy.stream.write(Buffer.from(requests.join(''), 'latin1')); // all in one turn: no answer can leave in between
  other.stream.write(request('MESSAGE').serialize());
  await world.sim.clock.advance(10);
  expect([greedy.isClosed, other.isClosed, answers(other)]).toEqual([true, false, 1]);
  expect(answers(greedy)).toBeLessThan(1_000);
  expect(world.platform.metrics.value('sip_connections_closed_total', 'slow-reader')).toBe(1);
  await world.end();
});

test('one connection to a peer is shared; when it closes the next instance is tried at once', async () => {
  const world = await createWorld();
  let opened = 0;
  const received: string[] = [];
  const listen = (host: string, isDeaf: boolean) =>
    world.sim.node(host).network.listenStream({ host, port: 5060 }, (stream) => {
      opened += 1;
      stream.attach({
        onData: (bytes) => {
          if (isDeaf) stream.destroy();
          else received.push(...(bytes.toString('latin1').match(/branch=\S+/g) ?? []));
        },
        onClose: () => undefined,
      });
    });
  const listeners = [await listen('10.0.0.8', true), await listen('10.0.0.9', false)];
  for (const id of ['a', 'b', 'c', 'd']) {
    world.node.send(request('INVITE', { uri: 'sip:x@two.example.com;transport=tcp', via: '', id }), {
      onResponse: () => undefined,
      onFailure: () => undefined,
    });
  }
  await world.sim.clock.advance(10);
  expect([opened, new Set(received).size]).toEqual([2, 4]);
  await Promise.all(listeners.map((listener) => listener.close()));
  await world.end();
});

test.each([
  ['10.0.0.2:5060', 5060, undefined, undefined],
  ['10.0.0.2', 5060, undefined, undefined],
  ['10.0.0.2;rport', 5070, '10.0.0.2', '5070'],
  ['192.0.2.1:5070', 5070, '10.0.0.2', undefined],
  ['192.0.2.1;received=10.9.9.9;rport=9', 5070, '10.0.0.2', '5070'],
  ['10.0.0.2:0', 0, undefined, undefined],
])(
  'a request from port 5070 with Via %s is answered to port %i (RFC 3581 §4)',
  async (via, port, ...source) => {
    const world = await createWorld();
    const heard: [number, SipResponse][] = [];
    const bind = (local: number) =>
      world.sim.node('10.0.0.2').network.bindDatagram({ host: '10.0.0.2', port: local }, (bytes) => {
        const parsed = parseMessage(bytes);
        if (parsed.tag === 'response') heard.push([local, parsed.message]);
      });
    const sockets = [await bind(5060), await bind(5070)];
    sockets[1]?.send(request('MESSAGE', { via }).serialize(), HERE);
    await world.sim.clock.advance(10);
    expect(heard.map(([local]) => local)).toEqual(port === 0 ? [] : [port]);
    const answered = heard[0]?.[1].topVia?.params;
    expect([answered?.get('received'), answered?.get('rport')]).toEqual(source);
    await Promise.all(sockets.map((socket) => socket.close()));
    await world.end();
  },
);

test.each<[Partial<ListenerConfig>, string, string]>([
  [{}, 'sip:x@10.0.0.3', '10.0.0.1:5060'],
  [{ advertisedHost: 'edge.example.com' }, 'sip:x@10.0.0.3', 'edge.example.com:5060'],
  [{ host: '::1' }, 'sip:x@[::2]', '[::1]:5060'],
  [{ port: 0 }, 'sip:x@10.0.0.3', '10.0.0.1:32768'],
])('listening as %j our Via names us so that answers find us', async (changes, uri, sentBy) => {
  const other: ListenerConfig = { ...LISTENER, host: '10.0.0.7', port: 5090, advertisedHost: 'wrong' };
  const world = await createWorld(
    { ...LISTENER, transports: ['UDP'], ...changes },
    { ...other, name: 'other' },
  );
  const host = changes.host === undefined ? '10.0.0.3' : '::2';
  const peer = await WirePeer.bind(world.sim.node(host), host, {
    ...HERE,
    ...changes,
    port: Number(sentBy.split(':').at(-1)),
  });
  const statuses: number[] = [];
  world.node.send(request('MESSAGE', { uri, via: '' }), {
    onResponse: ({ status }) => statuses.push(status),
    onFailure: () => undefined,
  });
  await world.sim.clock.advance(10);
  expect(peer.requests[0]?.topVia?.sentBy).toBe(sentBy);
  peer.respond('MESSAGE', 200);
  await world.sim.clock.advance(10);
  expect(statuses).toEqual([200]);
  await peer.stop();
  await world.end();
});

test('a node that was stopped can be started again', async () => {
  const world = await createWorld();
  await world.node.stop();
  await world.node.start();
  const raw = connect(world);
  raw.stream.write(request('MESSAGE').serialize());
  await world.sim.clock.advance(10);
  expect(answers(raw)).toBe(1);
  await world.end();
});
