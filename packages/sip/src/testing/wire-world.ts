import { createTestPlatform, type TestPlatform, TestProxy } from '@clearwater/testkit';
import { expect } from '@jest/globals';
import {
  type HeaderList,
  RFC_TIMERS,
  type Routing,
  SipNode,
  type SipRequest,
  StaticResolver,
} from '../mod.ts';
import { WirePeer } from './wire-peer.ts';

const PROXY = { host: '10.0.0.1', port: 5060 };
export const BOB = 'sip:bob@10.0.0.3';

/** To `uris`, all at once; without any to where the request says. */
export function forward(request: SipRequest, ...uris: string[]): Routing {
  if (uris.length === 0) return { tag: 'forward', targets: [{ request }] };
  const targets = uris.map((uri) => {
    const copy = request.copy();
    copy.setUri(uri);
    return { request: copy };
  });
  return { tag: 'forward', targets };
}

/** A proxy whose routing a test may replace, and three peers without a stack, over UDP. */
export interface WireWorld {
  readonly sim: TestPlatform;
  readonly role: TestProxy;
  readonly node: SipNode;
  readonly alice: WirePeer;
  readonly bob: WirePeer;
  readonly carol: WirePeer;
  end(): Promise<void>;
}

export async function createWireWorld(): Promise<WireWorld> {
  const sim = createTestPlatform();
  const node = new SipNode(
    sim.node(PROXY.host),
    { listeners: [{ name: 'sip', ...PROXY, transports: ['UDP'], timers: RFC_TIMERS }], sendFrom: 'sip' },
    new StaticResolver({ 'bobs.example.com': ['10.0.0.3', '10.0.0.4'] }),
  );
  const role = new TestProxy(node, [PROXY.host], (request) => forward(request));
  node.add(role, 'sip');
  await node.start();
  const peer = (host: string): Promise<WirePeer> => WirePeer.bind(sim.node(host), host, PROXY);
  const [alice, bob, carol] = [await peer('10.0.0.2'), await peer('10.0.0.3'), await peer('10.0.0.4')];
  return {
    sim,
    role,
    node,
    alice,
    bob,
    carol,
    async end() {
      await Promise.all([node, alice, bob, carol].map((part) => part.stop()));
      await sim.clock.advance(10);
      expect(sim.leaks()).toEqual([]);
      expect(node.transactions.transactionCount).toBe(0);
    },
  };
}

/** Alice's INVITE to Bob. */
export const invite = ({ alice }: WireWorld, headers: HeaderList = []): SipRequest =>
  alice.request('INVITE', BOB, headers);
