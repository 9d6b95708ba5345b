import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalName,
  decodeUtf8,
  encodeUtf8,
  NameAddr,
  Params,
  parseContacts,
  parseCSeq,
  parseEvent,
  parseExpires,
  parseMaxForwards,
  parseNameAddr,
  parseQValueThousandths,
  parseTokenList,
  parseVia,
  quote,
  serializeNameAddr,
  serializeVia,
  splitList,
  unquote,
} from './mod.ts';

test.each([
  [
    'SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7',
    { transport: 'UDP', port: 5060, branch: 'z9hG4bK87asdks7' },
  ],
  [
    'SIP/2.0/UDP 192.0.2.1:5060 ;received=192.0.2.207 ;branch=z9hG4bK77asjd',
    { host: '192.0.2.1', received: '192.0.2.207' },
  ],
  [
    'SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1',
    { port: 4000, sentBy: 'first.example.com:4000' },
  ],
  [
    'sip/2.0/tls [2001:db8::1]:5061;rport;branch=z',
    { transport: 'TLS', host: '[2001:db8::1]', hasRport: true, rport: undefined },
  ],
  [
    'SIP/2.0/UDP a;rport=5062',
    { rport: 5062, hasRport: true, port: undefined, sentBy: 'a', branch: undefined },
  ],
  ['SIP/7.0/UDP a', { transport: 'UDP', hasRport: false }],
])('Via %s', (text, parts) => {
  expect(parseVia(text)).toMatchObject(parts);
});

test.each([
  '',
  'SIP/2.0/UDP',
  'SIP/2.0/UDP ',
  'SIP/2.0 /',
  'SIP/2.0/UDP a:',
  'SIP/2.0/UDP a:70000',
  'SIP/2.0/UDP a b',
  'HTTP/2.0/UDP a',
  'SIP/2.0/UDP a;branch=1;branch=2',
  'SIP/2.0/UDP [::1',
  'SIP/2.0/UDP a;;',
])('Via "%s" is malformed', (text) => {
  expect(parseVia(text)).toBeUndefined();
});

test('a Via notes the source and leaves the original alone', () => {
  const via = parseVia('SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff');
  if (via === undefined) throw new Error('malformed');
  const noted = via.withSource({ received: '192.0.2.1', rport: 9988 });
  expect(serializeVia(noted)).toBe(
    'SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1',
  );
  expect(via.withSource({})).toMatchObject({ received: undefined, rport: undefined });
  expect(via.toString()).toBe('SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff');
  expect(parseVia(noted.toString())).toMatchObject({ received: '192.0.2.1', rport: 9988 });
});

/** RFC 3261 §20.10, §20.20, §20.39. */
test.each([
  [
    '"Mr. Watson" <sip:watson@worcester.bell-telephone.com>;q=0.7; expires=3600',
    'Mr. Watson',
    'sip:watson@worcester.bell-telephone.com',
    2,
  ],
  [
    '"Mr. Watson" <mailto:watson@bell-telephone.com> ;q=0.1',
    'Mr. Watson',
    'mailto:watson@bell-telephone.com',
    1,
  ],
  ['"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s', 'A. G. Bell', 'sip:agb@bell-telephone.com', 1],
  ['sip:+12125551212@server.phone2net.com;tag=887s', '', 'sip:+12125551212@server.phone2net.com', 1],
  ['Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8', 'Anonymous', 'sip:c8oqz84zk7z@privacy.org', 1],
  ['<sip:a@b;lr;x=1>', '', 'sip:a@b;lr;x=1', 0],
  [
    'The Operator<sip:operator@cs.columbia.edu>;tag=287447',
    'The Operator',
    'sip:operator@cs.columbia.edu',
    1,
  ],
  ['"say \\"hi\\", <b>" <sip:x@y>', 'say "hi", <b>', 'sip:x@y', 0],
  ['<sip:a@b>;+sip.instance="<urn:uuid:1>";reg-id=1', '', 'sip:a@b', 2],
  ['tel:+1234 ;tag=5', '', 'tel:+1234', 1],
] as const)('name-addr %s', (text, displayName, uri, paramCount) => {
  const parsed = parseNameAddr(text);
  expect(parsed).toMatchObject({ displayName, uri });
  expect(parsed?.params.size).toBe(paramCount);
  expect(parsed?.parsedUri?.toString()).toBe(uri);
  expect(parsed?.toString()).toBe(text);
});

test.each([
  '',
  'bob',
  '<>',
  '<sip:>',
  '<sip:a@b',
  '"x <sip:a@b>',
  '"x" sip:a@b',
  'a, b <sip:a@b>',
  '< sip:a@b >',
  '<sip:a@b> x',
  '<sip:a@b>;',
  'sip:a@b?x=y',
  'sip:a@b,sip:c@d',
  '<sip:a@b>;tag=1;tag=2',
  '<sip:a"b@c>',
  '<sip:a@b>>',
])('name-addr "%s" is malformed', (text) => {
  expect(parseNameAddr(text)).toBeUndefined();
});

