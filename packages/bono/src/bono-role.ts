import {
  type Flow,
  type LegOrigin,
  prepareAck,
  proxyRequest,
  type Role,
  type RouteContext,
  type Routing,
  type ServerLeg,
  type SipRequest,
} from '@clearwater/sip';
import { routeAckFromCore, routeFromCore } from './core-request.ts';
import { CORE, EDGE, type EdgeParts } from './edge-parts.ts';
import { admitToDialog, routeFromEdge } from './edge-request.ts';
import { routeRegister } from './register.ts';

/** The P-CSCF (TS 24.229 5.2) as a proxying role: which side a request came in on decides its way. */
export class BonoRole implements Role {
  readonly name = 'bono';
  readonly #parts: EdgeParts;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
  }

  owns(host: string, port: number | undefined): boolean {
    return this.#parts.uris.owns(host, port);
  }

  onRequest(leg: ServerLeg): void {
    proxyRequest(leg, this, this.#parts.host);
  }

  route(request: SipRequest, context: RouteContext): Routing | Promise<Routing> {
    const flow = edgeFlowOf(context.origin);
    if (flow === undefined) return routeFromCore(request, context, this.#parts);
    if (request.method === 'REGISTER') return routeRegister(request, flow, this.#parts);
    return routeFromEdge(request, context, flow, this.#parts);
  }

  onAck(ack: SipRequest, origin: LegOrigin): void {
    const { host } = this.#parts;
    const prepared = prepareAck(ack, this);
    if (prepared === undefined) return;
    const { request, ownRoutes } = prepared;
    const flow = edgeFlowOf(origin);
    if (flow === undefined) {
      const toPhone = routeAckFromCore(request, ownRoutes, this.#parts);
      if (toPhone !== undefined) host.sendAck(request, { flow: toPhone });
    } else if (admitToDialog(request, ownRoutes, flow, this.#parts)) {
      host.sendAck(request, { from: CORE });
    }
  }
}

/** The phone's flow when the request came from one; undefined for the core, another role of this process included. */
function edgeFlowOf(origin: LegOrigin): Flow | undefined {
  return origin.tag === 'flow' && origin.flow.listener === EDGE ? origin.flow : undefined;
}
