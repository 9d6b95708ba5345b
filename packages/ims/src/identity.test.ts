import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalImpu,
  type Impu,
  identitiesOfNumber,
  impiFromImpu,
  isWildcard,
  parseImpi,
  sipOfTel,
  telOf,
} from './mod.ts';

const canonical: readonly (readonly [string, string | undefined])[] = [
  ['sip:alice@example.com', 'sip:alice@example.com'],
  ['SIP:Alice@EXAMPLE.com:5060;transport=tcp?Subject=x', 'sip:Alice@example.com'],
  ['sips:alice@example.com', 'sip:alice@example.com'],
  ['sip:alice:secret@example.com', 'sip:alice@example.com'],
  ['sip:%61lice%40work@example.com', 'sip:alice%40work@example.com'],
  ['sip:al%3aice@example.com', 'sip:al%3Aice@example.com'],
  ['sip:a;b=c@example.com;user=phone', 'sip:a@example.com'],
  ['sip:+1-650-555-1234@example.com;user=phone', 'sip:+16505551234@example.com'],
  ['sip:+1-650@example.com', 'sip:+1-650@example.com'],
  ['sip:alice@[2001:DB8::1]:5060', 'sip:alice@[2001:db8::1]'],
  ['sip:example.com', 'sip:example.com'],
  ['sip:chat!.*!@Example.com', 'sip:chat!.*!@example.com'],
  ['sip:room![0-9]{2}!@Example.com', 'sip:room![0-9]{2}!@example.com'],
  ['tel:!^+1650.*$!', 'tel:!^+1650.*$!'],
  ['tel:+1-650-555-1234', 'tel:+16505551234'],
  ['TEL:+1(650)555.1234;isub=7', 'tel:+16505551234'],
  ['tel:1234;phone-context=Example.com', 'tel:1234;phone-context=example.com'],
  ['tel:12-34', 'tel:1234'],
  ['tel:alice', undefined],
  ['tel:+', undefined],
  ['tel:+1234567890123456', undefined],
  ['mailto:alice@example.com', undefined],
  ['alice@example.com', undefined],
  ['sip:', undefined],
  ['sip:alice@', undefined],
  ['sip:al%zzice@example.com', undefined],
  ['sip:al ice@example.com', undefined],
  ['sip:alice@example.com>', undefined],
  ['sip:al\u0000ice@example.com', undefined],
  [`sip:${'a'.repeat(250)}@example.com`, undefined],
];

test.each(canonical)('the canonical identity of %s is %s', (uri, expected) => {
  expect(canonicalImpu(uri)).toBe(expected);
});

test('canonical identities are fixed points, whatever the text', () => {
  const text = fc.oneof(
    fc.string().map((tail) => `sip:${tail}@example.com`),
    fc.string().map((tail) => `tel:${tail}`),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (uri) => {
      const impu = canonicalImpu(uri);
      if (impu !== undefined) expect(canonicalImpu(impu)).toBe(impu);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('long hostile text is refused without backtracking over it', () => {
  const hostile = [
    `sip:${';'.repeat(4_000)}`,
    `sip:${'a@'.repeat(2_000)}`,
    `tel:${'-'.repeat(4_000)}`,
    `sip:${'%41'.repeat(1_300)}`,
    `sip:${'![!'.repeat(80)}@`,
    `tel:${'!['.repeat(120)} `,
  ];
  expect(hostile.map((text) => canonicalImpu(text))).toEqual(hostile.map(() => undefined));
});

test('a global number is two identities, a local one one', () => {
  expect(identitiesOfNumber('+16505550000', 'Example.com')).toEqual([
    'sip:+16505550000@example.com',
    'tel:+16505550000',
  ]);
  expect(identitiesOfNumber('6505550000', 'example.com')).toEqual(['sip:6505550000@example.com']);
  expect(telOf('sip:6505550000@example.com' as Impu)).toBeUndefined();
});

test('a tel identity means the number at home, unless it is of another context', () => {
  expect(sipOfTel('tel:6505550000' as Impu, 'example.com')).toBe('sip:6505550000@example.com');
  expect(sipOfTel('tel:+16505550000' as Impu, 'Example.com')).toBe('sip:+16505550000@example.com');
  expect(sipOfTel('tel:1234;phone-context=example.com' as Impu, 'example.com')).toBe('sip:1234@example.com');
  expect(sipOfTel('tel:1234;phone-context=+49' as Impu, 'example.com')).toBeUndefined();
  expect(sipOfTel('sip:1234@example.com' as Impu, 'example.com')).toBeUndefined();
});

test('private identities are bounded and printable', () => {
  expect(parseImpi('alice@example.com')).toBe('alice@example.com');
  for (const text of ['', 'a b', 'a"b', 'a\u0007b', 'a'.repeat(256)]) expect(parseImpi(text)).toBeUndefined();
  expect(impiFromImpu('sip:alice@example.com' as Impu)).toBe('alice@example.com');
  expect(isWildcard('sip:chat!.*!@example.com' as Impu)).toBe(true);
  expect(isWildcard('sip:chat!@example.com' as Impu)).toBe(false);
});
