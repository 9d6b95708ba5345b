import { canonicalImpu, impiFromImpu } from '@clearwater/ims';
import {
  type Flow,
  type NameAddr,
  parseCredentials,
  parseExpires,
  parseNameAddr,
  type Routing,
  type SipRequest,
  type SipResponse,
  uriEquals,
} from '@clearwater/sip';
import { CORE, type EdgeParts, refuse, startCharging } from './edge-parts.ts';
import type { FlowIdentity } from './flow-identities.ts';
import {
  setIntegrityProtection,
  stripChallengeKeys,
  stripFromPhone,
  stripToPhone,
} from './trust-boundary.ts';

/** Assumed where a registrar names no expiry. */
const EXPIRES_DEFAULT_S = 300;

/** The way of a REGISTER from a phone to the I-CSCF and of its answer back (TS 24.229 5.2.2). */
export function routeRegister(request: SipRequest, flow: Flow, parts: EdgeParts): Routing {
  const { uris, tokens, identities } = parts;
  if (request.values('Require').some((option) => option.toLowerCase() === 'sec-agree'))
    return refuse(request, 420, parts, [['Unsupported', 'sec-agree']]);
  stripFromPhone(request);
  for (const name of ['P-Preferred-Identity', 'Route', 'Record-Route']) request.remove(name);
  const known = identities.of(flow);
  setIntegrityProtection(request, uris.homeDomain, ({ username, response }) => {
    if (known.some(({ impi }) => impi === username)) return 'ip-assoc-yes';
    return response === '' ? undefined : 'ip-assoc-pending';
  });
  request.set('Path', uris.coreRoute(tokens.seal(flow)));
  request.append('Require', 'path');
  request.set('P-Visited-Network-ID', uris.homeDomain);
  startCharging(request, parts);
  request.set('Route', uris.icscfRoute);
  return {
    tag: 'forward',
    targets: [{ request, options: { from: CORE } }],
    hooks: {
      onResponse: (response) => {
        stripToPhone(response);
        stripChallengeKeys(response);
        if (response.status >= 200 && response.status < 300) accepted(request, response, flow, parts);
      },
    },
  };
}

function accepted(request: SipRequest, response: SipResponse, flow: Flow, parts: EdgeParts): void {
  learn(request, response, flow, parts);
  // Phones preload the Service-Route (RFC 3608 §6.1) and, without an outbound proxy, send to its first entry: that has to be us.
  if (response.has('Service-Route')) response.prepend('Service-Route', parts.uris.edgeRoute(flow));
}

/** Notes who is registered over the flow now: default identity, further ones, Service-Route, expiry. */
function learn(
  request: SipRequest,
  response: SipResponse,
  flow: Flow,
  { host, identities }: EdgeParts,
): void {
  const to = canonicalImpu(request.to?.uri ?? '');
  const expiresS = grantedS(request, response);
  if (to === undefined || expiresS === undefined) return;
  const associated = response
    .values('P-Associated-URI')
    .map(identityOf)
    .filter((one) => one !== undefined);
  const [first = { uri: to, impu: to }, ...others] = associated;
  if (expiresS === 0) return identities.forget(flow, first.impu);
  identities.learn(flow, {
    impi: parseCredentials(request.header('Authorization') ?? '')?.username ?? impiFromImpu(to),
    identities: [first, ...others],
    serviceRoute: response.values('Service-Route'),
    expiresAtMs: host.clock.now() + expiresS * 1_000,
  });
}

function identityOf(value: string): FlowIdentity | undefined {
  const uri = parseNameAddr(value)?.uri;
  const impu = uri === undefined ? undefined : canonicalImpu(uri);
  return uri === undefined || impu === undefined ? undefined : { uri, impu };
}

/** For how long this REGISTER left one of its contacts registered, in seconds; 0 when it left none, undefined when it was a query. */
function grantedS(request: SipRequest, response: SipResponse): number | undefined {
  const asked = request.contacts;
  if (asked === undefined || asked.tag === 'all') return 0;
  if (asked.contacts.length === 0) return undefined;
  const granted = response.contacts;
  if (granted === undefined || granted.tag === 'all') return 0;
  // One that was removed may still be listed: another device behind another NAT has the same URI.
  const kept = asked.contacts.filter((contact) => expiryOf(contact, request) !== 0);
  return granted.contacts
    .filter((contact) => kept.some((other) => isSameContact(contact, other)))
    .map((contact) => expiryOf(contact, response))
    .reduce((longest, expiresS) => Math.max(longest, expiresS), 0);
}

/** In seconds: its own, else the message's (RFC 3261 §10.2.1.1). */
function expiryOf(contact: NameAddr, message: SipRequest | SipResponse): number {
  const own = parseExpires(contact.params.get('expires') ?? '');
  return own ?? parseExpires(message.header('Expires') ?? '') ?? EXPIRES_DEFAULT_S;
}

function isSameContact(a: NameAddr, b: NameAddr): boolean {
  const [uriA, uriB] = [a.parsedUri, b.parsedUri];
  return uriA !== undefined && uriB !== undefined && uriEquals(uriA, uriB);
}
