import { canonicalImpu, type Impu } from '@clearwater/ims';
import {
  type Flow,
  parseNameAddr,
  type RouteContext,
  type Routing,
  type SipRequest,
  type SipResponse,
} from '@clearwater/sip';
import { createsDialog, describeServer, type EdgeParts, refuse } from './edge-parts.ts';
import { includesImpu } from './flow-identities.ts';
import { takeOwnRoutes } from './own-uris.ts';
import { stripFromPhone, stripToPhone } from './trust-boundary.ts';

const ALLOW_FROM_CORE =
  'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, MESSAGE, OPTIONS, REFER, SUBSCRIBE, NOTIFY, PUBLISH';

/** The way of a request from the core to a phone (TS 24.229 5.2.6.4): on the flow that our Path or Record-Route entry names. */
export function routeFromCore(
  request: SipRequest,
  context: Pick<RouteContext, 'ownRoutes' | 'received'>,
  parts: EdgeParts,
): Routing {
  // Registrations come from phones alone.
  if (request.method === 'REGISTER') return refuse(request, 405, parts, [['Allow', ALLOW_FROM_CORE]]);
  const { token } = takeOwnRoutes(context.ownRoutes);
  if (token === undefined) {
    const isForUs = request.method === 'OPTIONS' && parts.uris.isServerItself(request.parsedUri);
    return isForUs ? describeServer(request, parts) : refuse(request, 404, parts);
  }
  const flow = flowOfToken(token, request.callId, parts);
  if (flow === undefined) return refuse(request, 430, parts); // RFC 5626 §5.3.1: the registrar drops the binding
  return deliver(request, context.received, flow, parts);
}

/** The ACK of a 2xx, ready for the phone, and its flow; undefined when that is gone. */
export function routeAckFromCore(
  ack: SipRequest,
  ownRoutes: readonly string[],
  parts: EdgeParts,
): Flow | undefined {
  const { token } = takeOwnRoutes(ownRoutes);
  stripToPhone(ack);
  return token === undefined ? undefined : flowOfToken(token, ack.callId, parts);
}

/** The open flow to a phone that a token names; we make tokens of flows to phones alone. */
function flowOfToken(token: string, callId: string, { tokens, host }: EdgeParts): Flow | undefined {
  const opened = tokens.open(token, callId);
  const flow = opened.tag === 'flow' ? host.flowOf(opened.name) : undefined;
  return flow?.isOpen ? flow : undefined;
}

function deliver(request: SipRequest, received: SipRequest, flow: Flow, parts: EdgeParts): Routing {
  const { uris, tokens, identities } = parts;
  const called = calledParty(received);
  const known = identities.of(flow);
  const registration = known.find((one) => called !== undefined && includesImpu(one, called)) ?? known[0];
  const isInitial = request.to?.tag === undefined;
  stripToPhone(request);
  const isNewDialog = isInitial && createsDialog(request);
  if (isNewDialog) {
    const dialog = { callId: request.callId, defaultImpu: registration?.identities[0].impu };
    request.prepend('Record-Route', uris.coreRoute(tokens.seal(flow, dialog)));
    request.prepend('Record-Route', uris.edgeRoute(flow));
  }
  const recorded = isNewDialog ? request.values('Record-Route').join(', ') : '';
  const answering = isInitial ? (called ?? registration?.identities[0].uri) : undefined;
  const onResponse = (response: SipResponse): void => {
    stripFromPhone(response);
    response.remove('P-Preferred-Identity');
    if (recorded !== '') restoreRecordRoute(response, recorded);
    if (answering !== undefined) response.append('P-Asserted-Identity', `<${answering}>`);
  };
  return { tag: 'forward', targets: [{ request, options: { flow } }], hooks: { onResponse } };
}

/** The route set of a dialog is ours and the core's to make, not of the phone that answers (TS 24.229 5.2.6.4.4). */
function restoreRecordRoute(response: SipResponse, recorded: string): void {
  const makesDialog = response.status > 100 && response.status < 300;
  if (makesDialog && response.values('Record-Route').join(', ') !== recorded)
    response.set('Record-Route', recorded);
}

/** The identity that was called, as the S-CSCF says: it is also who answers (TS 24.229 5.2.6.4.4). What else the caller wrote into its URI is not ours to assert. */
function calledParty(received: SipRequest): Impu | undefined {
  return canonicalImpu(parseNameAddr(received.header('P-Called-Party-ID') ?? '')?.uri ?? '');
}
