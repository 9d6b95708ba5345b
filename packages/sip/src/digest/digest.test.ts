import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRequest, encodeUtf8 } from '../message/mod.ts';
import {
  algorithmOf,
  authorize,
  type Challenge,
  digestEquals,
  digestHash,
  digestResponse,
  ha1,
  NonceMint,
  parseChallenge,
  parseCredentials,
  serializeChallenge,
  serializeCredentials,
} from './mod.ts';

const RFC2617_NONCE = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';

test('RFC 2617 §3.5: the example of the protocol itself', () => {
  const h = ha1('Mufasa', 'testrealm@host.com', 'Circle Of Life');
  expect(h).toBe('939e7578ed9e3c518a452acee763bce9');
  const response = digestResponse({
    algorithm: 'MD5',
    ha1: h,
    method: 'GET',
    uri: '/dir/index.html',
    nonce: RFC2617_NONCE,
    qop: 'auth',
    nc: '00000001',
    cnonce: '0a4f113b',
  });
  expect(response).toBe('6629fae49393a05397450978507c4ef1');
});

test('RFC 2069 errata: the form without qop', () => {
  const h = ha1('Mufasa', 'testrealm@host.com', 'CircleOfLife');
  expect(
    digestResponse({ algorithm: 'MD5', ha1: h, method: 'GET', uri: '/dir/index.html', nonce: RFC2617_NONCE }),
  ).toBe('1949323746fe6a43ef61f9606e7febea');
});

test.each([
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
] as const)('RFC 7616 §3.9.1 with %s', (algorithm, expected) => {
  const response = digestResponse({
    algorithm,
    ha1: ha1('Mufasa', 'http-auth@example.org', 'Circle of Life', algorithm),
    method: 'GET',
    uri: '/dir/index.html',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    qop: 'auth',
    nc: '00000001',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  });
  expect(response).toBe(expected);
});

test('auth-int covers the body', () => {
  const input = {
    algorithm: 'MD5',
    ha1: 'a'.repeat(32),
    method: 'INVITE',
    uri: 'sip:x',
    nonce: 'n',
    nc: '00000001',
    cnonce: 'c',
  } as const;
  const a2 = digestHash('MD5', `INVITE:sip:x:${digestHash('MD5', 'v=0')}`);
  expect(digestResponse({ ...input, qop: 'auth-int', bodyHash: digestHash('MD5', 'v=0') })).toBe(
    digestHash('MD5', `${'a'.repeat(32)}:n:00000001:c:auth-int:${a2}`),
  );
});

test('names are hashed as UTF-8, an AKA password as its bytes', () => {
  expect(ha1('jürgen', 'r', 'pä')).toBe(digestHash('MD5', encodeUtf8('jürgen:r:pä')));
  expect(ha1('u', 'r', Buffer.from([0, 255, 128]))).toBe(digestHash('MD5', 'u:r:\x00\xff\x80'));
});

test('digests compare without case', () => {
  expect(digestEquals('ABCdef', 'abcDEF')).toBe(true);
  expect(digestEquals('abcdef', 'abcdee')).toBe(false);
  expect(digestEquals('abcdef', 'abcde')).toBe(false);
  expect(digestEquals('', 'a')).toBe(false);
});

test('RFC 3261 §20.44: a challenge is read, and written back with the same meaning', () => {
  const text =
    'Digest realm="atlanta.com",\r\n domain="sip:boxesbybob.com", qop="auth,auth-int", nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5';
  const challenge = parseChallenge(text);
  expect(challenge).toEqual({
    realm: 'atlanta.com',
    domain: 'sip:boxesbybob.com',
    qop: ['auth', 'auth-int'],
    nonce: 'f84f1cec41e6cbe5aea9c8e88d359',
    opaque: '',
    stale: false,
    algorithm: 'MD5',
    others: new Map(),
  });
  expect(parseChallenge(serializeChallenge(challenge as Challenge))).toEqual(challenge);
  expect(
    serializeChallenge({
      realm: 'a"b',
      nonce: 'n',
      qop: ['auth'],
      stale: true,
      algorithm: 'MD5',
      others: new Map([['ck', '12']]),
    }),
  ).toBe('Digest realm="a\\"b",nonce="n",algorithm=MD5,stale=true,qop="auth",ck="12"');
});

