import { rfc4475Messages } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createAck,
  createCancel,
  createRequest,
  createResponse,
  decodeUtf8,
  encodeUtf8,
  parseMessage,
  type SipRequest,
  type SipResponse,
  serializeVia,
} from './mod.ts';

/** The INVITE of RFC 3261 §4 with a few of the liberties that senders take: compact names, folding, odd case, unknown fields. */
const INVITE = [
  'INVITE sip:bob@biloxi.com SIP/2.0',
  'v: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8 , SIP/2.0/TCP first.atlanta.com;branch=z9hG4bK1',
  'Max-Forwards: 70',
  'Route: <sip:a.example.com;lr>,<sip:b.example.com;lr>',
  'ROUTE:   <sip:c.example.com;lr>',
  'To: Bob <sip:bob@biloxi.com>',
  'from:Alice <sip:alice@atlanta.com>',
  '  ;tag=1928301774',
  'Call-ID: a84b4c76e66710',
  'CSeq: 314159 INVITE',
  'X-Odd :\tkept  as is ',
  'm: <sip:alice@pc33.atlanta.com>',
  'Content-Type: application/sdp',
  'Content-Length: 4',
  '',
  'v=0\n',
].join('\r\n');

function requestOf(text: string): SipRequest {
  const parsed = parseMessage(Buffer.from(text, 'latin1'));
  if (parsed.tag !== 'request') throw new Error(`parsed as ${JSON.stringify(parsed)}`);
  return parsed.message;
}

function responseOf(text: string): SipResponse {
  const parsed = parseMessage(Buffer.from(text, 'latin1'));
  if (parsed.tag !== 'response') throw new Error(`parsed as ${JSON.stringify(parsed)}`);
  return parsed.message;
}

test('reading finds fields in any spelling, unfolded and trimmed', () => {
  const request = requestOf(INVITE);
  expect(request.method).toBe('INVITE');
  expect(request.uri).toBe('sip:bob@biloxi.com');
  expect(request.parsedUri?.toString()).toBe('sip:bob@biloxi.com');
  expect(request.header('VIA')).toBe(
    'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8 , SIP/2.0/TCP first.atlanta.com;branch=z9hG4bK1',
  );
  expect(request.values('v')).toEqual([
    'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8',
    'SIP/2.0/TCP first.atlanta.com;branch=z9hG4bK1',
  ]);
  expect(request.headers('Route')).toEqual([
    '<sip:a.example.com;lr>,<sip:b.example.com;lr>',
    '<sip:c.example.com;lr>',
  ]);
  expect(request.values('Route')).toHaveLength(3);
  expect(request.header('From')).toBe('Alice <sip:alice@atlanta.com> ;tag=1928301774');
  expect(request.header('x-odd')).toBe('kept  as is');
  expect(request.header('Subject')).toBeUndefined();
  expect(request.topVia).toMatchObject({
    transport: 'UDP',
    host: 'pc33.atlanta.com',
    branch: 'z9hG4bKnashds8',
  });
  expect(request.from?.tag).toBe('1928301774');
  expect(request.to?.tag).toBeUndefined();
  expect(request.to?.displayName).toBe('Bob');
  expect(request.cseq).toEqual({ number: 314159, method: 'INVITE' });
  expect(request.callId).toBe('a84b4c76e66710');
  expect(request.maxForwards).toBe(70);
  expect(request.topRoute?.uri).toBe('sip:a.example.com;lr');
  expect(request.contacts).toMatchObject({ tag: 'list', contacts: [{ uri: 'sip:alice@pc33.atlanta.com' }] });
  expect(request.body).toBe('v=0\n');
  expect(request.bodyBytes).toEqual(Buffer.from('v=0\n'));
});

test('a message that nobody edited goes out as it came', () => {
  expect(requestOf(INVITE).text).toBe(INVITE);
  expect(requestOf(INVITE).copy().serialize().toString('latin1')).toBe(INVITE);
  expect(requestOf(`\r\n\r\n${INVITE}`).text).toBe(INVITE);
});

