import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestPlatform, SeededRandom } from '@clearwater/testkit';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createVersion } from '../ports/records.ts';
import type { PopOutcome, TimerSpec } from '../ports/timers.ts';
import { GROUP_COMMIT_DEFAULTS } from '../sqlite/group-commit.ts';
import { ChronosTimers } from './chronos-timers.ts';
import { SqliteTimerLog } from './sqlite-timer-log.ts';
import type { TimerEntry } from './timer-entry.ts';
import type { TimerLog } from './timer-log.ts';

let directory: string;
const openLog = (file: string): SqliteTimerLog =>
  new SqliteTimerLog(join(directory, file), { ...GROUP_COMMIT_DEFAULTS, schedule: setImmediate });
const entry = (n: number): TimerEntry => ({
  tag: 'armed',
  id: `timer ${n}`,
  dueAtMs: n,
  kind: 'k',
  opaque: 'x'.repeat(n % 300),
  order: createVersion(1, n),
  sequence: n,
});
const entriesOf = (log: TimerLog): readonly TimerEntry[] => {
  const entries: TimerEntry[] = [];
  log.replay((_row, each) => entries.push(each));
  return entries;
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'timers-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a log whose tail was torn by a crash gives back a prefix, the longer the more was left', async () => {
  const log = openLog('timers.db');
  const entries = Array.from({ length: 60 }, (_, n) => entry(n));
  for (const each of entries) await log.submit((batch) => batch.append(batch.nextRow(), each));
  for (const file of ['timers.db', 'timers.db-wal'])
    copyFileSync(join(directory, file), join(directory, `crash-${file}`));
  log.close();
  const wal = readFileSync(join(directory, 'crash-timers.db-wal'));
  const random = new SeededRandom(7);
  const cuts = [
    ...Array.from({ length: 12 }, () => random.integer(wal.length)).sort((a, b) => a - b),
    wal.length,
  ];
  const survived = cuts.map((cut, index) => {
    copyFileSync(join(directory, 'crash-timers.db'), join(directory, `${index}.db`));
    const garbage = index % 2 === 0 ? random.bytes(500) : Buffer.alloc(0);
    writeFileSync(join(directory, `${index}.db-wal`), Buffer.concat([wal.subarray(0, cut), garbage]));
    const torn = openLog(`${index}.db`);
    const replayed = entriesOf(torn);
    torn.close();
    expect(replayed).toEqual(entries.slice(0, replayed.length));
    return replayed.length;
  });
  expect(survived).toEqual(survived.toSorted((a, b) => a - b));
  expect(survived.at(-1)).toBe(60);
  expect(survived[5]).toBeLessThan(60);
});

test('row numbers rise over restarts and over the cutting of the head', async () => {
  const rows: number[] = [];
  for (let start = 0; start < 3; start += 1) {
    const log = openLog('timers.db');
    rows.push(
      ...(
        await Promise.all(
          [1, 2].map((n) =>
            log.submit((batch) => {
              const row = batch.nextRow();
              batch.append(row, entry(n));
              return row;
            }),
          ),
        )
      ).filter((row) => typeof row === 'number'),
    );
    await log.submit((batch) => batch.dropThrough(batch.oldest(100).at(-1)?.row ?? 0));
    expect(log.rowCount).toBe(0);
    log.close();
  }
  expect(rows).toEqual([...new Set(rows)].toSorted((a, b) => a - b));
});

