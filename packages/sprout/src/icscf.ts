import { impiFromImpu, parseImpi } from '@clearwater/ims';
import {
  createResponse,
  decodeUtf8,
  type LegOrigin,
  type ProxyPolicy,
  parseCredentials,
  prepareAck,
  proxyRequest,
  type Role,
  type RoleHost,
  type RouteContext,
  type Routing,
  type ServerLeg,
  type SipRequest,
} from '@clearwater/sip';
import { lookUpCalled } from './called-user.ts';
import { type HomeNetwork, pushRoute } from './home-network.ts';
import { ALLOW, type RefusalReason, type Refusals } from './refusal.ts';
import { isDeregistration } from './registrar/register-request.ts';
import type { SubscriberData } from './subscriber-data.ts';

export interface IcscfParts {
  readonly host: RoleHost;
  readonly home: HomeNetwork;
  readonly subscribers: SubscriberData;
  readonly refusals: Refusals;
}

/** The I-CSCF (TS 24.229 5.3): asks Homestead which S-CSCF serves a user and sends the request there. Keeps out of the dialogs. */
export class Icscf implements Role, ProxyPolicy {
  readonly name = 'icscf';
  readonly #parts: IcscfParts;

  constructor(parts: IcscfParts) {
    this.#parts = parts;
  }

  owns(host: string, port: number | undefined): boolean {
    return this.#parts.home.ownsIcscf(host, port);
  }

  onRequest(leg: ServerLeg): void {
    proxyRequest(leg, this, this.#parts.host);
  }

  /** An ACK follows its Route; one without would go round in circles. */
  onAck(ack: SipRequest, _origin: LegOrigin): void {
    const prepared = prepareAck(ack, this);
    if (prepared?.request.topRoute !== undefined) this.#parts.host.sendAck(prepared.request);
  }

  route(request: SipRequest, { received }: RouteContext): Routing | Promise<Routing> {
    const { home } = this.#parts;
    if (request.method === 'REGISTER') return this.#routeRegister(request, received);
    if (request.topRoute !== undefined) return { tag: 'forward', targets: [{ request }] };
    if (home.isForNetwork(request)) return answerForNetwork(received, this.#parts);
    return this.#routeToUser(request, received);
  }

  /**
   * Says nothing about the user: one that Homestead refuses or does not know goes on to our S-CSCF, which challenges and checks it like
   * any other.
   */
  async #routeRegister(request: SipRequest, received: SipRequest): Promise<Routing> {
    const { home, subscribers } = this.#parts;
    const uri = request.parsedUri;
    if (uri?.scheme === 'tel' || !home.isForNetwork(request))
      return this.#refused(received, 'domain-not-served');
    const impu = home.identityOf(request.to?.parsedUri);
    if (impu === undefined) return this.#refused(received, 'callee-unknown');
    const found = await subscribers.registrar({
      impu,
      impi: impiOf(request, home.domain) ?? impiFromImpu(impu),
      visitedNetwork: request.header('P-Visited-Network-ID')?.slice(0, 255) ?? home.domain,
      isDeregistration: isDeregistration(request),
    });
    if (found.tag === 'unavailable') return this.#refused(received, 'subscribers-unavailable');
    return this.#toScscf(request, found.tag === 'found' ? found.value : undefined);
  }

  async #routeToUser(request: SipRequest, received: SipRequest): Promise<Routing> {
    const { home, subscribers } = this.#parts;
    const called = await lookUpCalled(request, home, (impu) => subscribers.location(impu));
    if (called === undefined) return this.#refused(received, 'domain-not-served');
    const { found } = called;
    switch (found.tag) {
      case 'found':
        return this.#toScscf(request, found.value);
      case 'unavailable':
        return this.#refused(received, 'subscribers-unavailable');
      default:
        return this.#refused(received, 'callee-unknown');
    }
  }

  #toScscf(request: SipRequest, scscf: string | undefined): Routing {
    request.remove('Route');
    pushRoute(request, this.#parts.home.routeTo(scscf));
    return { tag: 'forward', targets: [{ request }] };
  }

  #refused(received: SipRequest, reason: RefusalReason): Routing {
    return { tag: 'refused', response: this.#parts.refusals.of(received, reason) };
  }
}

/** OPTIONS to the domain or to one of our names: we are alive (RFC 3261 §11.2). Nothing else is for us. */
export function answerForNetwork(
  received: SipRequest,
  { host, refusals }: { readonly host: RoleHost; readonly refusals: Refusals },
): Routing {
  if (received.method !== 'OPTIONS') {
    const reason = received.to?.tag === undefined ? 'callee-unknown' : 'no-such-dialog';
    return { tag: 'refused', response: refusals.of(received, reason) };
  }
  const toTag = host.random.token(10);
  return {
    tag: 'refused',
    response: createResponse(received, 200, undefined, {
      toTag,
      headers: [
        ['Supported', 'path'],
        ['Allow', ALLOW],
      ],
    }),
  };
}

/** The private identity named in credentials of our realm, whether or not they answer anything. */
function impiOf(request: SipRequest, realm: string): ReturnType<typeof parseImpi> {
  for (const text of request.headers('Authorization')) {
    const credentials = parseCredentials(text);
    if (credentials?.realm.toLowerCase() === realm) return parseImpi(decodeUtf8(credentials.username));
  }
  return undefined;
}