test('a proxy hop changes the lines it edits and no other byte', () => {
  const received = requestOf(INVITE);
  const request = received.copy();
  const via = request.topVia;
  if (via === undefined) throw new Error('no Via');
  request.replaceFirstValue('Via', serializeVia(via.withSource({ received: '192.0.2.1', rport: 5062 })));
  request.set('Max-Forwards', '69');
  expect(request.removeFirstValue('Route')).toBe('<sip:a.example.com;lr>');
  expect(request.removeFirstValue('Route')).toBe('<sip:b.example.com;lr>');
  request.prepend('Via', 'SIP/2.0/UDP proxy.example.com;branch=z9hG4bKp');
  request.prepend('Record-Route', '<sip:proxy.example.com;lr>');
  request.setUri('sip:bob@192.0.2.4');
  expect(request.text).toBe(
    INVITE.replace(
      'INVITE sip:bob@biloxi.com SIP/2.0',
      'INVITE sip:bob@192.0.2.4 SIP/2.0\r\nRecord-Route: <sip:proxy.example.com;lr>',
    )
      .replace('v: SIP', 'Via: SIP/2.0/UDP proxy.example.com;branch=z9hG4bKp\r\nVia: SIP')
      .replace('branch=z9hG4bKnashds8 ,', 'branch=z9hG4bKnashds8;received=192.0.2.1;rport=5062,')
      .replace('Max-Forwards: 70', 'Max-Forwards: 69')
      .replace('Route: <sip:a.example.com;lr>,<sip:b.example.com;lr>\r\n', ''),
  );
  expect(request.topVia?.host).toBe('proxy.example.com');
  expect(request.maxForwards).toBe(69);
  expect(request.topRoute?.uri).toBe('sip:c.example.com;lr');
  expect(received.text).toBe(INVITE);
  expect(received.topVia).toBe(via);
  expect(received.topRoute?.uri).toBe('sip:a.example.com;lr');
});

test('set replaces the first field and drops its repetitions; append goes behind the last; remove takes all', () => {
  const request = requestOf(INVITE);
  request.set('Route', '<sip:only.example.com;lr>');
  expect(request.headers('Route')).toEqual(['<sip:only.example.com;lr>']);
  request.append('Route', '<sip:second.example.com;lr>');
  expect(request.values('Route')).toEqual(['<sip:only.example.com;lr>', '<sip:second.example.com;lr>']);
  expect(request.headerNames.slice(2, 4)).toEqual(['Route', 'Route']);
  request.remove('route');
  expect(request.has('Route')).toBe(false);
  expect(request.topRoute).toBeUndefined();
  expect(request.removeFirstValue('Route')).toBeUndefined();
});

test('the last value of a field takes the field with it', () => {
  const request = requestOf(INVITE);
  for (let i = 0; i < 3; i++) request.removeFirstValue('Route');
  expect(request.text).not.toMatch(/route/i);
});

test('a value with line breaks cannot inject a field', () => {
  const request = requestOf(INVITE);
  request.set('Subject', 'x\r\nRoute: <sip:evil.example.com>\r\n\r\n');
  request.setUri('sip:x@y SIP/2.0\r\nVia: z');
  expect(requestOf(request.text.replace('sip:x@y SIP/2.0 Via: z', 'sip:x@y')).headers('Route')).toHaveLength(
    2,
  );
  expect(request.text.split('\r\n')[0]).toBe('INVITE sip:x@y SIP/2.0 Via: z SIP/2.0');
});

test('a wide char is written as UTF-8 and cannot become a line break either', () => {
  const request = requestOf(INVITE);
  request.set('Subject', 'a\u010a\u010dRoute: <sip:evil.example.com>');
  expect(requestOf(request.text).headers('Route')).toHaveLength(2);
  expect(decodeUtf8(requestOf(request.serialize().toString('latin1')).header('Subject') ?? '')).toBe(
    'a\u010a\u010dRoute: <sip:evil.example.com>',
  );
  request.setBody('text/plain', '大');
  expect(request.bodyBytes.toString('utf8')).toBe('大');
  expect(request.header('Content-Length')).toBe('3');
});

test('hostile white space costs no more than its length', () => {
  const request = requestOf(INVITE.replace('kept  as is', `a${' '.repeat(8000)}b\r\n c`));
  expect(request.header('X-Odd')).toBe(`a${' '.repeat(8000)}b c`);
});

test('a new body brings its type and length', () => {
  const request = requestOf(INVITE);
  request.setBody('text/plain', encodeUtf8('naïve'));
  expect(request.header('Content-Length')).toBe('6');
  expect(request.bodyBytes.toString('utf8')).toBe('naïve');
  expect(requestOf(request.text).body).toBe(encodeUtf8('naïve'));
  request.setBody(undefined, '');
  expect(request.has('Content-Type')).toBe(false);
  expect(request.text.endsWith('Content-Length: 0\r\n\r\n')).toBe(true);
});

