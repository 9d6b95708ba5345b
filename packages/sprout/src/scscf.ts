import {
  type LegOrigin,
  type ProxyPolicy,
  parseNameAddr,
  prepareAck,
  proxyRequest,
  type Role,
  type RoleHost,
  type RouteContext,
  type Routing,
  type ServerLeg,
  type SipRequest,
  SipUri,
} from '@clearwater/sip';
import { type HomeNetwork, isOriginating } from './home-network.ts';
import { answerForNetwork } from './icscf.ts';
import type { Refusals } from './refusal.ts';
import type { Registrar } from './registrar/registrar.ts';
import type { Originating } from './session/originating.ts';
import type { Terminating } from './session/terminating.ts';

export interface ScscfParts {
  readonly host: RoleHost;
  readonly home: HomeNetwork;
  readonly registrar: Registrar;
  readonly originating: Originating;
  readonly terminating: Terminating;
  readonly refusals: Refusals;
}

/** Requests that create dialogs, in which we stay (RFC 3261 §16.6-4, RFC 6665, RFC 3515). */
const DIALOG_METHODS = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);

/** The S-CSCF (TS 24.229 5.4): registrar, and a proxy for those who call and those who are called. */
export class Scscf implements Role, ProxyPolicy {
  readonly name = 'scscf';
  readonly #parts: ScscfParts;

  constructor(parts: ScscfParts) {
    this.#parts = parts;
  }

  owns(host: string, port: number | undefined): boolean {
    return this.#parts.home.ownsScscf(host, port);
  }

  onRequest(leg: ServerLeg): void {
    const { host, refusals, registrar } = this.#parts;
    const { request } = leg;
    if (request.method !== 'REGISTER') return proxyRequest(leg, this, host);
    registrar.register(request).then(
      (response) => leg.respond(response),
      (error: unknown) => {
        host.log.error('register.failed', { error, callId: request.callId });
        leg.respond(refusals.of(request, 'internal'));
      },
    );
  }

  /** An ACK follows its Route or goes to the contact of the other end; never back to us. */
  onAck(ack: SipRequest, _origin: LegOrigin): void {
    const { home, host } = this.#parts;
    const prepared = prepareAck(ack, this);
    if (prepared === undefined) return;
    const { request } = prepared;
    if (request.topRoute === undefined && (home.identityOf(request.parsedUri) ?? home.isForNetwork(request)))
      return;
    host.sendAck(request);
  }

  route(request: SipRequest, { received, ownRoutes }: RouteContext): Routing | Promise<Routing> {
    const { home, originating, refusals, terminating } = this.#parts;
    if (request.topRoute === undefined && home.isForNetwork(request) && !isOriginating(ownRoutes)) {
      return answerForNetwork(received, this.#parts);
    }
    if (request.to?.tag !== undefined) {
      if (request.topRoute === undefined && home.identityOf(request.parsedUri) !== undefined) {
        return { tag: 'refused', response: refusals.of(received, 'no-such-dialog') };
      }
      return { tag: 'forward', targets: [{ request }] };
    }
    if (DIALOG_METHODS.has(request.method)) this.#recordRoute(request);
    if (isOriginating(ownRoutes)) return originating.route(request, received);
    if (request.topRoute !== undefined) return { tag: 'forward', targets: [{ request }] };
    return terminating.route(request, received);
  }

  /** Once, when the originating and the terminating half follow each other. */
  #recordRoute(request: SipRequest): void {
    const top = parseNameAddr(request.firstValue('Record-Route') ?? '')?.parsedUri;
    if (top instanceof SipUri && this.owns(top.host, top.port)) return;
    request.prepend('Record-Route', this.#parts.home.recordRoute);
  }
}
