import {
  canonicalName,
  parseChallenge,
  parseCredentials,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  serializeChallenge,
  serializeCredentials,
} from '@clearwater/sip';

/** What only the core may say (RFC 3325 §5, RFC 7315 §5, RFC 5502 §6, RFC 5002 §6): never taken from a phone. */
const CORE_ONLY = namesOf([
  'P-Asserted-Identity',
  'Remote-Party-ID', // the same before RFC 3325; many phones show it
  'P-Associated-URI',
  'P-Called-Party-ID',
  'P-Served-User',
  'P-Profile-Key',
  'P-User-Database',
  'P-Visited-Network-ID',
  'P-Charging-Vector',
  'P-Charging-Function-Addresses',
  'P-Private-Network-Indication',
  'P-Asserted-Service',
  'Feature-Caps',
  'Path',
  'Service-Route',
  // Security agreements end here (RFC 3329 §2.6); without IPsec there is none.
  'Security-Client',
  'Security-Server',
  'Security-Verify',
]);

/** What the core does not tell a phone (TS 24.229 5.2.6.4, RFC 7315 §5). */
const NOT_FOR_PHONES = [
  'P-Access-Network-Info',
  'P-Visited-Network-ID',
  'P-Served-User',
  'P-Profile-Key',
  'P-User-Database',
  'P-Charging-Vector',
  'P-Charging-Function-Addresses',
  'P-Private-Network-Indication',
];
const NOT_IN_RESPONSES = namesOf(NOT_FOR_PHONES);
/** The credentials in a request are those of another user. */
const NOT_IN_REQUESTS = namesOf([...NOT_FOR_PHONES, 'Authorization', 'Proxy-Authorization']);

/** How sure the S-CSCF may be of the source of a REGISTER (TS 24.229 7.2A.2; digest without TLS). */
export type IntegrityProtection = 'ip-assoc-yes' | 'ip-assoc-pending';

/** Takes off a message from a phone what a phone may not say. P-Preferred-Identity stays for who reads it, and is to be removed there. */
export function stripFromPhone(message: SipMessage): void {
  removeAll(message, CORE_ONLY);
  stripNetworkProvided(message);
}

/** As `stripFromPhone`; `orig` in a Request-URI would make the core serve the caller's choice of user (TS 24.229 5.4.3.2). */
export function stripRequestFromPhone(request: SipRequest): void {
  stripFromPhone(request);
  const uri = request.parsedUri;
  if (uri?.scheme === 'sip' && uri.params.has('orig'))
    request.setUri(uri.with({ params: uri.params.delete('orig') }).toString());
}

/** Takes off a message to a phone what the core keeps to itself; the asserted identity when its owner asks so (RFC 3325 §7). */
export function stripToPhone(message: SipMessage): void {
  removeAll(message, message.isRequest ? NOT_IN_REQUESTS : NOT_IN_RESPONSES);
  if (wantsIdPrivacy(message)) message.remove('P-Asserted-Identity');
}

/** The integrity and cipher keys of an AKA challenge are for us alone (TS 24.229 5.2.2.1). */
export function stripChallengeKeys(response: SipResponse): void {
  const values = response.headers('WWW-Authenticate');
  if (!values.some((value) => /\b[ci]k\b/i.test(value))) return;
  response.remove('WWW-Authenticate');
  for (const value of values) {
    const challenge = parseChallenge(value);
    if (challenge === undefined) continue; // what cannot be read cannot be cleaned
    const others = new Map([...challenge.others].filter(([name]) => name !== 'ck' && name !== 'ik'));
    response.append('WWW-Authenticate', serializeChallenge({ ...challenge, others }));
  }
}

/**
 * Puts our own `integrity-protected` (or none) into the credentials of a REGISTER in place of whatever the phone wrote (TS 24.229 5.2.2).
 * Only one set of credentials goes on, for what we vouch for must be what the registrar looks at: the first of our realm (lower case),
 * else the first that can be read.
 */
export function setIntegrityProtection(
  register: SipRequest,
  realm: string,
  protection: (credentials: {
    readonly username: string;
    readonly response: string;
  }) => IntegrityProtection | undefined,
): void {
  const values = register.headers('Authorization');
  if (values.length === 0) return;
  register.remove('Authorization');
  const readable = values.map(parseCredentials).filter((one) => one !== undefined);
  const credentials = readable.find((one) => one.realm.toLowerCase() === realm) ?? readable[0];
  if (credentials === undefined) return; // the registrar challenges anew
  const others = new Map([...credentials.others].filter(([name]) => name !== 'integrity-protected'));
  const ours = protection(credentials);
  if (ours !== undefined) others.set('integrity-protected', ours);
  register.append('Authorization', serializeCredentials({ ...credentials, others }));
}

function namesOf(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(canonicalName));
}

function removeAll(message: SipMessage, names: ReadonlySet<string>): void {
  for (const name of message.headerNames) if (names.has(name)) message.remove(name);
}

function wantsIdPrivacy(message: SipMessage): boolean {
  return message.headers('Privacy').some((value) => /(?:^|[\s;,])id(?:[\s;,]|$)/i.test(value));
}

/** Access network information with `network-provided` is the network's to write (TS 24.229 5.2.6.3). */
function stripNetworkProvided(message: SipMessage): void {
  const values = message.values('P-Access-Network-Info');
  const own = values.filter((value) => !/;\s*network-provided\b/i.test(value));
  if (own.length === values.length) return;
  message.remove('P-Access-Network-Info');
  for (const value of own) message.append('P-Access-Network-Info', value);
}