test('an edited message that came without Content-Length gets it, an untouched one does not', () => {
  const text = INVITE.replace('Content-Length: 4\r\n', '');
  const request = requestOf(text);
  expect(request.text).toBe(text);
  request.set('Max-Forwards', '1');
  expect(request.text.endsWith('Content-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\n')).toBe(true);
});

test('bytes behind Content-Length are dropped and counted, missing ones are malformed', () => {
  const parsed = parseMessage(Buffer.from(`${INVITE}more`));
  expect(parsed).toMatchObject({ tag: 'request', bytesExcess: 4 });
  expect(requestOf(`${INVITE}more`).text).toBe(INVITE);
  expect(parseMessage(Buffer.from(INVITE.slice(0, -1)))).toMatchObject({ tag: 'malformed', status: 400 });
});

test.each([
  ['empty', ''],
  ['CRLF', '\r\n'],
  ['two CRLF', '\r\n\r\n'],
])('%s is a keep-alive', (_, text) => {
  expect(parseMessage(Buffer.from(text))).toEqual({ tag: 'keep-alive' });
});

test.each([
  ['a second To', 'To:', 'To: <sip:x@y>\r\nt:', 400, true],
  ['a second Max-Forwards', 'Max', 'Max-Forwards: 1\r\nMax', 400, true],
  ['no Call-ID', 'Call-ID', 'Other-ID', 400, false],
  ['no Via', 'v:', 'w:', 400, false],
  ['CSeq 2^31', '314159', '2147483648', 400, true],
  ['CSeq of another method', '159 INVITE', '159 BYE', 400, true],
  ['another version', 'm SIP/2.0', 'm SIP/3.0', 505, true],
  ['two spaces in the start line', 'INVITE ', 'INVITE  ', 400, true],
  ['a line without a colon', 'X-Odd :', 'X-Odd ', 400, true],
  ['two Content-Lengths', 'X-Odd :', 'l: 4\r\nX:', 400, true],
  ['a signed Content-Length', 'Length: 4', 'Length: +4', 400, true],
  ['a lone LF that hides a field', 'kept', 'kept\nP-Asserted-Identity: <sip:x@y>', 400, true],
  ['a lone CR in a field', 'kept', 'k\rept', 400, true],
  ['a lone LF in the start line', 'SIP/2.0\r', 'SIP/2.0\nTo: x\r', 400, false],
  ['a lone LF between fields', '\r\nTo:', '\nTo:', 400, false],
  ['a header field above 8 KiB', 'kept', 'k'.repeat(8192), 400, true],
  ['201 header fields', 'X-Odd', `${'a: b\r\n'.repeat(190)}X-Odd`, 400, true],
  ['more than 65,535 bytes', 'v=0', 'x'.repeat(65_536), 413, false],
] as const)('%s is malformed', (_, sound, broken, status, isAnswerable) => {
  const parsed = parseMessage(Buffer.from(INVITE.replace(sound, broken), 'latin1'));
  expect(parsed).toMatchObject({ tag: 'malformed', status });
  expect(parsed.tag === 'malformed' && parsed.request !== undefined).toBe(isAnswerable);
});

test('a broken ACK is not to be answered', () => {
  const ack = INVITE.replaceAll('INVITE', 'ACK').replace('Max', 'Max-Forwards: 1\r\nMax');
  expect(parseMessage(Buffer.from(ack))).toEqual({
    tag: 'malformed',
    status: 400,
    reason: 'Max-Forwards repeated',
  });
});

test.each([
  ['SIP/2.0 200 OK', 200, 'OK'],
  ['SIP/2.0 183 ', 183, ''],
  ['SIP/2.0 486', 486, ''],
  ['sip/2.0 699 a  b', 699, 'a  b'],
  ['SIP/2.0 99 x', 0, ''],
  ['SIP/2.0 700 x', 0, ''],
  ['SIP/2.0 2000 x', 0, ''],
  ['SIP/3.0 200 OK', 0, ''],
])('status line "%s"', (line, status, reason) => {
  const text = INVITE.replace('INVITE sip:bob@biloxi.com SIP/2.0', line);
  if (status === 0) expect(parseMessage(Buffer.from(text))).toMatchObject({ tag: 'malformed' });
  else expect(responseOf(text)).toMatchObject({ status, reason });
});

const TORTURE = [...rfc4475Messages()];

