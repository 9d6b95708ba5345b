import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Impu,
  type ImsSubscription,
  isBarred,
  ParseCache,
  parsePublicIdentity,
  parseRegData,
  parseServiceProfile,
  parseSubscription,
  serializeRegData,
  serviceProfileOf,
  usableIdentities,
} from './mod.ts';

const PROFILE = `<ServiceProfile>
  <PublicIdentity><BarringIndication>1</BarringIndication><Identity>sip:alice-barred@example.com</Identity></PublicIdentity>
  <PublicIdentity><Identity>SIP:alice@EXAMPLE.com;user=ip</Identity>
    <Extension><IdentityType>0</IdentityType><Extension><DisplayName>Alice &amp; Co</DisplayName></Extension></Extension></PublicIdentity>
  <PublicIdentity><Identity>tel:+1-650-555-0000</Identity></PublicIdentity>
  <CoreNetworkServicesAuthorization><SubscribedMediaProfileId>3</SubscribedMediaProfileId></CoreNetworkServicesAuthorization>
  <InitialFilterCriteria>
    <Priority>1</Priority>
    <TriggerPoint><ConditionTypeCNF>0</ConditionTypeCNF>
      <SPT><ConditionNegated>0</ConditionNegated><Group>0</Group><Method>REGISTER</Method>
        <Extension><RegistrationType>0</RegistrationType><RegistrationType>2</RegistrationType></Extension></SPT>
      <SPT><ConditionNegated>1</ConditionNegated><Group>0</Group><Group>1</Group><SIPHeader><Header>P-Id</Header><Content>x.*</Content></SIPHeader></SPT>
      <SPT><Group>1</Group><SessionCase>4</SessionCase></SPT>
      <SPT><Group>1</Group><RequestURI>sip:.*</RequestURI></SPT>
      <SPT><Group>1</Group><SessionDescription><Line>m</Line></SessionDescription></SPT>
    </TriggerPoint>
    <ApplicationServer><ServerName>sip:as.example.com</ServerName><DefaultHandling>1</DefaultHandling><ServiceInfo>info</ServiceInfo>
      <Extension><IncludeRegisterRequest/></Extension></ApplicationServer>
    <ProfilePartIndicator>1</ProfilePartIndicator>
  </InitialFilterCriteria>
  <InitialFilterCriteria><Priority>2</Priority><ApplicationServer><ServerName>sip:mmtel.example.com</ServerName></ApplicationServer></InitialFilterCriteria>
  <Extension><SharedIFCSetID>7</SharedIFCSetID></Extension>
</ServiceProfile>`;
const SUBSCRIPTION = `<?xml version="1.0" encoding="UTF-8"?><IMSSubscription xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><PrivateID>Unspecified</PrivateID>${PROFILE}
  <ServiceProfile><PublicIdentity><Identity>sip:second@example.com</Identity></PublicIdentity></ServiceProfile></IMSSubscription>`;

const ALICE = 'sip:alice@example.com' as Impu;

function parsed(): ImsSubscription {
  const result = parseSubscription(SUBSCRIPTION);
  if (result.tag !== 'parsed') throw new Error(result.reason);
  return result.subscription;
}

test('a subscription has canonical identities, the first unbarred one is the default', () => {
  const subscription = parsed();
  expect(subscription.defaultImpu).toBe(ALICE);
  expect(usableIdentities(subscription)).toEqual([ALICE, 'tel:+16505550000', 'sip:second@example.com']);
  expect(isBarred(subscription, 'sip:alice-barred@example.com' as Impu)).toBe(true);
  expect(isBarred(subscription, ALICE)).toBe(false);
  expect(serviceProfileOf(subscription, 'sip:second@example.com' as Impu)?.initialFilterCriteria).toEqual([]);
  expect(serviceProfileOf(subscription, 'sip:nobody@example.com' as Impu)).toBeUndefined();
  expect(subscription.identities[1]).toMatchObject({ identityType: 0, displayName: 'Alice & Co' });
});

