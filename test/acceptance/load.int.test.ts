import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { systemTest } from '../../tools/system/system-test.ts';
import { Child } from './child.ts';
import { LabProcess, labData } from './lab-process.ts';
import {
  LOAD_PASSWORD,
  LOAD_PORT,
  type LoadUser,
  loadUser,
  registerRow,
  seededNumbers,
} from './load-users.ts';
import { type SippOptions, type SippResult, SippRun } from './sipp.ts';

/** `ACCEPTANCE=small` for a quick look. */
const SIZE =
  process.env['ACCEPTANCE'] === 'small'
    ? { users: 1_000, registrationsPerS: 400, callsPerS: 50, callS: 20 }
    : { users: 10_000, registrationsPerS: 400, callsPerS: 100, callS: 60 };

const HOST = '127.0.35.1';
const FIRST_USER = 6_510_000;
const NET = 101;
/** A repetition means that somebody took longer than T1 to answer: at most one message in a thousand. */
const RETRANSMISSION_SHARE_MAX = 0.001;
const REQUESTS_PER_CALL = 2; // INVITE and BYE; an ACK is not repeated by itself

const everyone: readonly LoadUser[] = Array.from({ length: SIZE.users }, (_, n) =>
  loadUser(n, { firstUser: FIRST_USER, net: NET }),
);
// A user calls or is called, since an address and port belong to one program at a time; both kinds are in both halves.
const callers = everyone.filter((_, n) => n % 2 === 0);
const callees = everyone.filter((_, n) => n % 2 === 1);

systemTest(
  'sipp',
  `${SIZE.users} users register with digest and call each other at ${SIZE.callsPerS} calls/s: none fails`,
  async (program) => {
    const data = await labData();
    try {
      const start = (): Promise<LabProcess> =>
        LabProcess.start({ host: HOST, data: join(data.directory, 'lab') });
      await using lab = await start();
      const run = { program, directory: data.directory, proxyHost: HOST, port: LOAD_PORT };
      const usersMs = await timed(() => createUsers(lab));
      const registering = await measured(lab, () => register(run));
      const calling = await measured(lab, () => callEachOther(run, data.directory));
      expect(await lab.stop()).toBe(0);
      await using again = await start();
      report({ readyMs: lab.readyMs, againReadyMs: again.readyMs, usersMs, registering, calling });
      expect(await again.stop()).toBe(0);
    } finally {
      await data.remove();
    }
  },
  600_000,
);

function createUsers(lab: LabProcess): Promise<void> {
  return lab.createUsers(`${FIRST_USER}..${FIRST_USER + SIZE.users - 1}`, LOAD_PASSWORD);
}

type RunOptions = Pick<SippOptions, 'program' | 'directory' | 'proxyHost' | 'port'>;

async function register(run: RunOptions): Promise<SippResult> {
  await using sipp = await SippRun.start({
    ...run,
    scenario: 'register',
    controlPort: 35_001,
    rows: everyone.map(registerRow),
    ratePerS: SIZE.registrationsPerS,
    limit: 4_000,
    timeoutS: 120,
  });
  const result = await sipp.result();
  expect(result).toMatchObject({ successful: SIZE.users, failed: 0, errors: '' });
  expect(result.retransmissions).toBeLessThanOrEqual(2 * SIZE.users * RETRANSMISSION_SHARE_MAX);
  expect(new Set(await sipp.registered()).size).toBe(SIZE.users);
  return result;
}

/** Lower half calls upper half and hangs up, upper half calls lower half and is hung up on, at the same time. */
async function callEachOther(run: RunOptions, directory: string): Promise<SippResult> {
  const file = join(directory, 'callees.json');
  await writeFile(file, JSON.stringify(callees));
  await using phones = Child.start(process.execPath, [join(import.meta.dirname, 'callees.ts'), file]);
  await phones.line('listening', 30_000);
  const half = SIZE.users / 4;
  const [lower, upper] = await Promise.all([
    call(
      { ...run, scenario: 'call-caller-hangs-up', controlPort: 35_002 },
      callers.slice(0, half),
      callees.slice(half),
    ),
    call(
      { ...run, scenario: 'call-callee-hangs-up', controlPort: 35_003 },
      callers.slice(half),
      callees.slice(0, half),
    ),
  ]);
  const count = (SIZE.callsPerS * SIZE.callS) / 2;
  for (const result of [lower, upper])
    expect(result).toMatchObject({ successful: count, failed: 0, errors: '' });
  expect(await phones.end('SIGTERM', 10_000)).toBe(0);
  const seen = JSON.parse(phones.output.split('\n').at(-1) ?? '');
  expect(seen).toMatchObject({
    problems: [],
    problemCount: 0,
    openCalls: 0,
    invites: 2 * count,
    hungUp: count,
    wereHungUp: count,
  });
  const retransmissions = lower.retransmissions + upper.retransmissions + seen.retransmissions;
  expect(retransmissions).toBeLessThanOrEqual(2 * count * REQUESTS_PER_CALL * RETRANSMISSION_SHARE_MAX);
  return { ...lower, successful: 2 * count, retransmissions };
}

async function call(
  run: RunOptions & Pick<SippOptions, 'scenario' | 'controlPort'>,
  from: readonly LoadUser[],
  to: readonly LoadUser[],
): Promise<SippResult> {
  const random = seededNumbers(run.controlPort);
  const pick = (users: readonly LoadUser[]): LoadUser => users[random(users.length)] as LoadUser;
  const ratePerS = SIZE.callsPerS / 2;
  const rows = Array.from({ length: ratePerS * SIZE.callS }, () => {
    const caller = pick(from);
    return [caller.user, caller.host, String(LOAD_PORT), pick(to).user];
  });
  await using sipp = await SippRun.start({ ...run, rows, ratePerS, limit: 3_000, timeoutS: SIZE.callS + 60 });
  return await sipp.result(); // before the program is disposed of
}

interface Measured extends SippResult {
  readonly cpuUsEach: number;
}

/** What the lab's process spent on each registration or call. */
async function measured(lab: LabProcess, work: () => Promise<SippResult>): Promise<Measured> {
  const beforeUs = lab.child.cpuUs();
  const result = await work();
  const cpuUsEach = Math.round((lab.child.cpuUs() - beforeUs) / Math.max(1, result.successful));
  return { ...result, cpuUsEach };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
}

/** For the reader of the run; nothing here is judged. */
function report(figures: Readonly<Record<string, unknown>>): void {
  console.info(`acceptance under load: ${JSON.stringify(figures)}`);
}
