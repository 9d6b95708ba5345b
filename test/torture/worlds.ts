import type { DatagramSocket } from '@clearwater/platform';
import {
  authorize,
  type Hop,
  parseChallenge,
  parseMessage,
  RFC_TIMERS,
  type Routing,
  SipNode,
  type SipRequest,
  type SipResponse,
} from '@clearwater/sip';
import { createTestPlatform, type SimEvent, type TestPlatform, TestProxy } from '@clearwater/testkit';
import { createDeployment, type Deployment, PASSWORD } from '../flows/deployment.ts';
import { outcomeOf, type WireOutcome } from './wire-outcome.ts';

const NODE = '10.0.0.1';
const SENDER = '10.0.1.1';
const CALLEE = '10.0.1.2';

/** Longer than any answer takes that needs no other party. */
const ANSWER_MS = 1_000;

/** Sends bytes and tells what came of them. */
export interface TortureWorld {
  send(bytes: Buffer): Promise<WireOutcome>;
  /** What is left over when all timers have run out: nothing. */
  end(): Promise<readonly string[]>;
}

/** A phone without a stack at Bono's edge, on a flow that is registered (as alice) or not; the users `callees` are registered elsewhere. */
export async function createEdgeWorld({
  isRegistered = true,
  callees = [],
  subscribers = [],
}: {
  readonly isRegistered?: boolean;
  readonly callees?: readonly string[];
  readonly subscribers?: readonly string[];
} = {}): Promise<TortureWorld> {
  const deployment = await createDeployment(1);
  const { sim } = deployment;
  for (const user of subscribers) await (await deployment.phone(user, '10.0.1.9')).stop();
  if (isRegistered) await registerOnce(deployment, 'alice', SENDER);
  for (const user of callees) await registerOnce(deployment, user, CALLEE);
  const socket = await bindSilent(sim, SENDER);
  const callee = await bindSilent(sim, CALLEE);
  return {
    send: (bytes) => observe(sim, socket, bytes),
    async end() {
      await Promise.all([socket.close(), callee.close()]);
      await sim.clock.advance(400_000);
      return deployment.end();
    },
  };
}

/** A phone that registers and goes; its flow at the edge stays, for whoever has its address. */
async function registerOnce(deployment: Deployment, user: string, host: string): Promise<void> {
  const phone = await deployment.phone(user, host);
  const registered = phone.register();
  await deployment.sim.clock.advance(1_000);
  const status = (await registered)?.status;
  if (status !== 200) throw new Error(`${user}: registration answered ${status}`);
  await phone.stop();
}

/** A proxy that records its route and sends every request on, whatever host it names, to one silent next hop. */
export async function createProxyWorld(): Promise<TortureWorld> {
  const sim = createTestPlatform();
  const hop: Hop = { transport: 'UDP', host: CALLEE, port: 5060 };
  const node = new SipNode(
    sim.node(NODE),
    {
      listeners: [{ name: 'sip', host: NODE, port: 5060, transports: ['UDP'], timers: RFC_TIMERS }],
      sendFrom: 'sip',
    },
    { resolve: () => [hop] },
  );
  node.add(new TestProxy(node, [NODE], recordAndForward), 'sip');
  await node.start();
  const [socket, callee] = [await bindSilent(sim, SENDER), await bindSilent(sim, CALLEE)];
  return {
    send: (bytes) => observe(sim, socket, bytes),
    async end() {
      await sim.clock.advance(400_000);
      const left = node.transactions.transactionCount;
      await Promise.all([socket.close(), callee.close(), node.stop()]);
      return [...(left === 0 ? [] : [`${left} transactions`]), ...sim.leaks()];
    },
  };
}

function recordAndForward(request: SipRequest): Routing {
  request.prepend('Record-Route', `<sip:${NODE};lr>`);
  return { tag: 'forward', targets: [{ request }] };
}

function bindSilent(sim: TestPlatform, host: string): Promise<DatagramSocket> {
  return sim.node(host).network.bindDatagram({ host, port: 5060 }, () => undefined);
}

async function observe(sim: TestPlatform, socket: DatagramSocket, bytes: Buffer): Promise<WireOutcome> {
  const events: SimEvent[] = [];
  const untap = sim.network.tap((event) => events.push(event));
  socket.send(bytes, { host: NODE, port: 5060 });
  await sim.clock.advance(ANSWER_MS);
  untap();
  return outcomeOf(bytes, events, { node: NODE, sender: SENDER });
}

/** The same REGISTER, not a byte else changed, in a new transaction and with the answer to its challenge. */
export function withCredentials(register: Buffer, challenged: SipResponse): Buffer {
  const parsed = parseMessage(register);
  const challenge = parseChallenge(challenged.header('WWW-Authenticate') ?? '');
  const uri = parsed.tag === 'request' ? parsed.message.to?.parsedUri : undefined;
  if (parsed.tag !== 'request' || challenge === undefined || uri?.scheme !== 'sip')
    throw new Error('no challenge to answer');
  const username = `${uri.user}@${uri.host}`;
  const answer = authorize(parsed.message, challenge, { username, password: PASSWORD, nc: 1, cnonce: 'c' });
  const text = register
    .toString('latin1')
    .replace('\r\n', `\r\nAuthorization: ${answer}\r\n`)
    .replace(/branch=/i, 'branch=z9hG4bKagain');
  return Buffer.from(text, 'latin1');
}
