import { FakeClock, SeededRandom } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatNumber, identitiesOf, parseNumberUri } from './number-identity.ts';
import { PasswordHasher } from './password-hasher.ts';
import { isOwnSite } from './request-origin.ts';
import { createSecretToken, hashSecretToken, sameSecret } from './secret-token.ts';
import { createSipPassword } from './sip-password.ts';
import { sameSitePath } from './site-path.ts';
import { Throttle } from './throttle.ts';

test('a global number gets a sip: and a tel: identity, a local one only sip:', () => {
  expect(identitiesOf('+16505550000', 'example.com')).toEqual({
    impi: '+16505550000@example.com',
    sipUri: 'sip:+16505550000@example.com',
    impus: ['sip:+16505550000@example.com', 'tel:+16505550000'],
  });
  expect(identitiesOf('6505550000', 'example.com').impus).toEqual(['sip:6505550000@example.com']);
});

test.each([
  '6505550000',
  '+0123',
  'sip:650@',
  'sip:+0123@example.com',
  'sip:650@exa mple.com',
  'sips:650@example.com',
  'sip:a@b',
])('%s is no number URI', (uri) => expect(parseNumberUri(uri)).toBeUndefined());

test('a number URI is read back into what it was made of, and ten local digits are formatted', () => {
  expect(parseNumberUri(identitiesOf('0049', 'ims.example.com').sipUri)).toEqual({
    number: '0049',
    domain: 'ims.example.com',
  });
  expect(formatNumber('6505550000')).toBe('(650) 555-0000');
  expect(formatNumber('+16505550000')).toBe('+16505550000');
});

test('a SIP password has nine characters, none of which looks like another', () => {
  const passwords = Array.from({ length: 500 }, (_, seed) => createSipPassword(new SeededRandom(seed)));
  for (const password of passwords) expect(password).toMatch(/^[2-9a-zA-Z]{9}$/);
  expect(passwords.join('')).not.toMatch(/[0oO1ilI]/);
  expect(new Set(passwords).size).toBe(500);
});

test('a token is known by its hash alone, and secrets compare by value whatever their length', () => {
  const { token, hash } = createSecretToken(new SeededRandom(1));
  expect(token).toHaveLength(43);
  expect(hash).not.toContain(token);
  expect(hashSecretToken(token)).toBe(hash);
  expect([sameSecret('secret', 'secret'), sameSecret('secret', 'secret2'), sameSecret('', 'x')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('a throttle lets the burst through, then its rate, and says how long to wait', async () => {
  const clock = new FakeClock();
  const throttle = new Throttle({ ratePerS: 0.5, burst: 3 }, clock);
  expect([1, 2, 3, 4].map(() => throttle.admit('a'))).toEqual([undefined, undefined, undefined, 2]);
  expect(throttle.admit('b')).toBeUndefined();
  await clock.advance(1_000);
  expect(throttle.admit('a')).toBe(1);
  await clock.advance(1_000);
  expect([throttle.admit('a'), throttle.admit('a')]).toEqual([undefined, 2]);
  throttle.forgive('a');
  expect(throttle.admit('a')).toBeUndefined();
});

test('a throttle remembers a bounded number of keys and forgets the one unused for longest', () => {
  const throttle = new Throttle({ ratePerS: 0.001, burst: 1 }, new FakeClock(), 2);
  expect(['a', 'b', 'a', 'c', 'b', 'c'].map((key) => throttle.admit(key) === undefined)).toEqual([
    true,
    true,
    false,
    true,
    true,
    false,
  ]);
});

test.each([
  ['/ok.html', '/ok.html'],
  ['/a/../b?x=1#y', '/b?x=1#y'],
  ['//evil.example', undefined],
  ['/\\evil.example', undefined],
  ['/.//evil.example', undefined],
  ['https://evil.example/', undefined],
  ['javascript:alert(1)', undefined],
  ['/\t/evil.example', undefined],
  ['', undefined],
])('redirect %j leads to %j', (target, path) => expect(sameSitePath(target)).toBe(path));

test('no redirect target whatever leads to another site', () => {
  const characters = fc.string({
    unit: fc.constantFrom('/', '\\', '.', '@', ':', '\t', '\n', 'a', '%2f', 'http:'),
    maxLength: 12,
  });
  fc.assert(
    fc.property(characters, (target) => {
      const path = sameSitePath(target);
      return path === undefined || new URL(path, 'http://here.example').host === 'here.example';
    }),
  );
});

test.each([
  [{ secFetchSite: 'same-origin' }, true],
  [{ secFetchSite: 'none' }, true],
  [{ secFetchSite: 'same-site' }, false],
  [{ secFetchSite: 'cross-site', origin: 'http://ellis:8080' }, false],
  [{ origin: 'http://ellis:8080' }, true],
  [{ origin: 'http://ellis' }, false],
  [{ origin: 'null' }, false],
  [{}, true],
])('a browser request with %j is from our own site: %s', (headers, own) => {
  expect(isOwnSite({ host: 'ellis:8080', origin: undefined, secFetchSite: undefined, ...headers })).toBe(own);
});

test('a password fits its own hash only, and nothing fits an account that is not there', async () => {
  const hasher = new PasswordHasher({ memoryKib: 64, passCount: 1 });
  const stored = await hasher.hash('correct horse');
  expect(stored).toMatch(/^\$argon2id\$/);
  const answers = await Promise.all([
    ...Array.from({ length: 8 }, () => hasher.verify(stored, 'correct horse')),
    hasher.verify(stored, 'wrong horse'),
    hasher.verify(undefined, 'no account has this password'),
  ]);
  expect(answers).toEqual([...Array.from({ length: 8 }, () => true), false, false]);
});
