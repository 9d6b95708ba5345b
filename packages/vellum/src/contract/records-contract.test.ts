import { createTestPlatform, type FakeClock } from '@clearwater/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  ABSENT,
  compareVersions,
  nextVersion,
  RECORD_KEY_BYTES_MAX,
  RECORD_VALUE_BYTES_MAX,
  type RecordTable,
  type RecordVersion,
  type RecordWrite,
} from '../ports/records.ts';
import { adapters, type VellumUnderTest } from '../testing/contract-adapters.ts';

const TTL_MS = 60_000;

describe.each(adapters)('records: $name', ({ open }) => {
  let vellum: VellumUnderTest<FakeClock>;
  let table: RecordTable;
  const later = (ttlMs = TTL_MS): { expiresAtMs: number } => ({ expiresAtMs: vellum.clock.now() + ttlMs });
  beforeEach(async () => {
    vellum = await open(createTestPlatform());
    table = vellum.records.table({ name: 'reg', merge: (a) => a });
  });
  afterEach(() => vellum.stop());

  test('a record is written once by whoever expects none, and replaced by whoever knows its version', async () => {
    expect(await table.get('a')).toMatchObject({ tag: 'absent', version: ABSENT });
    const first = versionOf(await table.compareAndSet('a', ABSENT, 'one', later()));
    expect(await table.get('a')).toEqual({ tag: 'found', value: 'one', version: first, order: first });
    expect(await table.compareAndSet('a', ABSENT, 'two', later())).toEqual({ tag: 'conflict' });
    const second = versionOf(await table.compareAndSet('a', first, 'two', later()));
    expect(compareVersions(second, first)).toBeGreaterThan(0);
    expect(await table.compareAndSet('a', first, 'three', later())).toEqual({ tag: 'conflict' });
    expect(await table.compareAndSet('a', 'x.y' as RecordVersion, 'three', later())).toEqual({
      tag: 'conflict',
    });
    expect(await table.get('a')).toMatchObject({ value: 'two', version: second });
  });

  test('of many writers with one version at once exactly one is stored', async () => {
    const seen = versionOf(await table.compareAndSet('a', ABSENT, 'base', later()));
    for (const expected of [seen, ABSENT] as const) {
      const key = expected === ABSENT ? 'fresh' : 'a';
      const values = Array.from({ length: 50 }, (_, index) => `writer ${index}`);
      const writes = await Promise.all(
        values.map((value) => table.compareAndSet(key, expected, value, later())),
      );
      expect(writes.filter((write) => write.tag === 'stored')).toHaveLength(1);
      expect(writes.filter((write) => write.tag === 'conflict')).toHaveLength(49);
      const winner = values[writes.findIndex((write) => write.tag === 'stored')];
      expect(await table.get(key)).toMatchObject({ value: winner });
    }
  });

  test('no increment is lost when 32 writers re-read on conflict', async () => {
    const increment = async (): Promise<void> => {
      for (;;) {
        const seen = await table.get('count');
        if (seen.tag === 'unavailable') throw new Error(seen.reason);
        const value = String(Number(seen.tag === 'found' ? seen.value : 0) + 1);
        if ((await table.compareAndSet('count', seen.version, value, later())).tag === 'stored') return;
      }
    };
    await Promise.all(Array.from({ length: 32 }, increment));
    expect(await table.get('count')).toMatchObject({ value: '32' });
  });

  test('a version of an earlier life is never good again, whether the record was removed or expired', async () => {
    const first = versionOf(await table.compareAndSet('a', ABSENT, 'one', later()));
    expect(await table.remove('a', nextVersion(first))).toEqual({ tag: 'conflict' });
    const removal = versionOf(await table.remove('a', first));
    expect(await table.remove('a', first)).toEqual({ tag: 'conflict' });
    expect(await table.compareAndSet('a', first, 'late', later())).toEqual({ tag: 'conflict' });

    const absent = await table.get('a');
    if (absent.tag !== 'absent') throw new Error('it was removed');
    expect(compareVersions(nextVersion(absent.order), removal)).toBeGreaterThan(0);

    const second = versionOf(await table.compareAndSet('a', ABSENT, 'two', later(1000)));
    expect(compareVersions(second, nextVersion(absent.order))).toBeGreaterThanOrEqual(0);
    await vellum.clock.advance(1000);
    expect(await table.compareAndSet('a', second, 'late', later())).toEqual({ tag: 'conflict' });
    expect(await table.remove('a', second)).toEqual({ tag: 'conflict' });
    const third = versionOf(await table.compareAndSet('a', ABSENT, 'three', later()));
    for (const old of [first, second]) {
      expect(await table.compareAndSet('a', old, 'late', later())).toEqual({ tag: 'conflict' });
    }
    expect(await table.get('a')).toMatchObject({ value: 'three', version: third });
  });

  test('an expired record is absent from its millisecond on, swept or not', async () => {
    await vellum.start();
    await table.compareAndSet('a', ABSENT, 'one', later(5000));
    await vellum.clock.advance(4999);
    expect(await table.get('a')).toMatchObject({ tag: 'found' });
    await vellum.clock.advance(1);
    expect(await table.get('a')).toMatchObject({ tag: 'absent' });
    await vellum.clock.advance(10_000);
    expect(await table.get('a')).toMatchObject({ tag: 'absent' });
  });

  test('sweeping takes nothing that lives', async () => {
    await vellum.start();
    const keys = Array.from({ length: 1500 }, (_, index) => `key ${index}`);
    await Promise.all(
      keys.map((key, index) => table.compareAndSet(key, ABSENT, key, later(index % 3 === 0 ? 1000 : TTL_MS))),
    );
    await vellum.clock.advance(20_000);
    const reads = await Promise.all(keys.map((key) => table.get(key)));
    expect(reads.map((read) => read.tag)).toEqual(
      keys.map((_, index) => (index % 3 === 0 ? 'absent' : 'found')),
    );
  });

  test('any text within the bounds comes back as it was, what is larger is refused', async () => {
    const texts = ['', 'a\u0000b', '\\', 'ü€😀', 'x'.repeat(RECORD_VALUE_BYTES_MAX), '€'.repeat(21_845)];
    for (const [index, text] of texts.entries()) {
      await table.compareAndSet(`key ${index}`, ABSENT, text, later());
      expect(await table.get(`key ${index}`)).toMatchObject({ tag: 'found', value: text });
    }
    const tooLarge = { tag: 'unavailable', reason: 'too-large' };
    const oneTooMany = `${'€'.repeat(21_845)}xx`;
    expect(await table.compareAndSet('big', ABSENT, oneTooMany, later())).toEqual(tooLarge);
    const key = 'k'.repeat(RECORD_KEY_BYTES_MAX);
    expect(await table.compareAndSet(key, ABSENT, '', later())).toMatchObject({ tag: 'stored' });
    expect(await table.compareAndSet(`${key}k`, ABSENT, '', later())).toEqual(tooLarge);
  });

  test('tables do not see each other', async () => {
    const other = vellum.records.table({ name: 'impi', merge: (a) => a });
    await table.compareAndSet('a', ABSENT, 'reg', later());
    expect(await other.get('a')).toMatchObject({ tag: 'absent' });
    expect(vellum.records.table({ name: 'reg', merge: (a) => a })).toBe(table);
  });

  test('any history reads as a map of versions with an expiry that is never lengthened', async () => {
    const key = fc.constantFrom('a', 'b');
    const operation = fc.oneof(
      fc.record({ tag: fc.constant('set' as const), key, isStale: fc.boolean(), ttlMs: fc.nat(3000) }),
      fc.record({ tag: fc.constant('remove' as const), key, isStale: fc.boolean() }),
      fc.record({ tag: fc.constant('advance' as const), byMs: fc.nat(2000) }),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        round += 1;
        const model = new Map<string, { version: RecordVersion; value: string; expiresAtMs: number }>();
        const stale = new Map<string, RecordVersion>();
        const live = (name: string) => {
          const known = model.get(name);
          return known !== undefined && known.expiresAtMs > vellum.clock.now() ? known : undefined;
        };
        for (const [index, step] of operations.entries()) {
          if (step.tag === 'advance') {
            await vellum.clock.advance(step.byMs);
            continue;
          }
          const id = `${round}/${step.key}`;
          const current = live(id)?.version ?? ABSENT;
          const expected = step.isStale ? (stale.get(id) ?? nextVersion(current)) : current;
          const expiresAtMs = vellum.clock.now() + ('ttlMs' in step ? step.ttlMs : 0);
          const value = `value ${index}`;
          const write =
            step.tag === 'set'
              ? await table.compareAndSet(id, expected, value, { expiresAtMs })
              : await table.remove(id, expected);
          expect(write.tag).toBe(expected === current ? 'stored' : 'conflict');
          if (write.tag !== 'stored') continue;
          if (current !== ABSENT) stale.set(id, current);
          if (step.tag === 'set') model.set(id, { version: write.version, value, expiresAtMs });
          else model.delete(id);
          const read = await table.get(id);
          expect(read).toMatchObject(live(id) === undefined ? { tag: 'absent' } : { value: live(id)?.value });
        }
      }),
      { numRuns: 60 },
    );
  });
});

function versionOf(write: RecordWrite): RecordVersion {
  if (write.tag !== 'stored') throw new Error(`stored expected, not ${write.tag}`);
  return write.version;
}
