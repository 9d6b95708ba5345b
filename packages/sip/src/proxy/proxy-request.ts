import { createResponse, parseNameAddr, type SipRequest, type SipResponse } from '../message/mod.ts';
import type { LegOrigin, RoleHost, ServerLeg } from '../role/role.ts';
import { Fork, type ForkHooks, type Target } from './fork.ts';

/** What a role decided about a request (RFC 3261 §16.5). */
export type Routing =
  | {
      readonly tag: 'forward';
      readonly targets: readonly Target[];
      readonly hooks?: ForkHooks;
      /** The answer when there is no target; default 480. */
      readonly statusIfNone?: number;
    }
  | { readonly tag: 'refused'; readonly response: SipResponse };

/** A proxying role's own part; the phases around it are the same for all. */
export interface ProxyPolicy {
  /** True when a Route with this host and port names this proxy: it is taken off (§16.4). */
  owns(host: string, port: number | undefined): boolean;
  /**
   * §16.5: where the request goes. `request` is a copy to edit and to put into targets: own Routes are taken off, Max-Forwards is counted
   * down. May wait for stores; a CANCEL that comes meanwhile ends the request with 487. A rejection is answered 500.
   */
  route(request: SipRequest, context: RouteContext): Routing | Promise<Routing>;
}

export interface RouteContext {
  /** The request as it came in. */
  readonly received: SipRequest;
  readonly origin: LegOrigin;
  /** Values of the own Route entries that were taken off, topmost first. */
  readonly ownRoutes: readonly string[];
}

/** RFC 3261 §8.1.1.6. */
const INITIAL_MAX_FORWARDS = 70;

/** Proxies one request statefully, in the phases of RFC 3261 §16.3 to §16.10. */
export function proxyRequest(leg: ServerLeg, policy: ProxyPolicy, host: RoleHost): void {
  const { request: received, origin } = leg;
  const refusal = admit(received, host);
  if (refusal !== undefined) return leg.respond(refusal);

  const prepared = prepare(received, policy);
  if (prepared === undefined) return leg.respond(respondTo(received, 400, host));
  const { request, ownRoutes } = prepared;

  const fork = new Fork(leg, host); // hears a CANCEL from here on, also while the policy waits
  const context: RouteContext = { received, origin, ownRoutes };
  const routing = policy.route(request, context);
  if (!(routing instanceof Promise)) return follow(routing, fork);
  routing
    .then((decided) => follow(decided, fork))
    .catch((error: unknown) => {
      host.log.error('proxy.routing-failed', { error, callId: request.callId, method: request.method });
      fork.refuse(respondTo(received, 500, host));
    });
}

/** The stateless part for the ACK of a 2xx (§16.11): the same preparation, then on to the next hop; undefined when it goes no further. */
export function prepareAck(
  ack: SipRequest,
  policy: Pick<ProxyPolicy, 'owns'>,
): { request: SipRequest; ownRoutes: string[] } | undefined {
  return ack.maxForwards === 0 || isMaxForwardsMalformed(ack) ? undefined : prepare(ack, policy);
}

/** A response of this proxy to `request`, with a To tag. */
export function respondTo(request: SipRequest, status: number, host: Pick<RoleHost, 'random'>): SipResponse {
  return createResponse(request, status, undefined, { toTag: host.random.token(10) });
}

function follow(routing: Routing, fork: Fork): void {
  if (routing.tag === 'refused') fork.refuse(routing.response);
  else fork.start(routing.targets, routing.hooks, routing.statusIfNone);
}

/** §16.3: what no proxy forwards. Loops of proxies are ended by Max-Forwards. */
function admit(request: SipRequest, host: RoleHost): SipResponse | undefined {
  const uri = request.parsedUri;
  if (uri === undefined || isMaxForwardsMalformed(request)) return respondTo(request, 400, host);
  if (uri.scheme === 'other') return respondTo(request, 416, host);
  if (request.maxForwards === 0) return respondTo(request, 483, host);
  const required = request.values('Proxy-Require');
  if (required.length === 0) return undefined;
  const response = respondTo(request, 420, host);
  response.append('Unsupported', required.join(', '));
  return response;
}

function isMaxForwardsMalformed(request: SipRequest): boolean {
  return request.maxForwards === undefined && request.has('Max-Forwards');
}

/** A copy to send on; undefined when the Route that is left cannot be read, which nobody should guess at. */
function prepare(
  received: SipRequest,
  policy: Pick<ProxyPolicy, 'owns'>,
): { request: SipRequest; ownRoutes: string[] } | undefined {
  const request = received.copy();
  const ownRoutes = popOwnRoutes(request, policy);
  countDownMaxForwards(request);
  const isRouteReadable = request.topRoute?.parsedUri !== undefined || !request.has('Route');
  return isRouteReadable ? { request, ownRoutes } : undefined;
}

/** §16.4: takes our own entries off the top of Route; after a strict router the Request-URI is ours and the last Route the target. */
function popOwnRoutes(request: SipRequest, policy: Pick<ProxyPolicy, 'owns'>): string[] {
  restoreAfterStrictRouter(request, policy);
  const popped: string[] = [];
  for (let route = request.topRoute; route !== undefined; route = request.topRoute) {
    const uri = route.parsedUri;
    if (uri?.scheme !== 'sip' || !policy.owns(uri.host.toLowerCase(), uri.port)) break;
    popped.push(route.uri);
    request.removeFirstValue('Route');
  }
  return popped;
}

function restoreAfterStrictRouter(request: SipRequest, policy: Pick<ProxyPolicy, 'owns'>): void {
  const uri = request.parsedUri;
  if (uri?.scheme !== 'sip' || !uri.params.has('lr') || !policy.owns(uri.host.toLowerCase(), uri.port))
    return;
  const routes = request.values('Route');
  const target = parseNameAddr(routes.at(-1) ?? '');
  if (target === undefined) return;
  request.setUri(target.uri);
  request.remove('Route');
  const rest = routes.slice(0, -1).join(', ');
  if (rest !== '') request.append('Route', rest);
}

/** §16.6-3. */
function countDownMaxForwards(request: SipRequest): void {
  const { maxForwards } = request;
  request.set('Max-Forwards', String(maxForwards === undefined ? INITIAL_MAX_FORWARDS : maxForwards - 1));
}