test('the log is rewritten under load: it stays short, and a restart finds every timer as it was last set', async () => {
  const { clock, platform } = createTestPlatform();
  const log = openLog('timers.db');
  const timers = new ChronosTimers({ ...platform, timerLog: log });
  const dueAtMs = clock.now() + 1000;
  let rowCountMax = 0;
  const spec = (n: number, round: number): TimerSpec => ({
    id: `timer ${n}`,
    dueAtMs,
    kind: 'k',
    opaque: `round ${round}`,
    order: createVersion(1, round),
  });
  for (let round = 0; round < 30; round += 1) {
    // Half of the timers are set once and then only moved along by the rewriting.
    const numbers = Array.from({ length: round === 0 ? 400 : 200 }, (_, n) => n);
    await Promise.all(numbers.map((n) => timers.set(spec(n, round))));
    rowCountMax = Math.max(rowCountMax, log.rowCount);
  }
  await timers.cancel('timer 0', createVersion(1, 99));
  expect(rowCountMax).toBeLessThan(2 * 400 + 1000 + 2 * 200 + 1);
  log.close();

  const reopened = openLog('timers.db');
  const replayed = new ChronosTimers({ ...platform, timerLog: reopened });
  const popped = new Map<string, string>();
  replayed.onPop('k', async (pop) => {
    popped.set(pop.id, pop.opaque);
    return { tag: 'done' };
  });
  replayed.start();
  await clock.advance(5000);
  const expected = Array.from(
    { length: 399 },
    (_, n) => [`timer ${n + 1}`, n + 1 < 200 ? 'round 29' : 'round 0'] as const,
  );
  expect(popped).toEqual(new Map(expected));
  replayed.stop();
  reopened.close();
});

test('a pop survives a restart: overdue timers pop at once, done ones do not, a crash in between repeats the same pop', async () => {
  const { clock, platform } = createTestPlatform();
  const pops: { readonly id: string; readonly sequence: number }[] = [];
  const run = async (
    answer: (id: string) => PopOutcome,
    before: (timers: ChronosTimers) => Promise<unknown>,
  ): Promise<void> => {
    const log = openLog('timers.db');
    const timers = new ChronosTimers({ ...platform, timerLog: log });
    timers.onPop('k', async ({ id, sequence }) => {
      pops.push({ id, sequence });
      return answer(id);
    });
    await before(timers);
    timers.start();
    await clock.advance(100);
    timers.stop();
    log.close();
  };
  const set = (timers: ChronosTimers, id: string): Promise<unknown> =>
    timers.set({ id, dueAtMs: clock.now(), kind: 'k', opaque: '', order: createVersion(1, 1) });
  // "lost": the effect happened, the crash came before that was written down.
  await run(
    (id) => (id === 'done' ? { tag: 'done' } : { tag: 'unavailable', reason: 'crash' }),
    (timers) => Promise.all([set(timers, 'done'), set(timers, 'lost')]),
  );
  await run(
    () => ({ tag: 'done' }),
    async () => {},
  );
  await run(
    () => ({ tag: 'done' }),
    async () => {},
  );
  expect(pops.map((pop) => pop.id)).toEqual(['done', 'lost', 'lost']);
  expect(pops[1]).toEqual(pops[2]);
});

test('when the log refuses, nothing changes in memory and a finished pop comes again', async () => {
  const { clock, platform } = createTestPlatform();
  const log = openLog('timers.db');
  let refusal: { readonly tag: 'unavailable'; readonly reason: string } | undefined;
  const timerLog: TimerLog = {
    get rowCount() {
      return log.rowCount;
    },
    replay: (visit) => log.replay(visit),
    submit: (step) => (refusal === undefined ? log.submit(step) : Promise.resolve(refusal)),
    close: () => log.close(),
  };
  const timers = new ChronosTimers({ ...platform, timerLog });
  const pops: number[] = [];
  timers.onPop('k', async ({ sequence }) => {
    pops.push(sequence);
    return { tag: 'done' };
  });
  const spec: TimerSpec = {
    id: 'a',
    dueAtMs: clock.now() + 100,
    kind: 'k',
    opaque: '',
    order: createVersion(1, 1),
  };
  await timers.set(spec);
  timers.start();
  refusal = { tag: 'unavailable', reason: 'disk-full' };
  expect(await timers.cancel('a', createVersion(1, 2))).toEqual(refusal);
  expect(await timers.set({ ...spec, id: 'b' })).toEqual(refusal);
  await clock.advance(100);
  expect(pops).toHaveLength(1);
  refusal = undefined;
  await clock.advance(60_000);
  await clock.settle(); // the commit of the last answer
  expect(pops).toHaveLength(2);
  expect(new Set(pops).size).toBe(1);
  expect(timers.size).toBe(0);
  timers.stop();
  log.close();
});
