import { createTestPlatform, TestPhone, type TestPlatform } from '@clearwater/testkit';
import { expect } from '@jest/globals';
import {
  type ListenerConfig,
  type ProxyPolicy,
  prepareAck,
  proxyRequest,
  RFC_TIMERS,
  type Role,
  type RoleHost,
  type Routing,
  type ServerLeg,
  SipNode,
  type SipRequest,
  StaticResolver,
  type TransportName,
} from '../mod.ts';

export const PROXY = { host: '10.0.0.1', port: 5060 };

/** A record-routing proxy that knows where each user's phones are, and an optional role before them. */
class ProxyRole implements Role, ProxyPolicy {
  readonly name = 'proxy';
  readonly contacts = new Map<string, string[]>();
  via: string | undefined;
  recordRoute = '<sip:10.0.0.1:5060;lr>';
  readonly #host: RoleHost;

  constructor(host: RoleHost) {
    this.#host = host;
  }

  owns(host: string): boolean {
    return host === PROXY.host || host === 'proxy.example.com';
  }

  onRequest(leg: ServerLeg): void {
    proxyRequest(leg, this, this.#host);
  }

  onAck(ack: SipRequest): void {
    const prepared = prepareAck(ack, this);
    if (prepared !== undefined) this.#host.sendAck(prepared.request);
  }

  async route(request: SipRequest): Promise<Routing> {
    await Promise.resolve();
    if (request.to?.tag !== undefined || request.topRoute !== undefined) {
      return { tag: 'forward', targets: [{ request }] };
    }
    if (request.method === 'INVITE') request.prepend('Record-Route', this.recordRoute);
    if (this.via !== undefined && request.header('X-Seen') === undefined) {
      request.prepend('Route', this.via);
      return { tag: 'forward', targets: [{ request }] };
    }
    const contacts = this.contacts.get(request.uri) ?? [];
    const targets = contacts.map((contact) => {
      const branch = request.copy();
      branch.setUri(contact);
      return { request: branch };
    });
    return { tag: 'forward', targets, statusIfNone: 480 };
  }
}

/** A proxy with phones around it, on the simulated network. */
export interface ProxyWorld {
  readonly sim: TestPlatform;
  readonly proxy: ProxyRole;
  readonly node: SipNode;
  phone(user: string, host: string, transport?: TransportName): Promise<TestPhone>;
  /** Lets all timers run out and checks that nothing is left. */
  end(): Promise<void>;
}

/** One proxy on 10.0.0.1, over UDP and TCP, and the roles that `add` gives it. */
export async function createProxyWorld(
  seed = 1,
  add: (node: SipNode) => void = () => undefined,
): Promise<ProxyWorld> {
  const sim = createTestPlatform({ seed });
  const listeners: ListenerConfig[] = [
    { name: 'sip', ...PROXY, transports: ['UDP', 'TCP'], timers: RFC_TIMERS },
  ];
  const resolver = new StaticResolver({ 'proxy.example.com': [PROXY.host] });
  const node = new SipNode(sim.node(PROXY.host), { listeners, sendFrom: 'sip' }, resolver);
  const proxy = new ProxyRole(node);
  node.add(proxy, 'sip');
  add(node);
  await node.start();
  const phones: TestPhone[] = [];
  return {
    sim,
    proxy,
    node,
    async phone(user, host, transport = 'UDP') {
      const phone = new TestPhone(sim.node(host), {
        impu: `sip:${user}@example.com`,
        password: 'secret',
        local: { host, port: 5060 },
        proxy: PROXY,
        transport,
      });
      await phone.start();
      phones.push(phone);
      const known = proxy.contacts.get(phone.options.impu) ?? [];
      proxy.contacts.set(phone.options.impu, [...known, phone.contact]);
      return phone;
    },
    async end() {
      await sim.clock.advance(64_000);
      expect(node.transactions.transactionCount).toBe(0);
      await Promise.all([...phones, node].map((part) => part.stop()));
      await sim.clock.advance(1_000);
      expect(sim.leaks()).toEqual([]);
    },
  };
}
