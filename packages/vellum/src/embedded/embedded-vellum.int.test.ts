import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codeOf } from '@clearwater/platform';
import { createTestPlatform } from '@clearwater/testkit';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openDatabase } from '../sqlite/database.ts';
import { openEmbeddedVellum } from './embedded-vellum.ts';

const KEYS_PER_WRITER = 20;
const DUE_AT_MS = createTestPlatform().clock.now() + 1000;

/** Writes as fast as it can from 16 writers and tells of each acknowledgement, until it is killed. */
const WRITER_PROGRAM = `
import { writeSync } from 'node:fs';
import { createPlatform } from '@clearwater/platform';
import { createVersion, openEmbeddedVellum } from '@clearwater/vellum';
const platform = createPlatform({ service: 'writer', logSink: { write() {} }, withProcessMetrics: false });
const { records, timers } = await openEmbeddedVellum({ directory: process.argv[1], platform });
const table = records.table({ name: 'reg', merge: (a) => a });
const acknowledge = (...words) => writeSync(1, words.join(' ') + '\\n');
const write = async (writer) => {
  for (let n = 0; ; n += 1) {
    const key = writer + '/' + (n % ${KEYS_PER_WRITER});
    const seen = await table.get(key);
    const isRemoval = Math.floor(n / ${KEYS_PER_WRITER}) % 4 === 3;
    const outcome = isRemoval
      ? await table.remove(key, seen.version)
      : await table.compareAndSet(key, seen.version, n + ' '.repeat(500), { expiresAtMs: 8e12 });
    acknowledge(isRemoval ? 'removed' : 'put', key, n, outcome.tag);
    const id = writer + '-' + n;
    const spec = { id, dueAtMs: ${DUE_AT_MS}, kind: 'k', opaque: '', order: createVersion(1, 1) };
    acknowledge('timer', id, n, (await timers.set(spec)).tag);
    if (n % 3 === 0) acknowledge('cancelled', id, n, (await timers.cancel(id, createVersion(1, 2))).tag);
  }
};
for (let writer = 0; writer < 16; writer += 1) void write(writer);
`;

let directory: string;
let writer: ChildProcess | undefined;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'vellum-')), 'data');
});
afterEach(() => {
  writer?.kill('SIGKILL');
  writer = undefined;
  rmSync(dirname(directory), { recursive: true });
});

