import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeUser, OtherUri, Params, parseUri, SipUri, TelUri, unescapeUri, uriEquals } from './mod.ts';

function sip(text: string): SipUri {
  const uri = parseUri(text);
  if (!(uri instanceof SipUri)) throw new Error(`not a SIP URI: ${text}`);
  return uri;
}

test.each([
  ['sip:alice@atlanta.com', { user: 'alice', host: 'atlanta.com' }],
  [
    'sip:alice:secretword@atlanta.com;transport=tcp',
    { user: 'alice', password: 'secretword', host: 'atlanta.com' },
  ],
  [
    'sips:alice@atlanta.com?subject=project%20x&priority=urgent',
    { scheme: 'sips', headers: 'subject=project%20x&priority=urgent' },
  ],
  ['sip:+1-212-555-1212:1234@gateway.com;user=phone', { user: '+1-212-555-1212', password: '1234' }],
  ['sips:1212@gateway.com', { scheme: 'sips', user: '1212' }],
  ['sip:alice@192.0.2.4', { host: '192.0.2.4' }],
  ['sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com', { user: undefined, host: 'atlanta.com' }],
  ['sip:alice;day=tuesday@atlanta.com', { user: 'alice;day=tuesday' }],
  ['SIP:a@EXAMPLE.com:5070', { scheme: 'sip', host: 'example.com', port: 5070 }],
  ['sip:a@[2001:DB8::9:1]:5060;lr', { host: '[2001:db8::9:1]', port: 5060 }],
  ['sip:[::ffff:192.0.2.1]', { host: '[::ffff:192.0.2.1]', port: undefined }],
  ['sip:*21#@example.com', { user: '*21#' }],
  ['sip:sips%3Auser%40example.com@example.net', { user: 'sips%3Auser%40example.com', host: 'example.net' }],
  ['sip:user;par=u%40example.net@example.com', { user: 'user;par=u%40example.net' }],
] as const)('%s is read and written back as it was', (text, parts) => {
  expect(sip(text)).toMatchObject(parts);
  expect(sip(text).toString()).toBe(text);
});

test.each([
  '',
  'sip',
  'sip:',
  ':x',
  'sip:@example.com',
  'sip:a b@example.com',
  'sip:a@',
  'sip:a@b@c',
  'sip:a@b:',
  'sip:a@b:99999',
  'sip:a@b:5x',
  'sip:a@[::1',
  'sip:a@[]',
  'sip:a@[::g]',
  'sip:%zz@b',
  'sip:a%4@b',
  'sip:a@b;',
  'sip:a@b;=x',
  'sip:a@b;lr;lr=on',
  'sip:a@b;x=<y>',
  'sip:a@b?x y',
  'sip:a<b@c',
  'tel:',
  'tel:+',
  'tel:12 34',
  'tel:+12x',
  'tel:+12;',
  '1x:y',
  'x:a b',
  `sip:${'a'.repeat(5000)}@b`,
])('"%s" is malformed', (text) => {
  expect(parseUri(text)).toBeUndefined();
});

test('tel and other URIs', () => {
  const tel = parseUri('tel:+1-(212)-555.1212;ext=12;isub=1') as TelUri;
  expect(tel).toBeInstanceOf(TelUri);
  expect(tel).toMatchObject({ scheme: 'tel', isGlobal: true, plainNumber: '+12125551212' });
  expect(tel.params.get('EXT')).toBe('12');
  const local = parseUri('tel:863-1234;phone-context=+1-914-555') as TelUri;
  expect(local).toMatchObject({ isGlobal: false, plainNumber: '8631234' });
  expect(local.with({ number: '7' }).toString()).toBe('tel:7;phone-context=+1-914-555');
  const urn = parseUri('URN:service:sos') as OtherUri;
  expect(urn).toBeInstanceOf(OtherUri);
  expect(urn).toMatchObject({ scheme: 'other', schemeName: 'urn', rest: 'service:sos' });
  expect(urn.toString()).toBe('URN:service:sos');
});

test('a changed URI is a new one', () => {
  const uri = sip('sip:Alice@Example.com;transport=tcp;LR');
  expect(uri.with({ port: 5062, params: uri.params.delete('transport') }).toString()).toBe(
    'sip:Alice@example.com:5062;LR',
  );
  expect(uri.with({ user: undefined, headers: 'a=b' }).toString()).toBe(
    'sip:example.com;transport=tcp;LR?a=b',
  );
  expect(uri.toString()).toBe('sip:Alice@Example.com;transport=tcp;LR');
  expect(SipUri.of({ host: '[::1]', scheme: 'sips', user: 'x' }).toString()).toBe('sips:x@[::1]');
});

