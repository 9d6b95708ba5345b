import { createTestPlatform, TestPhone, type TestPlatform, TestProxy } from '@clearwater/testkit';
import { expect } from '@jest/globals';
import {
  type ListenerConfig,
  RFC_TIMERS,
  type RoleHost,
  type Routing,
  SipNode,
  type SipRequest,
  StaticResolver,
  type TransportName,
} from '../mod.ts';

export const PROXY = { host: '10.0.0.1', port: 5060 };

/** A record-routing proxy that knows where each user's phones are, and an optional role before them. */
class ProxyRole extends TestProxy {
  readonly contacts = new Map<string, string[]>();
  via: string | undefined;
  recordRoute = '<sip:10.0.0.1:5060;lr>';

  constructor(host: RoleHost) {
    super(host, [PROXY.host, 'proxy.example.com'], (request) => this.#toContacts(request));
  }

  async #toContacts(request: SipRequest): Promise<Routing> {
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