test('filter criteria are kept whole, in document order', () => {
  const [profile] = parsed().serviceProfiles;
  expect(profile?.sharedIfcSetIds).toEqual([7]);
  expect(profile?.subscribedMediaProfileId).toBe(3);
  expect(profile?.initialFilterCriteria).toEqual([
    {
      priority: 1,
      profilePart: 'unregistered',
      triggerPoint: {
        isConjunctive: false,
        points: [
          {
            isNegated: false,
            groups: [0],
            match: { tag: 'method', method: 'REGISTER', registrationTypes: [0, 2] },
          },
          { isNegated: true, groups: [0, 1], match: { tag: 'header', header: 'P-Id', content: 'x.*' } },
          { isNegated: false, groups: [1], match: { tag: 'session-case', sessionCase: 4 } },
          { isNegated: false, groups: [1], match: { tag: 'request-uri', pattern: 'sip:.*' } },
          { isNegated: false, groups: [1], match: { tag: 'session-description', line: 'm' } },
        ],
      },
      applicationServer: {
        serverName: 'sip:as.example.com',
        defaultHandling: 'terminate',
        serviceInfo: 'info',
        includeRegisterRequest: true,
        includeRegisterResponse: false,
      },
    },
    {
      priority: 2,
      applicationServer: {
        serverName: 'sip:mmtel.example.com',
        defaultHandling: 'continue',
        includeRegisterRequest: false,
        includeRegisterResponse: false,
      },
    },
  ]);
});

const wrap = (profile: string): string => `<IMSSubscription>${profile}</IMSSubscription>`;
const identity = '<PublicIdentity><Identity>sip:a@b.c</Identity></PublicIdentity>';
const hostile: readonly (readonly [string, string])[] = [
  ['an empty text', ''],
  ['no XML', 'hello'],
  ['another root', '<Subscription/>'],
  ['an unclosed element', '<IMSSubscription><ServiceProfile>'],
  ['no identity', wrap('<ServiceProfile/>')],
  [
    'an identity that is no URI',
    wrap('<ServiceProfile><PublicIdentity><Identity>bob</Identity></PublicIdentity></ServiceProfile>'),
  ],
  [
    'a barring that is no boolean',
    wrap(
      '<ServiceProfile><PublicIdentity><BarringIndication>maybe</BarringIndication><Identity>sip:a@b.c</Identity></PublicIdentity></ServiceProfile>',
    ),
  ],
  [
    'a negative priority',
    wrap(
      `<ServiceProfile>${identity}<InitialFilterCriteria><Priority>-1</Priority></InitialFilterCriteria></ServiceProfile>`,
    ),
  ],
  [
    'a criterion without server',
    wrap(
      `<ServiceProfile>${identity}<InitialFilterCriteria><Priority>1</Priority></InitialFilterCriteria></ServiceProfile>`,
    ),
  ],
  [
    'an entity bomb',
    `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${wrap(`<ServiceProfile>${identity}&b;</ServiceProfile>`)}`,
  ],
  [
    'an external entity',
    `<!DOCTYPE x SYSTEM "file:///etc/passwd">${wrap(`<ServiceProfile>${identity}</ServiceProfile>`)}`,
  ],
  ['an undeclared entity', wrap(`<ServiceProfile>${identity}&x;</ServiceProfile>`)],
  ['depth', '<a>'.repeat(100_000)],
  ['too many elements', wrap(`<ServiceProfile>${identity}${'<x/>'.repeat(20_000)}</ServiceProfile>`)],
  ['size', wrap(`<ServiceProfile>${identity}${' '.repeat(300_000)}</ServiceProfile>`)],
];

test.each(hostile)('%s is refused with a reason', (_name, xml) => {
  expect(parseSubscription(xml)).toEqual({ tag: 'malformed', reason: expect.any(String) });
});

test('any text is parsed or refused, never thrown at', () => {
  const cut = fc.nat(SUBSCRIPTION.length).map((length) => SUBSCRIPTION.slice(0, length));
  const spliced = fc
    .tuple(fc.nat(SUBSCRIPTION.length), fc.string())
    .map(([where, text]) => SUBSCRIPTION.slice(0, where) + text + SUBSCRIPTION.slice(where));
  fc.assert(
    fc.property(fc.oneof(cut, spliced, fc.string()), (xml) => {
      expect(['parsed', 'malformed']).toContain(parseSubscription(xml).tag);
    }),
    { seed: 2, numRuns: 500 },
  );
});

