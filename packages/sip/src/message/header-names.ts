// Header names of RFC 3261 and the IMS extensions. A name found in a message becomes the one constant string here, so that
// comparing names is comparing pointers.

import { COLON } from './characters.ts';

const COMPACT_FORMS: readonly (readonly [string, string])[] = [
  ['v', 'Via'],
  ['f', 'From'],
  ['t', 'To'],
  ['i', 'Call-ID'],
  ['m', 'Contact'],
  ['l', 'Content-Length'],
  ['c', 'Content-Type'],
  ['e', 'Content-Encoding'],
  ['k', 'Supported'],
  ['s', 'Subject'],
  ['o', 'Event'],
  ['u', 'Allow-Events'],
  ['r', 'Refer-To'],
  ['b', 'Referred-By'],
  ['x', 'Session-Expires'],
  ['a', 'Accept-Contact'],
  ['j', 'Reject-Contact'],
  ['d', 'Request-Disposition'],
  ['y', 'Identity'],
  ['n', 'Identity-Info'],
];

const NAMES: readonly string[] = [
  ...COMPACT_FORMS.map(([, name]) => name),
  'CSeq',
  'Max-Forwards',
  'Route',
  'Record-Route',
  'Path',
  'Service-Route',
  'Expires',
  'Min-Expires',
  'Allow',
  'Require',
  'Proxy-Require',
  'Unsupported',
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'User-Agent',
  'Server',
  'Warning',
  'Timestamp',
  'Date',
  'Organization',
  'Priority',
  'Retry-After',
  'Reason',
  'RSeq',
  'RAck',
  'Min-SE',
  'Replaces',
  'Join',
  'Subscription-State',
  'Authorization',
  'WWW-Authenticate',
  'Proxy-Authorization',
  'Proxy-Authenticate',
  'Authentication-Info',
  'Proxy-Authentication-Info',
  'Content-Disposition',
  'Content-Language',
  'MIME-Version',
  'In-Reply-To',
  'Reply-To',
  'Call-Info',
  'Alert-Info',
  'Error-Info',
  'Privacy',
  'P-Asserted-Identity',
  'P-Preferred-Identity',
  'P-Associated-URI',
  'P-Called-Party-ID',
  'P-Visited-Network-ID',
  'P-Access-Network-Info',
  'P-Charging-Vector',
  'P-Charging-Function-Addresses',
  'P-Served-User',
  'P-Profile-Key',
  'P-User-Database',
  'P-Early-Media',
  'P-Asserted-Service',
  'P-Preferred-Service',
  'P-Private-Network-Indication',
  'Security-Client',
  'Security-Server',
  'Security-Verify',
  'History-Info',
  'Diversion',
  'Geolocation',
  'Feature-Caps',
  'Flow-Timer',
  'Max-Breadth',
  'SIP-ETag',
  'SIP-If-Match',
  'Target-Dialog',
  'Resource-Priority',
  'Session-ID',
  'Call-ID',
  'Answer-Mode',
];

const BY_SPELLING: ReadonlyMap<string, string> = new Map([
  ...NAMES.map((name) => [name, name] as const),
  ...NAMES.map((name) => [name.toLowerCase(), name] as const),
  ...COMPACT_FORMS,
]);

const BUCKETS: readonly (readonly string[])[] = buildBuckets();

function bucketOf(first: number, third: number): number {
  return ((first | 32) * 33 + (third | 32)) & 1023;
}

function buildBuckets(): readonly (readonly string[])[] {
  const buckets: string[][] = Array.from({ length: 1024 }, () => []);
  for (const name of new Set(NAMES))
    buckets[bucketOf(name.charCodeAt(0), `${name}:`.charCodeAt(2))]?.push(name);
  return buckets;
}

/** The canonical name of a header: the usual spelling of a known one (also from its compact form), else lower case. */
export function canonicalName(name: string): string {
  return BY_SPELLING.get(name) ?? canonicalOfUnusual(name);
}

function canonicalOfUnusual(name: string): string {
  const lower = name.toLowerCase();
  return BY_SPELLING.get(lower) ?? lower;
}

/** The known name that stands at `start`, usually spelt and with a colon right behind it: most are found here, at no new string. */
export function knownNameAt(text: string, start: number): string | undefined {
  const bucket = BUCKETS[bucketOf(text.charCodeAt(start), text.charCodeAt(start + 2))];
  if (bucket === undefined) return undefined;
  for (const name of bucket)
    if (text.charCodeAt(start + name.length) === COLON && text.startsWith(name, start)) return name;
  return undefined;
}

/** The name to write for a header: the usual spelling of a known one, else as given. Known ones alone have a canonical capital. */
export function writtenName(name: string, canonical: string): string {
  const first = canonical.charCodeAt(0);
  return first >= 65 && first <= 90 ? canonical : name;
}