/** Starts the writer and kills it after so many acknowledgements; resolves to all that were told. */
async function killAfter(
  acknowledgementCount: number,
  onFirst?: () => Promise<void>,
): Promise<readonly string[][]> {
  const packageDirectory = join(import.meta.dirname, '../..');
  const child = spawn(
    process.execPath,
    ['--conditions=@clearwater/source', '--input-type=module', '-e', WRITER_PROGRAM, directory],
    { cwd: packageDirectory, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  writer = child;
  const told: string[][] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (told.length === 0) await onFirst?.();
    told.push(line.split(' '));
    if (told.length === acknowledgementCount) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return told;
}

test.each([200, 3000, 9000])(
  'SIGKILL after %i acknowledgements takes none of them back',
  async (acknowledgementCount) => {
    const told = await killAfter(acknowledgementCount);
    expect(told.length).toBeGreaterThanOrEqual(acknowledgementCount);
    expect(told.filter((words) => words[3] !== 'stored')).toEqual([]);

    const { clock, platform } = createTestPlatform();
    const { records, timers, part } = await openEmbeddedVellum({ directory, platform });
    const table = records.table({ name: 'reg', merge: (a) => a });
    const lastByKey = new Map(
      told
        .filter(([word]) => word === 'put' || word === 'removed')
        .map(([, key = '', n]) => [key, Number(n)]),
    );
    const isRemoval = (n: number): boolean => Math.floor(n / KEYS_PER_WRITER) % 4 === 3;
    for (const [key, n] of lastByKey) {
      const read = await table.get(key);
      const following = n + KEYS_PER_WRITER; // the one that may have been under way
      const allowed = [n, following].map((each) => (isRemoval(each) ? 'absent' : String(each)));
      expect(allowed).toContain(read.tag === 'found' ? read.value.trim() : read.tag);
    }

    const popped = new Set<string>();
    timers.onPop('k', async ({ id }) => {
      popped.add(id);
      return { tag: 'done' };
    });
    await part.start?.();
    await clock.advance(20_000);
    const idsTold = (word: string): readonly string[] =>
      told.filter((words) => words[0] === word).map((words) => words[1] ?? '');
    const cancelled = new Set(idsTold('cancelled'));
    expect(
      idsTold('timer').filter(
        (id) => !cancelled.has(id) && !popped.has(id) && Number(id.split('-')[1]) % 3 !== 0,
      ),
    ).toEqual([]);
    expect([...cancelled].filter((id) => popped.has(id))).toEqual([]);
    await part.stop?.();
  },
);

test('a second process on the same directory is refused while the first lives, and not after its death', async () => {
  const { platform } = createTestPlatform();
  let refusal: unknown;
  await killAfter(50, async () => {
    refusal = await openEmbeddedVellum({ directory, platform }).catch((error: unknown) => error);
  });
  expect(codeOf(refusal)).toBe('vellum.data-in-use');
  const { part } = await openEmbeddedVellum({ directory, platform });
  await expect(openEmbeddedVellum({ directory, platform })).rejects.toMatchObject({
    code: 'vellum.data-in-use',
  });
  await part.stop?.();
});

test('the data are readable by their owner alone', async () => {
  const { part } = await openEmbeddedVellum({ directory, platform: createTestPlatform().platform });
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  expect(modeOf(directory)).toBe('700');
  const files = readdirSync(directory);
  expect(files).toContain('vellum.db-wal');
  expect(new Set(files.map((file) => modeOf(join(directory, file))))).toEqual(new Set(['600']));
  await part.stop?.();
});

test('a commit waits for the disk', async () => {
  const database = openDatabase({ path: join(directory, 'vellum.db'), migrations: [] });
  const pragma = (name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[name];
  expect([pragma('journal_mode'), pragma('synchronous'), pragma('locking_mode')]).toEqual([
    'wal',
    2,
    'exclusive',
  ]);
  database.close();
});

test('data of a later version are left alone', async () => {
  const path = join(directory, 'vellum.db');
  openDatabase({ path, migrations: Array(99).fill('SELECT 1') }).close();
  const opening = openEmbeddedVellum({ directory, platform: createTestPlatform().platform });
  await expect(opening).rejects.toMatchObject({ code: 'vellum.data-too-new', detail: { schemaVersion: 99 } });
});

test('a file that is no database is named', async () => {
  const opening = openEmbeddedVellum({
    directory: '/dev/null/nowhere',
    platform: createTestPlatform().platform,
  });
  await expect(opening).rejects.toMatchObject({ code: 'vellum.data-unusable' });
});

test('everything is still there after an orderly restart, and versions of the first run are never given again', async () => {
  const { platform, clock } = createTestPlatform();
  const merge = (a: string): string => a;
  const first = await openEmbeddedVellum({ directory, platform });
  await first.subscribers.putPrivate('ann', { digestHa1: 'h', realm: 'r' });
  await first.sharedConfig.compareAndSet('/key', 0, 'secret');
  const table = first.records.table({ name: 'reg', merge });
  const expiresAtMs = clock.now() + 60_000;
  const kept = await table.compareAndSet('kept', '0.0' as never, 'value', { expiresAtMs });
  await first.part.stop?.();
  expect(await table.get('kept')).toMatchObject({ tag: 'unavailable' });
  expect(await first.subscribers.putSet('x')).toEqual({ tag: 'unavailable', reason: 'closed' });

  const second = await openEmbeddedVellum({ directory, platform });
  expect(await second.subscribers.getPrivate('ann')).toMatchObject({ tag: 'found' });
  expect(await second.sharedConfig.read('/key')).toMatchObject({ value: { value: 'secret' } });
  const again = second.records.table({ name: 'reg', merge });
  expect(await again.get('kept')).toMatchObject({
    value: 'value',
    version: kept.tag === 'stored' ? kept.version : '',
  });
  const fresh = await again.compareAndSet('fresh', '0.0' as never, '', { expiresAtMs });
  expect(fresh).toMatchObject({ tag: 'stored', version: '2.1' });
  await second.part.stop?.();
});

test.each([
  { commitIntervalMs: 0, commitCountMin: 20, commitCountMax: 20 },
  { commitIntervalMs: 50, commitCountMin: 2, commitCountMax: 10 },
])(
  'with $commitIntervalMs ms between commits, writes of 20 turns take at most $commitCountMax',
  async ({ commitIntervalMs, commitCountMin, commitCountMax }) => {
    const { platform, metrics } = createTestPlatform();
    const { subscribers, part } = await openEmbeddedVellum({ directory, platform, commitIntervalMs });
    await subscribers.putSet('first');
    const writes: Promise<unknown>[] = [];
    for (let turn = 1; turn < 20; turn += 1) {
      writes.push(subscribers.putSet(`set ${turn}`));
      await nextTurn();
    }
    await Promise.all(writes);
    expect(metrics.value('vellum_commits_total')).toBeGreaterThanOrEqual(commitCountMin);
    expect(metrics.value('vellum_commits_total')).toBeLessThanOrEqual(commitCountMax);
    expect(metrics.value('vellum_changes_total')).toBe(20);
    await part.stop?.();
  },
);
