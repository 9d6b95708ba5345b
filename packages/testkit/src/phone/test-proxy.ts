import {
  type ProxyPolicy,
  prepareAck,
  proxyRequest,
  type Role,
  type RoleHost,
  type ServerLeg,
  type SipRequest,
} from '@clearwater/sip';

/** A proxy for tests: the proxy core with a routing that a test may replace at any time. */
export class TestProxy implements Role, ProxyPolicy {
  readonly name = 'proxy';
  route: ProxyPolicy['route'];
  readonly #host: RoleHost;
  readonly #hosts: readonly string[];

  /** `hosts` are the names and addresses that are its own in a Route. */
  constructor(host: RoleHost, hosts: readonly string[], route: ProxyPolicy['route']) {
    this.#host = host;
    this.#hosts = hosts;
    this.route = route;
  }

  owns(host: string): boolean {
    return this.#hosts.includes(host);
  }

  onRequest(leg: ServerLeg): void {
    proxyRequest(leg, this, this.#host);
  }

  onAck(ack: SipRequest): void {
    const prepared = prepareAck(ack, this);
    if (prepared !== undefined) this.#host.sendAck(prepared.request);
  }
}
