import { expect, test } from '@jest/globals';
import { encodeRecord } from './aor-codec.ts';
import { EMPTY_RECORD } from './aor-record.ts';
import { RecordCache } from './record-cache.ts';

const TEXT = encodeRecord(EMPTY_RECORD);

test('the same version of a record is decoded once, another version anew', () => {
  const cache = new RecordCache();
  const first = cache.decode('a', '1.1', TEXT);
  expect(cache.decode('a', '1.1', 'not even looked at')).toBe(first);
  expect(cache.decode('a', '1.2', TEXT)).not.toBe(first);
  expect(() => cache.decode('a', '1.3', 'nonsense')).toThrow();
});

test('what was just stored need not be decoded; beyond the bound the oldest is forgotten', () => {
  const cache = new RecordCache(2);
  const record = { ...EMPTY_RECORD };
  cache.put('a', '1.1', record);
  expect(cache.decode('a', '1.1', TEXT)).toBe(record);
  cache.put('b', '1.2', record);
  cache.put('c', '1.3', record);
  expect(cache.decode('a', '1.1', TEXT)).not.toBe(record);
  expect(cache.decode('c', '1.3', TEXT)).toBe(record);
});