/** RFC 3261 §19.1.4, RFC 3966 §4. */
test.each([
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp', true],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5', true],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on', true],
  ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off', false],
  [
    'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
    'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    true,
  ],
  [
    'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
    'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    true,
  ],
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp', false],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting', false],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4', false],
  ['sip:a@b', 'sips:a@b', false],
  ['sip:a:x@b', 'sip:a:y@b', false],
  ['sip:a@b;user=phone', 'sip:a@b', false],
  ['tel:+1-212-555-1212', 'TEL:+1(212)5551212', true],
  ['tel:+12125551212', 'tel:12125551212', false],
  ['tel:7042;phone-context=Example.com', 'tel:70-42;phone-context=example.COM', true],
  ['tel:7042;phone-context=+1-914', 'tel:7042;phone-context=+1914', true],
  ['tel:7042;phone-context=a.com', 'tel:7042;phone-context=b.com', false],
  ['tel:+1;ext=1', 'tel:+1', false],
  ['tel:+1;ext=1-2;isub=3', 'tel:+1;ISUB=3;ext=12', true],
  ['tel:+12125551212', 'sip:+12125551212@x', false],
  ['urn:service:sos', 'urn:service:sos', true],
  ['urn:service:sos', 'urn:service:sos.police', false],
])('%s = %s: %s', (a, b, expected) => {
  const left = parseUri(a);
  const right = parseUri(b);
  if (left === undefined || right === undefined) throw new Error('malformed');
  expect(uriEquals(left, right)).toBe(expected);
  expect(uriEquals(right, left)).toBe(expected);
  expect(uriEquals(left, left)).toBe(true);
});

test('a user part survives escaping', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
        minLength: 1,
      }),
      (user) => {
        const uri = sip(SipUri.of({ host: 'example.com', user: escapeUser(user) }).toString());
        expect(unescapeUri(uri.user ?? '')).toBe(user);
      },
    ),
  );
});

test('any text parses without an exception, and what parses is written as it was', () => {
  const soup = fc.string({
    unit: fc.constantFrom(
      'sip:',
      'tel:',
      'a',
      '@',
      ':',
      ';',
      '=',
      '?',
      '&',
      '[',
      ']',
      '%4',
      '1',
      '"',
      '<',
      ' ',
    ),
  });
  fc.assert(
    fc.property(soup, (text) => {
      const uri = parseUri(text);
      if (uri === undefined) return;
      expect(uri.toString()).toBe(text);
      expect(uriEquals(uri, uri)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('parameters keep order and writing, and change into new instances', () => {
  const params = Params.parse(' ; Tag = 1 ;lr;x="a;\\"b" ');
  if (params === undefined) throw new Error('malformed');
  expect([
    params.get('tag'),
    params.get('LR'),
    params.get('x'),
    params.getUnquoted('X'),
    params.get('y'),
  ]).toEqual(['1', '', '"a;\\"b"', 'a;"b', undefined]);
  expect(params.set('TAG', '2').set('y').delete('lr').toString()).toBe(';TAG=2;x="a;\\"b";y');
  expect(params.size).toBe(3);
  expect([...params.entries()]).toEqual([
    ['tag', '1'],
    ['lr', undefined],
    ['x', '"a;\\"b"'],
  ]);
  expect(params.delete('none')).toBe(params);
  expect(
    Params.of([
      ['a', '1'],
      ['b', undefined],
    ]).toString(),
  ).toBe(';a=1;b');
});

test('a flag said twice is one flag, and goes out as it came', () => {
  const uri = parseUri('sip:127.0.0.1:5060;transport=udp;lr;LR');
  expect(uri?.scheme === 'sip' && [uri.params.size, uri.params.has('lr')]).toEqual([2, true]);
  expect(uri?.toString()).toBe('sip:127.0.0.1:5060;transport=udp;lr;LR');
});

test.each([';', ';;', 'a', ';a=', ';a="x', ';a;A=1', ';a=1;a=1', ';a b', ';a=b c', ';a=b,', ';é=1'])(
  'parameters "%s" are malformed',
  (text) => {
    expect(Params.parse(text)).toBeUndefined();
  },
);

test('64 parameters are read, 65 are not', () => {
  const names = Array.from({ length: 65 }, (_, i) => `;p${i}`);
  expect(Params.parse(names.slice(1).join(''))?.size).toBe(64);
  expect(Params.parse(names.join(''))).toBeUndefined();
});
