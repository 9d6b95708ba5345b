import { canonicalImpu, type Impu } from '@clearwater/ims';
import { createRequest, type Flow } from '@clearwater/sip';
import { expect, test } from '@jest/globals';
import { FlowIdentities, type FlowRegistration } from './flow-identities.ts';
import { chooseIdentity, claimedIdentities } from './identity-choice.ts';

const ALICE = registrationOf('sip:alice@example.com', 'tel:+15551234', 'sip:+15551234@example.com');
const BOB = registrationOf('sip:bob@example.com');

function registrationOf(...uris: [string, ...string[]]): FlowRegistration {
  const [first, ...others] = uris.map((uri) => ({ uri, impu: canonicalImpu(uri) as Impu }));
  if (first === undefined) throw new Error('a registration has an identity');
  return { impi: 'x', identities: [first, ...others], serviceRoute: [], expiresAtMs: 1_000 };
}

function asserted(
  preferred: readonly string[],
  from: string,
  registrations: readonly FlowRegistration[],
): readonly string[] | string {
  const headers = [
    ['From', `<${from}>;tag=a`] as const,
    ...preferred.map((value) => ['P-Preferred-Identity', value] as const),
  ];
  const claimed = claimedIdentities(createRequest({ method: 'INVITE', uri: 'sip:x@example.com', headers }));
  if (claimed.tag === 'malformed') return 'malformed';
  return chooseIdentity(claimed, registrations)?.identities.map(({ uri }) => uri) ?? 'unregistered';
}

test.each([
  ['none preferred: the default identity', [], 'sip:alice@example.com', ['sip:alice@example.com']],
  ['another of the set in From does not decide', [], 'sip:+15551234@example.com', ['sip:alice@example.com']],
  ['an anonymous From', [], 'sip:anonymous@anonymous.invalid', ['sip:alice@example.com']],
  ['a registered one', ['<sip:+15551234@EXAMPLE.com>'], 'sip:x@y.z', ['sip:+15551234@example.com']],
  ['a registered tel', ['<tel:+1-555-1234>'], 'sip:x@y.z', ['tel:+15551234']],
  [
    'SIP and tel',
    ['"Me" <sip:alice@example.com>, <tel:+15551234>'],
    'sip:x@y.z',
    ['sip:alice@example.com', 'tel:+15551234'],
  ],
  [
    'one of two registered',
    ['<sip:alice@example.com>', '<tel:+999>'],
    'sip:x@y.z',
    ['sip:alice@example.com'],
  ],
  ["somebody else's", ['<sip:ceo@example.com>'], 'sip:ceo@example.com', ['sip:alice@example.com']],
  ['two SIP identities', ['<sip:alice@example.com>, <sip:+15551234@example.com>'], 'sip:x@y.z', 'malformed'],
  ['three', ['<sip:alice@example.com>, <tel:+15551234>, <tel:+15551235>'], 'sip:x@y.z', 'malformed'],
  ['no URI at all', ['alice'], 'sip:x@y.z', 'malformed'],
])('preferred: %s', (_, preferred, from, expected) => {
  expect(asserted(preferred, from, [ALICE])).toEqual(expected);
});

test.each([
  ["From says which user's default", [], 'sip:alice@example.com', ['sip:alice@example.com']],
  ['an unknown From: the newest', [], 'sip:x@y.z', ['sip:bob@example.com']],
  ["one user's preferred identity", ['<tel:+15551234>'], 'sip:bob@example.com', ['tel:+15551234']],
])('two users on one flow: %s', (_, preferred, from, expected) => {
  expect(asserted(preferred, from, [BOB, ALICE])).toEqual(expected);
});

test('without a registration nobody is asserted', () => {
  expect(asserted(['<sip:alice@example.com>'], 'sip:alice@example.com', [])).toBe('unregistered');
});

test('flow identities: bounded by use, by flow and by expiry', () => {
  let nowMs = 0;
  const identities = new FlowIdentities({ flowsMax: 2, registrationsPerFlowMax: 2 }, () => nowMs);
  const [a, b, c] = [1, 2, 3].map((connection) => ({ connection }) as Flow) as [Flow, Flow, Flow];
  identities.learn(a, ALICE);
  identities.learn(b, BOB);
  identities.of(a); // used last
  identities.learn(c, BOB);
  expect([identities.of(a), identities.of(b), identities.size]).toEqual([[ALICE], [], 2]);

  const later = { ...BOB, expiresAtMs: 2_000 };
  identities.learn(a, BOB);
  identities.learn(a, later); // replaces, does not add
  expect(identities.of(a)).toEqual([later, ALICE]);
  identities.learn(a, registrationOf('sip:carol@example.com'));
  expect(identities.of(a).map((one) => one.identities[0].uri)).toEqual([
    'sip:carol@example.com',
    'sip:bob@example.com',
  ]);
  nowMs = 1_000;
  expect(identities.of(a)).toEqual([later]);
  identities.forget(a, later.identities[0].impu);
  expect([identities.of(a), identities.size]).toEqual([[], 1]);
});
