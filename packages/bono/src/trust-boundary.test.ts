import { createRequest, createResponse, type HeaderList, type SipRequest } from '@clearwater/sip';
import { expect, test } from '@jest/globals';
import {
  setIntegrityProtection,
  stripChallengeKeys,
  stripFromPhone,
  stripRequestFromPhone,
  stripToPhone,
} from './trust-boundary.ts';

const BASE: HeaderList = [
  ['Via', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa'],
  ['From', '<sip:alice@example.com>;tag=a'],
  ['To', '<sip:bob@example.com>'],
  ['Call-ID', 'c'],
  ['CSeq', '1 INVITE'],
];

function requestWith(headers: HeaderList, uri = 'sip:bob@example.com', method = 'INVITE'): SipRequest {
  return createRequest({ method, uri, headers: [...BASE, ...headers] });
}

test.each([
  'P-Asserted-Identity', 'P-Associated-URI', 'P-Called-Party-ID', 'P-Served-User', 'P-Profile-Key',
  'P-User-Database', 'P-Visited-Network-ID', 'P-Charging-Vector', 'P-Charging-Function-Addresses', 'Path',
  'Service-Route', 'Security-Client', 'Security-Verify', 'p-served-USER', 'Remote-Party-ID',
])('%s from a phone is taken off, however often and however spelt', (name) => {
  const request = requestWith([[name, '<sip:ceo@example.com>'], ['X-Kept', '1'], [name.toLowerCase(), 'x']]);
  stripFromPhone(request);
  expect(request.has(name)).toBe(false);
  expect(request.header('X-Kept')).toBe('1');
}); // biome-ignore format: one list

test.each([
  ['P-Access-Network-Info', true],
  ['P-Visited-Network-ID', true],
  ['P-Served-User', true],
  ['P-Profile-Key', true],
  ['P-Charging-Vector', true],
  ['P-Charging-Function-Addresses', true],
  ['Authorization', true],
  ['Proxy-Authorization', true],
  ['P-Asserted-Identity', false],
  ['P-Called-Party-ID', false],
  ['Contact', false],
] as const)('%s towards a phone: taken off is %p', (name, isTaken) => {
  const request = requestWith([[name, '<sip:x@example.com>']]);
  stripToPhone(request);
  expect(request.has(name)).toBe(!isTaken);
});

test.each([
  ['id', false],
  ['header;id', false],
  ['user; id ;critical', false],
  ['none', true],
  ['idx;header', true],
])('Privacy: %s towards a phone: the asserted identity stays is %p', (privacy, stays) => {
  const request = requestWith([
    ['P-Asserted-Identity', '<sip:alice@example.com>'],
    ['Privacy', privacy],
  ]);
  stripToPhone(request);
  expect(request.has('P-Asserted-Identity')).toBe(stays);
});

test('credentials in a response to a phone are its own business', () => {
  const response = createResponse(requestWith([]), 200);
  response.append('Authentication-Info', 'nextnonce="x"');
  stripToPhone(response);
  expect(response.has('Authentication-Info')).toBe(true);
});

test('a phone keeps its own access network information but cannot speak for the network', () => {
  const request = requestWith([['P-Access-Network-Info', 'IEEE-802.11, 3GPP-UTRAN-TDD;network-provided']]);
  stripFromPhone(request);
  expect(request.values('P-Access-Network-Info')).toEqual(['IEEE-802.11']);
});

test('orig in a Request-URI of a phone goes, the rest of it stays', () => {
  const request = requestWith([], 'sip:bob@example.com;orig;user=phone');
  stripRequestFromPhone(request);
  expect(request.uri).toBe('sip:bob@example.com;user=phone');
});

test.each([
  ['', undefined, undefined],
  ['0123', undefined, 'ip-assoc-pending'],
  ['0123', 'ip-assoc-yes', 'ip-assoc-pending'],
  ['', 'yes', undefined],
])(
  'response %p with integrity-protected %p from the phone reaches the core with %p',
  (response, claimed, expected) => {
    const claim = claimed === undefined ? '' : `,Integrity-Protected="${claimed}"`;
    const value = `Digest username="alice@example.com",realm="example.com",nonce="n",uri="sip:example.com",response="${response}"${claim}`;
    const register = requestWith([['Authorization', value]], 'sip:example.com', 'REGISTER');
    setIntegrityProtection(register, 'example.com', (credentials) =>
      credentials.response === '' ? undefined : 'ip-assoc-pending',
    );
    const sent = register.header('Authorization') ?? '';
    expect(/integrity-protected="([^"]*)"/i.exec(sent)?.[1]).toBe(expected);
    expect(sent).toContain('username="alice@example.com"');
  },
);

test('credentials that cannot be read do not pass, for they may hide an integrity-protected', () => {
  const register = requestWith([['Authorization', 'Digest integrity-protected="yes", username']]);
  setIntegrityProtection(register, 'example.com', () => 'ip-assoc-yes');
  expect(register.has('Authorization')).toBe(false);
});

test.each([
  ['those of our realm', ['elsewhere.net', 'Example.com', 'example.com'], 1],
  ['the first that can be read, when none is of our realm', ['elsewhere.net', 'other.example'], 0],
])('of several credentials only %s go on, for they are what we vouch for', (_, realms, chosen) => {
  const digests = realms.map(
    (realm) => `Digest username="a",realm="${realm}",nonce="n",uri="sip:example.com",response="00"`,
  );
  const register = requestWith(['Basic YTpi', ...digests].map((value) => ['Authorization', value]));
  setIntegrityProtection(register, 'example.com', () => 'ip-assoc-yes');
  expect(register.headers('Authorization')).toEqual([
    `${digests[chosen]},integrity-protected="ip-assoc-yes"`,
  ]);
});

test('integrity and cipher key leave the challenge, all else of it stays', () => {
  const response = createResponse(requestWith([]), 401);
  response.append(
    'WWW-Authenticate',
    'Digest realm="example.com",nonce="n",algorithm=AKAv1-MD5,qop="auth",IK="00",ck="11"',
  );
  stripChallengeKeys(response);
  expect(response.header('WWW-Authenticate')).toBe(
    'Digest realm="example.com",nonce="n",algorithm=AKAv1-MD5,qop="auth"',
  );
});