/** What is refused as a whole. Faults in the others (unknown schemes and tags, bad Date, Contact, …) concern who reads that part. */
const TORTURE_REFUSED: Readonly<Record<string, string>> = {
  TC_BADASPEC_I: '400 answerable', // RFC 4475 §3.1.2.14: spaces inside <>
  TC_BADDN_I: '400 answerable', // the file ends before the empty line
  TC_BADINV01_I: '400 silent', // the Via cannot be read
  TC_BADVERS_V: '505 answerable',
  TC_BIGCODE_V: '400 silent',
  TC_CLERR_I: '400 answerable',
  TC_ESCRURI_V: '400 answerable', // §3.1.2.11: headers in the Request-URI
  TC_INSUF_I: '400 silent',
  TC_LTGTRURI_I: '400 answerable',
  TC_LWSRURI_I: '400 answerable',
  TC_LWSSTART_V: '400 answerable', // §3.1.2.9 leaves the choice
  TC_MCL01_I: '400 answerable',
  TC_MISMATCH01_V: '400 answerable',
  TC_MISMATCH02_V: '400 answerable',
  TC_MULTI01_I: '400 answerable',
  TC_NCL_I: '400 answerable',
  TC_QUOTBAL_I: '400 answerable',
  TC_SCALAR02_V: '400 answerable',
  TC_SCALARLG_V: '400 silent', // a response
  TC_TEST_I: '400 silent',
  TC_TRWS_I: '400 answerable',
};

test.each(TORTURE)('RFC 4475 %s', (name, bytes) => {
  const parsed = parseMessage(bytes);
  const refused = TORTURE_REFUSED[name];
  if (parsed.tag === 'request' || parsed.tag === 'response') {
    expect(refused).toBeUndefined();
    expect(parsed.message.serialize()).toEqual(bytes.subarray(0, bytes.length - parsed.bytesExcess));
  } else if (parsed.tag === 'malformed') {
    expect(`${parsed.status} ${parsed.request === undefined ? 'silent' : 'answerable'}`).toBe(refused);
  }
  expect(parsed.tag).not.toBe('keep-alive');
});

test('RFC 4475: every torture message cut or corrupted anywhere is parsed without an exception', () => {
  const texts = TORTURE.map(([, bytes]) => bytes);
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.boolean(),
      (bytes, at, byte, isCut) => {
        const broken = Buffer.from(isCut ? bytes.subarray(0, at % bytes.length) : bytes);
        if (broken.length > 0) broken[at % broken.length] = byte;
        readEverything(broken);
      },
    ),
    { numRuns: 500 },
  );
});

test('random bytes are parsed without an exception', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => readEverything(Buffer.from(bytes))));
});

function readEverything(bytes: Buffer): void {
  const parsed = parseMessage(bytes);
  const message =
    parsed.tag === 'malformed' ? parsed.request : parsed.tag === 'keep-alive' ? undefined : parsed.message;
  if (message === undefined) return;
  const { topVia, from, to, cseq, contacts, topRoute, maxForwards } = message;
  expect([topVia, from?.parsedUri, to?.parsedUri, cseq, contacts, topRoute, maxForwards]).toHaveLength(7);
  if (parsed.tag !== 'malformed') {
    expect(parseMessage(message.serialize())).toMatchObject({ tag: parsed.tag });
    return;
  }
  const answer = message.isRequest
    ? createResponse(message as SipRequest, 400, undefined, { toTag: 'x' })
    : undefined;
  expect(answer?.serialize().length).toBeGreaterThan(0);
}

