import {
  type Flow,
  parseNameAddr,
  type RouteContext,
  type Routing,
  type SipRequest,
  type SipResponse,
} from '@clearwater/sip';
import { CORE, createsDialog, describeServer, type EdgeParts, refuse, startCharging } from './edge-parts.ts';
import { includesImpu } from './flow-identities.ts';
import { identityTagOf, names } from './flow-token.ts';
import { type AssertedIdentities, chooseIdentity, claimedIdentities } from './identity-choice.ts';
import { takeOwnRoutes } from './own-uris.ts';
import { stripRequestFromPhone, stripToPhone } from './trust-boundary.ts';

/** When to try again while the stores are away, in seconds. */
const RETRY_AFTER_S = '5';

/** The way of a request from a phone into the core (TS 24.229 5.2.6.3); not of a REGISTER. */
export function routeFromEdge(
  request: SipRequest,
  context: Pick<RouteContext, 'ownRoutes'>,
  flow: Flow,
  parts: EdgeParts,
): Routing | Promise<Routing> {
  if (request.to?.tag !== undefined) {
    const isParty = admitToDialog(request, context.ownRoutes, flow, parts);
    return isParty ? forward(request) : refuse(request, 403, parts);
  }
  if (request.method === 'OPTIONS' && parts.uris.isServerItself(request.parsedUri))
    return describeServer(request, parts);
  return routeInitial(request, flow, parts);
}

/**
 * Prepares a request within a dialog, or an ACK, for the core, when it comes from a party of the dialog (TS 24.229 5.2.6.3.5): our
 * Route entry was made for this dialog, and names the flow it came on or one on which the same user is registered now. False: 403.
 */
export function admitToDialog(
  request: SipRequest,
  ownRoutes: readonly string[],
  flow: Flow,
  parts: EdgeParts,
): boolean {
  const { token, rest } = takeOwnRoutes(ownRoutes);
  if (token === undefined || !isParty(token, request.callId, flow, parts)) return false;
  stripRequestFromPhone(request);
  request.remove('P-Preferred-Identity');
  stripOriginating(request);
  for (const uri of rest.toReversed()) request.prepend('Route', `<${uri}>`);
  const routes = request.values('Route').map((route) => parseNameAddr(route)?.parsedUri);
  return parts.uris.staysInCore(routes, request.parsedUri);
}

function isParty(token: string, callId: string, flow: Flow, { tokens, identities }: EdgeParts): boolean {
  const opened = tokens.open(token, callId);
  if (opened.tag === 'forged' || opened.identityTag === undefined) return false;
  if (opened.tag === 'flow' && names(opened.name, flow)) return true;
  return identities.of(flow).some((one) => identityTagOf(one.identities[0].impu) === opened.identityTag);
}

/** A Route with `orig` starts originating services; within a dialog nobody has recorded one (TS 24.229 5.4.3.2). */
function stripOriginating(request: SipRequest): void {
  const routes = request.values('Route').map(parseNameAddr);
  if (!routes.some((route) => hasOriginating(route?.uri))) return;
  request.remove('Route');
  for (const route of routes) {
    const uri = route?.parsedUri;
    if (route === undefined || uri?.scheme !== 'sip') continue;
    request.append(
      'Route',
      route.with({ uri: uri.with({ params: uri.params.delete('orig') }).toString() }).toString(),
    );
  }
}

function hasOriginating(uri: string | undefined): boolean {
  return uri !== undefined && /;orig\b/i.test(uri);
}

/** An initial request: the flow has to be registered, by what we remember or by the registration record (TS 24.229 5.2.6.3). */
function routeInitial(request: SipRequest, flow: Flow, parts: EdgeParts): Routing | Promise<Routing> {
  const { identities, recovery, uris } = parts;
  const claimed = claimedIdentities(request);
  if (claimed.tag === 'malformed') return refuse(request, 403, parts);
  const decide = (): Routing => {
    const choice = chooseIdentity(claimed, identities.of(flow));
    return choice === undefined ? refuse(request, 403, parts) : originate(request, flow, choice, parts);
  };
  const known = identities.of(flow);
  const claim = claimed.preferred[0] ?? claimed.from;
  const isSettled =
    claim === undefined ||
    known.some((registration) => includesImpu(registration, claim)) ||
    (known.length > 0 && !uris.isHomeIdentity(claim));
  if (isSettled) return decide();
  return recovery.recover(flow, claim).then((recovered) => {
    if (recovered.tag === 'registered') identities.learn(flow, recovered.registration);
    // Unknown is not unregistered: a 403 would make the phone give up.
    if (recovered.tag === 'unavailable' && known.length === 0)
      return refuse(request, 500, parts, [['Retry-After', RETRY_AFTER_S]]);
    return decide();
  });
}

/** Asserts the identity, puts the Service-Route in place of whatever Route the phone wrote (TS 24.229 5.2.6.3.3), and records our two sides. */
function originate(request: SipRequest, flow: Flow, choice: AssertedIdentities, parts: EdgeParts): Routing {
  const { uris, tokens } = parts;
  const { identities, registration } = choice;
  stripRequestFromPhone(request);
  request.remove('P-Preferred-Identity');
  request.append('P-Asserted-Identity', identities.map(({ uri }) => `<${uri}>`).join(', '));
  request.remove('Route');
  const routes =
    registration.serviceRoute.length > 0 ? registration.serviceRoute : [uris.icscfOriginatingRoute];
  for (const route of routes) request.append('Route', route.includes('<') ? route : `<${route}>`);
  if (createsDialog(request)) {
    const defaultImpu = registration.identities[0].impu;
    request.prepend('Record-Route', uris.edgeRoute(flow));
    request.prepend(
      'Record-Route',
      uris.coreRoute(tokens.seal(flow, { callId: request.callId, defaultImpu })),
    );
  }
  startCharging(request, parts);
  return forward(request);
}

function forward(request: SipRequest): Routing {
  const onResponse = (response: SipResponse): void => stripToPhone(response);
  return { tag: 'forward', targets: [{ request, options: { from: CORE } }], hooks: { onResponse } };
}