test('a changed name-addr is a new one in brackets', () => {
  const from = parseNameAddr('sip:a@b;tag=1');
  expect(from?.with({ displayName: 'A "x"' }).toString()).toBe('"A \\"x\\"" <sip:a@b>;tag=1');
  expect(serializeNameAddr(NameAddr.of('sip:c@d', Params.of([['tag', '2']])))).toBe('<sip:c@d>;tag=2');
  expect(parseNameAddr('<sip:a%@b>')?.parsedUri).toBeUndefined();
});

test('display names in UTF-8 are byte-transparent', () => {
  const name = parseNameAddr(encodeUtf8('"Jürgen 大停電" <sip:j@x>'))?.displayName ?? '';
  expect(decodeUtf8(name)).toBe('Jürgen 大停電');
});

test('quoting is undone by unquoting', () => {
  fc.assert(fc.property(fc.string(), (text) => expect(unquote(quote(text))).toBe(text)));
});

test.each([
  ['4711 INVITE', { number: 4711, method: 'INVITE' }],
  [' 0009\t NewMethod ', { number: 9, method: 'NewMethod' }],
  ['2147483647 BYE', { number: 2147483647, method: 'BYE' }],
  ['2147483648 BYE', undefined],
  ['-1 BYE', undefined],
  ['1BYE', undefined],
  ['1', undefined],
  ['1 B/E', undefined],
  ['1 BYE x', undefined],
])('CSeq "%s"', (text, expected) => {
  expect(parseCSeq(text)).toEqual(expected);
});

test('numbers, lists and Event', () => {
  expect(['70', ' 0068', '255', '256', '-1', '', '7x'].map(parseMaxForwards)).toEqual([
    70,
    68,
    255,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(['0', '4294967295', '4294967296', '1e3'].map(parseExpires)).toEqual([
    0,
    4294967295,
    undefined,
    undefined,
  ]);
  expect(['1', '0.7', '0.333', '1.000', '.5', '1.1', '0.1234'].map(parseQValueThousandths)).toEqual([
    1000,
    700,
    333,
    1000,
    undefined,
    undefined,
    undefined,
  ]);
  expect(parseTokenList('path, outbound ,, gruu')).toEqual(['path', 'outbound', 'gruu']);
  expect(parseTokenList('')).toEqual([]);
  expect(parseTokenList('a b')).toBeUndefined();
  expect(parseEvent('reg;id=5')).toMatchObject({ package: 'reg' });
  expect(parseEvent('presence.winfo ; ID=5')?.params.get('id')).toBe('5');
  expect(parseEvent(';id=5')).toBeUndefined();
});

test('Contact: a star stands alone', () => {
  expect(parseContacts(['*'])).toEqual({ tag: 'all' });
  expect(parseContacts([])).toEqual({ tag: 'list', contacts: [] });
  expect(parseContacts(['<sip:a@b>', '*'])).toBeUndefined();
  expect(parseContacts(['<sip:a@b>', 'sip:c@d;expires=5'])).toMatchObject({
    contacts: [{ uri: 'sip:a@b' }, { uri: 'sip:c@d' }],
  });
});

test('lists split at commas outside quotes and brackets', () => {
  expect(splitList(' a , "b,\\",c" <sip:x,y@z> ;p="1,2", ,d')).toEqual([
    'a',
    '"b,\\",c" <sip:x,y@z> ;p="1,2"',
    'd',
  ]);
  expect(splitList('')).toEqual([]);
  expect(splitList('"never closed, x')).toEqual(['"never closed, x']);
});

test('header names have one canonical spelling', () => {
  expect(['v', 'VIA', 'via', 'Via', 'cALL-iD', 'i', 'www-authenticate', 'X-Own'].map(canonicalName)).toEqual([
    'Via',
    'Via',
    'Via',
    'Via',
    'Call-ID',
    'Call-ID',
    'WWW-Authenticate',
    'x-own',
  ]);
});

test('no value parser throws, whatever the text', () => {
  const soup = fc.string({
    unit: fc.constantFrom(
      'SIP/2.0/UDP ',
      'sip:a@b',
      '<',
      '>',
      '"',
      '\\',
      ';',
      '=',
      ',',
      ' ',
      '\t',
      '1',
      'x',
      '*',
      '\xff',
    ),
  });
  fc.assert(
    fc.property(soup, (text) => {
      const results = [
        parseVia,
        parseNameAddr,
        parseCSeq,
        parseMaxForwards,
        parseTokenList,
        parseEvent,
        parseQValueThousandths,
      ].map((parse) => parse(text));
      const nameAddr = parseNameAddr(text);
      if (nameAddr !== undefined)
        expect(parseNameAddr(nameAddr.with({}).toString())).toMatchObject({ uri: nameAddr.uri });
      expect(results).toHaveLength(7);
      expect(parseContacts(splitList(text))?.tag).not.toBe('none');
    }),
    { numRuns: 1000 },
  );
});