test('RFC 3261 §20.7: credentials are read, unknown directives kept', () => {
  const text =
    'digest username="Alice", realm="atlanta.com", nonce="84a4cc6f3082121f32b42a2187831a9e", uri="sip:a@b", response="7587245234B3434cc3412213e5f113a5", Integrity-Protected=ip-assoc-yes';
  const credentials = parseCredentials(text);
  expect(credentials).toMatchObject({
    username: 'Alice',
    realm: 'atlanta.com',
    response: '7587245234b3434cc3412213e5f113a5',
    qop: undefined,
    others: new Map([['integrity-protected', 'ip-assoc-yes']]),
  });
});

test('the first IMS REGISTER names its user with an empty nonce and response', () => {
  expect(parseCredentials('Digest username="u@x",realm="x",nonce="",uri="sip:x",response=""')).toMatchObject({
    nonce: '',
    response: '',
  });
});

const GOOD =
  'Digest username="u",realm="r",nonce="n",uri="sip:x",response="ab",qop=auth,nc=00000001,cnonce="c"';

test.each([
  ['another scheme', GOOD.replace('Digest', 'Basic')],
  ['no directives', 'Digest'],
  ['a directive twice', `${GOOD},NONCE="m"`],
  ['no username', GOOD.replace('username="u",', '')],
  ['nc of seven digits', GOOD.replace('00000001', '0000001')],
  ['nc that is not hex', GOOD.replace('00000001', '0000000g')],
  ['qop without nc', GOOD.replace('nc=00000001,', '')],
  ['qop without cnonce', GOOD.replace(',cnonce="c"', '')],
  ['a response that is not hex', GOOD.replace('"ab"', '"xy"')],
  ['a quote that never closes', GOOD.replace('"c"', '"c')],
  ['no comma', GOOD.replace(',realm', ' realm')],
  ['33 directives', GOOD + Array.from({ length: 26 }, (_, i) => `,x${i}=1`).join('')],
])('credentials with %s are refused', (_, text) => {
  expect(parseCredentials(GOOD)).toBeDefined();
  expect(parseCredentials(text)).toBeUndefined();
});

const printable = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
});

test('credentials survive writing and reading, whatever their values', () => {
  fc.assert(
    fc.property(printable, printable, printable, (username, realm, cnonce) => {
      const credentials = {
        ...{
          username,
          realm,
          nonce: 'n',
          uri: 'sip:x',
          response: 'ab',
          algorithm: 'MD5',
          qop: 'auth',
          nc: '0000000a',
          cnonce,
        },
        ...{ opaque: undefined, auts: undefined, others: new Map([['x', realm]]) },
      };
      expect(parseCredentials(serializeCredentials(credentials))).toEqual(credentials);
    }),
  );
});

test('random texts never throw', () => {
  const soup = fc.string({
    unit: fc.constantFrom('Digest ', 'nonce', '=', '"', '\\', ',', ' ', 'realm="r"', 'nonce="n"', 'a'),
  });
  fc.assert(
    fc.property(soup, (text) => {
      const challenge = parseChallenge(`Digest realm="r",nonce="n"${text}`);
      if (challenge !== undefined) expect(parseChallenge(serializeChallenge(challenge))).toEqual(challenge);
      expect(parseCredentials(text)).toBeUndefined();
    }),
  );
});

const REGISTER = createRequest({
  method: 'REGISTER',
  uri: 'sip:example.com',
  headers: [],
  body: { contentType: 'a/b', content: 'body' },
});

test.each([
  ['auth', ['auth-int', 'auth'], 'MD5', 'MD5'],
  ['auth-int', ['auth-int'], 'SHA-256', 'SHA-256'],
  ['none', [], undefined, 'MD5'],
] as const)("a client's answer with qop %s verifies", (qop, offered, algorithm, hashed) => {
  const challenge: Challenge = {
    realm: 'example.com',
    nonce: 'n',
    qop: offered,
    stale: false,
    algorithm,
    opaque: 'o',
    others: new Map(),
  };
  const answer = parseCredentials(
    authorize(REGISTER, challenge, { username: 'jürgen', password: 'p', nc: 10, cnonce: 'c' }) ?? '',
  );
  expect(answer).toMatchObject({ username: encodeUtf8('jürgen'), uri: 'sip:example.com', opaque: 'o' });
  expect(answer?.nc).toBe(qop === 'none' ? undefined : '0000000a');
  expect(answer?.qop).toBe(qop === 'none' ? undefined : qop);
  const h1 = ha1('jürgen', 'example.com', 'p', hashed);
  const a2 = digestHash(
    hashed,
    qop === 'auth-int'
      ? `REGISTER:sip:example.com:${digestHash(hashed, 'body')}`
      : 'REGISTER:sip:example.com',
  );
  expect(answer?.response).toBe(
    digestHash(hashed, qop === 'none' ? `${h1}:n:${a2}` : `${h1}:n:0000000a:c:${qop}:${a2}`),
  );
});