const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019-.!%*_+`~'), minLength: 1, maxLength: 12 });
const headerValue = fc
  .string({ unit: fc.constantFrom(...'ab ,;"<>\\\té\x80'), maxLength: 20 })
  .map((value) => value.trim());
const extraFields = fc.array(
  fc.tuple(
    token.map((name) => `X-${name}`),
    headerValue,
  ),
  { maxLength: 8 },
);

test('parse and serialise are inverse, and an edit touches its own field alone', () => {
  fc.assert(
    fc.property(extraFields, headerValue, fc.nat(), (fields, value, pick) => {
      const lines = fields.map(([name, fieldValue]) => `${name}: ${fieldValue}\r\n`);
      const text = INVITE.replace('X-Odd', () => `${lines.join('')}X-Odd`);
      const request = requestOf(text);
      expect(request.text).toBe(text);
      const index = pick % Math.max(1, fields.length);
      const name = fields[index]?.[0] ?? 'X-Odd';
      request.set(name, value);
      expect(request.header(name)).toBe(value);
      const others = (message: SipRequest): string[] =>
        message.text.split('\r\n').filter((line) => !line.toLowerCase().startsWith(name.toLowerCase()));
      expect(others(request)).toEqual(others(requestOf(text)));
    }),
  );
});

test('a response takes over Via, From, To, Call-ID and CSeq as they came (RFC 3261 §8.2.6)', () => {
  const request = requestOf(
    INVITE.replace('X-Odd :', 'Timestamp: 54\r\nRecord-Route: <sip:p.example.com;lr>\r\nX-Odd :'),
  );
  const trying = createResponse(request, 100, undefined, { toTag: 'ignored' });
  expect(trying.text).toBe(
    [
      'SIP/2.0 100 Trying',
      'v: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8 , SIP/2.0/TCP first.atlanta.com;branch=z9hG4bK1',
      'from:Alice <sip:alice@atlanta.com>',
      '  ;tag=1928301774',
      'To: Bob <sip:bob@biloxi.com>',
      'Call-ID: a84b4c76e66710',
      'CSeq: 314159 INVITE',
      'Timestamp: 54',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
  const ringing = createResponse(request, 180, undefined, {
    toTag: 'b',
    copyRecordRoute: true,
    headers: [['Contact', '<sip:bob@192.0.2.4>']],
  });
  expect(responseOf(ringing.text)).toMatchObject({ status: 180, reason: 'Ringing' });
  expect(ringing.to?.tag).toBe('b');
  expect(ringing.header('Record-Route')).toBe('<sip:p.example.com;lr>');
  expect(ringing.header('Contact')).toBe('<sip:bob@192.0.2.4>');
  const inDialog = requestOf(INVITE.replace('biloxi.com>', 'biloxi.com>;tag=mine'));
  expect(createResponse(inDialog, 200, 'Fine', { toTag: 'other' }).to?.tag).toBe('mine');
});

test('ACK and CANCEL carry what belongs to their INVITE (RFC 3261 §17.1.1.3, §9.1)', () => {
  const invite = requestOf(INVITE);
  const ack = createAck(invite, createResponse(invite, 486, undefined, { toTag: 'b' }));
  expect(requestOf(ack.text).method).toBe('ACK');
  expect(ack.values('Via')).toEqual(['SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8']);
  expect(ack.to?.tag).toBe('b');
  expect(ack.values('Route')).toEqual(invite.values('Route'));
  expect(ack.cseq).toEqual({ number: 314159, method: 'ACK' });
  const cancel = createCancel(invite, [['Reason', 'SIP;cause=200']]);
  expect(requestOf(cancel.text).method).toBe('CANCEL');
  expect(cancel.to?.tag).toBeUndefined();
  expect(cancel.header('From')).toBe(invite.header('From'));
  expect(cancel.header('Reason')).toBe('SIP;cause=200');
  expect(cancel.cseq).toEqual({ number: 314159, method: 'CANCEL' });
});

test('a built request is what it says, with Content-Length', () => {
  const request = createRequest({
    method: 'MESSAGE',
    uri: 'sip:bob@biloxi.com',
    headers: [
      ['Via', 'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK1'],
      ['f', '<sip:alice@atlanta.com>;tag=1'],
      ['To', '<sip:bob@biloxi.com>'],
      ['Call-ID', 'x'],
      ['CSeq', '1 MESSAGE'],
    ],
    body: { contentType: 'text/plain', content: Buffer.from('hé') },
  });
  expect(requestOf(request.text).bodyBytes.toString('utf8')).toBe('hé');
  expect(request.text).toContain('\r\nFrom: <sip:alice@atlanta.com>;tag=1\r\n');
  expect(request.text).toContain('\r\nContent-Length: 3\r\n\r\n');
});

test('a copy of a response changes status without changing the original', () => {
  const response = responseOf(INVITE.replace('INVITE sip:bob@biloxi.com SIP/2.0', 'SIP/2.0 503 Busy'));
  const copy = response.copy();
  copy.setStatus(500);
  expect(copy.text.startsWith('SIP/2.0 500 Server Internal Error\r\nv: ')).toBe(true);
  expect(response).toMatchObject({ status: 503, reason: 'Busy' });
  expect(response.text.startsWith('SIP/2.0 503 Busy\r\n')).toBe(true);
});