test('fragments are read alone', () => {
  expect(parsePublicIdentity(identity)).toEqual({
    tag: 'parsed',
    value: { value: { impu: 'sip:a@b.c', isBarred: false, identityType: 0 }, xml: identity },
  });
  expect(parsePublicIdentity('<Identity>sip:a@b.c</Identity>').tag).toBe('malformed');
  const profile = parseServiceProfile(PROFILE);
  const again = profile.tag === 'parsed' ? parseServiceProfile(profile.value.xml) : undefined;
  expect(again).toEqual(profile);
  const prefixed =
    '<?xml version="1.0"?><!-- a --><x:PublicIdentity xmlns:x="urn:x"><x:Identity><![CDATA[sip:a&b@c]]></x:Identity></x:PublicIdentity><!-- </PublicIdentity> -->';
  expect(parsePublicIdentity(prefixed)).toMatchObject({
    value: { xml: '<PublicIdentity><Identity>sip:a&#38;b@c</Identity></PublicIdentity>' },
  });
});

test('ClearwaterRegData survives writing and reading', () => {
  const charging = { ccfs: ['aaa://ccf1', 'aaa://ccf2'], ecfs: ['aaa://e<c>f'] };
  const subscriptionXml = SUBSCRIPTION.slice(SUBSCRIPTION.indexOf('<IMSSubscription'));
  const xml = serializeRegData({
    registrationState: 'REGISTERED',
    previousRegistrationState: 'NOT_REGISTERED',
    subscriptionXml,
    charging,
  });
  expect(parseRegData(xml)).toEqual({
    tag: 'parsed',
    regData: {
      registrationState: 'REGISTERED',
      previousRegistrationState: 'NOT_REGISTERED',
      subscription: parsed(),
      charging,
    },
  });
  const bare = serializeRegData({ registrationState: 'NOT_REGISTERED', charging: { ccfs: [], ecfs: [] } });
  expect(bare).toBe(
    '<ClearwaterRegData><RegistrationState>NOT_REGISTERED</RegistrationState></ClearwaterRegData>',
  );
  expect(parseRegData(bare)).toMatchObject({ regData: { charging: { ccfs: [], ecfs: [] } } });
  expect(parseRegData('<ClearwaterRegData/>').tag).toBe('malformed');
  expect(parseRegData(xml.replace('<Priority>1<', '<Priority>x<')).tag).toBe('malformed');
});

test('a text is parsed once while it is among the most recently used', () => {
  const calls: string[] = [];
  const cache = new ParseCache((text) => {
    calls.push(text);
    return { text };
  }, 2);
  for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) expect(cache.get(text)).toEqual({ text });
  expect(calls).toEqual(['a', 'b', 'c', 'b']);
  expect(cache.size).toBe(2);
});

test.each([
  ['deep', `${'<a>'.repeat(14)}${'</a>'.repeat(14)}`, 'too-deep'],
  ['many', '<a/>'.repeat(2_500), 'too-many-elements'],
  ['long', `<a>${'x'.repeat(65_600)}</a>`, 'too-long'],
  ['longer than it was', `<a>${'"'.repeat(20_000)}</a>`, 'too-long'],
])('a fragment too %s for a document that holds it is refused', (_, inner, reason) => {
  expect(parseServiceProfile(`<ServiceProfile>${inner}</ServiceProfile>`)).toEqual({
    tag: 'malformed',
    reason,
  });
});

test('a document that holds the largest fragments is parsed', () => {
  const deep = `${'<a>'.repeat(13)}${'</a>'.repeat(13)}${'<a></a>'.repeat(2_486)}`;
  const long = `<a>${'x'.repeat(65_490)}</a>`;
  const pieces = [deep, long].map((inner) => {
    const fragment = parseServiceProfile(`<ServiceProfile>${inner}</ServiceProfile>`);
    if (fragment.tag === 'malformed') throw new Error(fragment.reason);
    const identity = '<PublicIdentity><Identity>sip:alice@example.com</Identity></PublicIdentity>';
    return fragment.value.xml.replace('<ServiceProfile>', `<ServiceProfile>${identity}`);
  });
  const subscriptionXml = `<IMSSubscription>${pieces.join('')}</IMSSubscription>`;
  const charging = { ccfs: [], ecfs: [] };
  expect(
    parseRegData(serializeRegData({ registrationState: 'REGISTERED', subscriptionXml, charging })).tag,
  ).toBe('parsed');
});
