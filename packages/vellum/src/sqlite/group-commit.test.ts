import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';

let database: DatabaseSync;
let commitSizes: number[];
let scheduled: (() => void)[];
const turn = (): void => {
  for (const flush of scheduled.splice(0)) flush();
};
const options = (changed: Partial<GroupCommitOptions> = {}): GroupCommitOptions => ({
  queueLengthMax: 100,
  batchLengthMax: 50,
  schedule: (flush) => scheduled.push(flush),
  onCommit: (changeCount) => commitSizes.push(changeCount),
  ...changed,
});
const insert = (id: number | null, size = 1) => ({
  apply: () => {
    database.prepare('INSERT INTO t VALUES (?, ?)').run(id, 'x'.repeat(size));
    return { tag: 'stored', id } as const;
  },
});
const ids = (): readonly unknown[] =>
  database
    .prepare('SELECT id FROM t ORDER BY id')
    .all()
    .map((row) => row['id']);

beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (id INTEGER NOT NULL UNIQUE, text TEXT)');
  commitSizes = [];
  scheduled = [];
});
afterEach(() => database.close());

test('the changes of one turn share one commit and are answered after it, in their order', async () => {
  const commits = new GroupCommit(database, options());
  const answers: unknown[] = [];
  for (const id of [1, 2, 3]) void commits.submit(insert(id)).then((answer) => answers.push(answer));
  await Promise.resolve();
  expect([answers, ids()]).toEqual([[], []]);
  turn();
  await Promise.resolve();
  expect(commitSizes).toEqual([3]);
  expect(answers).toEqual([1, 2, 3].map((id) => ({ tag: 'stored', id })));
});

test('a later change of a batch sees what an earlier one did', async () => {
  const commits = new GroupCommit(database, options());
  const first = commits.submit(insert(1));
  const second = commits.submit({ apply: () => ids() });
  turn();
  await first;
  expect(await second).toEqual([1]);
});

test('a batch is bounded, and so is the queue', async () => {
  const commits = new GroupCommit(database, options({ queueLengthMax: 5, batchLengthMax: 2 }));
  const answers = [1, 2, 3, 4, 5, 6].map((id) => commits.submit(insert(id)));
  expect(await answers[5]).toEqual({ tag: 'unavailable', reason: 'queue-full' });
  for (let round = 0; round < 3; round += 1) turn();
  expect(commitSizes).toEqual([2, 2, 1]);
  expect((await Promise.all(answers.slice(0, 5))).map((answer) => answer.tag)).toEqual(
    Array(5).fill('stored'),
  );
});

test('a change that cannot be takes nobody with it, and what was applied beside it is taken back first', async () => {
  const commits = new GroupCommit(database, options());
  const undone: string[] = [];
  const withUndo = (id: number, name: string) => ({ ...insert(id), undo: () => undone.push(name) });
  const answers = [
    commits.submit(withUndo(1, 'first')),
    commits.submit(withUndo(2, 'second')),
    commits.submit({ ...insert(null), undo: () => undone.push('poison') }),
    commits.submit(insert(3)),
  ];
  turn();
  expect((await Promise.all(answers)).map((answer) => answer.tag)).toEqual([
    'stored',
    'stored',
    'unavailable',
    'stored',
  ]);
  expect(undone).toEqual(['second', 'first']);
  expect(ids()).toEqual([1, 2, 3]);
});

test('a full disk stores nothing, says so, and is over when there is room again', async () => {
  const pages = database.prepare('PRAGMA page_count').get()?.['page_count'];
  database.exec(`PRAGMA max_page_count = ${Number(pages) + 2}`);
  const commits = new GroupCommit(database, options());
  const answers = [
    commits.submit(insert(1)),
    commits.submit(insert(2, 1_000_000)),
    commits.submit(insert(3)),
  ];
  turn();
  expect(await Promise.all(answers)).toMatchObject([
    { tag: 'stored' },
    { tag: 'unavailable', reason: 'disk-full' },
    { tag: 'stored' },
  ]);
  const failed = commits.submit(insert(2, 1_000_000));
  turn();
  await failed;
  expect([commits.trouble, commits.refusal]).toEqual(['disk-full', undefined]);
  database.exec('PRAGMA max_page_count = 100000');
  const retry = commits.submit(insert(2, 1_000_000));
  turn();
  expect(await retry).toMatchObject({ tag: 'stored' });
  expect(commits.trouble).toBeUndefined();
  expect(ids()).toEqual([1, 2, 3]);
});

test.each([
  { errcode: 13, outcome: 'unavailable', reason: 'disk-full', refusal: undefined },
  { errcode: 1034, outcome: 'unknown', reason: 'disk-failed', refusal: 'disk-failed' }, // SQLITE_IOERR_FSYNC
])(
  'a COMMIT that fails with $errcode is answered $outcome',
  async ({ errcode, outcome, reason, refusal }) => {
    let isFailing = true;
    const failing = {
      exec: (sql: string) => {
        if (sql === 'COMMIT' && isFailing) throw Object.assign(new Error('commit'), { errcode });
        database.exec(sql);
      },
    };
    const undone: number[] = [];
    const commits = new GroupCommit(failing, options());
    const answers = [1, 2].map((id) => commits.submit({ ...insert(id), undo: () => undone.push(id) }));
    turn();
    expect(await Promise.all(answers)).toEqual(Array(2).fill({ tag: outcome, reason }));
    expect([undone, ids()]).toEqual([[2, 1], []]);
    isFailing = false;
    const next = commits.submit(insert(3));
    turn();
    expect((await next).tag).toBe(refusal === undefined ? 'stored' : 'unavailable');
    expect(commits.refusal).toBe(refusal);
  },
);

test('closing commits what was accepted and refuses the rest', async () => {
  const commits = new GroupCommit(database, options({ batchLengthMax: 2 }));
  const answers = [1, 2, 3].map((id) => commits.submit(insert(id)));
  commits.close();
  expect((await Promise.all(answers)).map((answer) => answer.tag)).toEqual(['stored', 'stored', 'stored']);
  expect(await commits.submit(insert(4))).toEqual({ tag: 'unavailable', reason: 'closed' });
  turn();
  expect(commitSizes).toEqual([2, 1]);
});