test('an algorithm that is not ours gets no answer', () => {
  const challenge: Challenge = {
    realm: 'r',
    nonce: 'n',
    qop: [],
    stale: false,
    algorithm: 'SHA-512-256',
    others: new Map(),
  };
  expect(
    authorize(REGISTER, challenge, { username: 'u', password: 'p', nc: 1, cnonce: 'c' }),
  ).toBeUndefined();
  expect(['md5', 'AKAv1-MD5', 'sha-256', undefined, 'MD5-sess'].map(algorithmOf)).toEqual([
    'MD5',
    'MD5',
    'SHA-256',
    'MD5',
    undefined,
  ]);
});

const random = { bytes: (length: number): Buffer => Buffer.alloc(length, 7) };
const OLD = { id: 1, secret: Buffer.alloc(32, 1) };
const NEW = { id: 2, secret: Buffer.alloc(32, 2) };
const NOW_MS = 1_800_000_000_000;

test('a nonce carries its time and attempt, for its identity and its life', () => {
  const mint = new NonceMint({ current: OLD, previous: [] }, random);
  const nonce = mint.mint({ impi: 'alice@example.com', nowMs: NOW_MS, attempt: 2 });
  expect(nonce).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(mint.check(nonce, 'alice@example.com', NOW_MS + 1000, 1000)).toEqual({
    tag: 'fresh',
    issuedAtMs: NOW_MS,
    attempt: 2,
  });
  expect(mint.check(nonce, 'alice@example.com', NOW_MS + 1001, 1000)).toEqual({
    tag: 'expired',
    issuedAtMs: NOW_MS,
    attempt: 2,
  });
  expect(mint.check(nonce, 'alice@example.com', NOW_MS - 1001, 1000).tag).toBe('expired');
  expect(mint.check(nonce, 'bob@example.com', NOW_MS, 1000)).toEqual({ tag: 'forged' });
});

test('a nonce made before the key changed is good as long as the old key is kept', () => {
  const nonce = new NonceMint({ current: OLD, previous: [] }, random).mint({
    impi: 'a',
    nowMs: NOW_MS,
    attempt: 0,
  });
  expect(new NonceMint({ current: NEW, previous: [OLD] }, random).check(nonce, 'a', NOW_MS, 1).tag).toBe(
    'fresh',
  );
  expect(new NonceMint({ current: NEW, previous: [] }, random).check(nonce, 'a', NOW_MS, 1).tag).toBe(
    'forged',
  );
  expect(
    new NonceMint({ current: { ...NEW, id: 1 }, previous: [] }, random).check(nonce, 'a', NOW_MS, 1).tag,
  ).toBe('forged');
});

test('the MAC of a nonce is HMAC-SHA-256, cut to 16 bytes', () => {
  const nonce = Buffer.from(
    new NonceMint({ current: OLD, previous: [] }, random).mint({ impi: 'é', nowMs: NOW_MS, attempt: 0 }),
    'base64url',
  );
  const mac = createHmac('sha256', OLD.secret).update(nonce.subarray(0, 16)).update('é').digest();
  expect(nonce.subarray(16)).toEqual(mac.subarray(0, 16));
});

test('a nonce changed in any char, cut or made up is forged', () => {
  const mint = new NonceMint({ current: OLD, previous: [NEW] }, random);
  const nonce = mint.mint({ impi: 'a', nowMs: NOW_MS, attempt: 0 });
  for (let i = 0; i < nonce.length; i++) {
    const changed = nonce.slice(0, i) + (nonce[i] === 'A' ? 'B' : 'A') + nonce.slice(i + 1);
    expect(mint.check(changed, 'a', NOW_MS, 1)).toEqual({ tag: 'forged' });
    expect(mint.check(nonce.slice(0, i), 'a', NOW_MS, 1)).toEqual({ tag: 'forged' });
  }
  fc.assert(
    fc.property(fc.string(), (text) => expect(mint.check(text, 'a', NOW_MS, 1)).toEqual({ tag: 'forged' })),
  );
});
