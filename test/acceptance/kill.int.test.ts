import { join } from 'node:path';
import { expect } from '@jest/globals';
import { systemTest } from '../../tools/system/system-test.ts';
import { eventually, pause } from './child.ts';
import { LabProcess, labData } from './lab-process.ts';
import { LOAD_PASSWORD, LOAD_PORT, type LoadUser, loadUser, registerRow } from './load-users.ts';
import { RawPhone } from './raw-phone.ts';
import { header } from './raw-sip.ts';
import { SippRun } from './sipp.ts';

const HOST = '127.0.36.1';
const FIRST_USER = 6_520_000;
const NET = 102;
/** Kills, each with new users under way. */
const ROUNDS = 3;
const UDP_PER_ROUND = 3_000;
const UDP_COUNT = ROUNDS * UDP_PER_ROUND;
const TCP_COUNT = 200;
/** The kill comes once this many of a round are registered: well before the last, so that it hits at full rate. */
const KILL_AFTER = 1_000;
/** Registrations under way at the same time: so many may be half done at a kill. */
const UNDER_WAY_MAX = 200;
const SHORT_EXPIRY_S = 3;
/** Calls at the same time. */
const WIDTH = 32;

const tcpUsers = users(UDP_COUNT, TCP_COUNT);
const [callingUser, expiringUser, removedUser] = users(UDP_COUNT + TCP_COUNT, 3) as [
  LoadUser,
  LoadUser,
  LoadUser,
];

systemTest(
  'sipp',
  'kill -9 at full REGISTER load loses no registration over UDP that was answered 200, and revives none',
  async (program) => {
    const data = await labData();
    const phones: RawPhone[] = [];
    const open = async (user: LoadUser, transport: 'udp' | 'tcp' = 'udp'): Promise<RawPhone> => {
      const phone = await openPhone(user, transport);
      phones.push(phone);
      return phone;
    };
    try {
      const start = (): Promise<LabProcess> =>
        LabProcess.start(
          { host: HOST, data: join(data.directory, 'lab') },
          '--registration-expiry-min-s',
          '1',
        );
      const alice = await open(callingUser);
      const removed = await open(removedUser);
      const expiring = await open(expiringUser);
      const udpRegistered: LoadUser[] = [];
      const udpUnderWay: LoadUser[] = [];
      let tcpRegistered: readonly RawPhone[] = [];
      const readyMs: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await using lab = await start();
        readyMs.push(lab.readyMs);
        if (round === 0) {
          await lab.createUsers(`${FIRST_USER}..${FIRST_USER + UDP_COUNT + TCP_COUNT + 2}`, LOAD_PASSWORD);
          expect((await alice.register(300)).statuses).toEqual([401, 200]);
          expect((await removed.register(300)).statuses).toEqual([401, 200]);
          expect((await removed.register(0)).statuses).toEqual([401, 200]);
        }
        const tcpPhones = await inTurn(tcpUsers, (user) => open(user, 'tcp'));
        const tcpLoad = Promise.all(tcpPhones.map(registerUntilLost));
        const newUsers = users(round * UDP_PER_ROUND, UDP_PER_ROUND);
        const registered = await killUnderLoad(lab, {
          program,
          directory: data.directory,
          newUsers,
          expiring,
        });
        expect(registered.length).toBeGreaterThanOrEqual(KILL_AFTER);
        expect(registered.length).toBeLessThan(UDP_PER_ROUND); // else the load was over, and the kill proved nothing
        udpRegistered.push(...registered);
        udpUnderWay.push(...newUsers.filter((user) => !registered.includes(user)).slice(0, UNDER_WAY_MAX));
        tcpRegistered = (await tcpLoad).filter((phone) => phone !== undefined);
        expect(tcpRegistered.length).toBeGreaterThan(0);
      }
      await pause(1_000 * SHORT_EXPIRY_S); // the expiry passes while the lab is down

      await using again = await start();
      readyMs.push(again.readyMs);
      expect((await alice.call(expiring.aor)).invite.status).toBe(480); // the first request of all
      expect((await alice.call(removed.aor)).invite.status).toBe(480);
      const dead = await inTurn(tcpRegistered, (phone) => alice.message(phone.aor));
      expect(dead.map(({ status }) => status).filter((status) => status !== 480 && status !== 430)).toEqual(
        [],
      );

      expect(await inTurn(udpRegistered, async (user) => callOf(alice, await open(user)))).toEqual(
        udpRegistered.map(answeredCall),
      );
      for (const outcome of await inTurn(udpUnderWay, async (user) => callOf(alice, await open(user)))) {
        expect([answeredCall({ user: outcome.called }), refusedCall(outcome)]).toContainEqual(outcome);
      }
      const back = await inTurn(tcpRegistered, async ({ user }) => {
        const phone = await open(tcpUsers.find((each) => each.user === user) as LoadUser, 'tcp');
        expect((await phone.register(300)).statuses).toEqual([401, 200]);
        return callOf(alice, phone);
      });
      expect(back).toEqual(tcpRegistered.map(answeredCall));
      report({ udp: udpRegistered.length, tcp: tcpRegistered.length, readyMs });
      expect(await again.stop()).toBe(0);
    } finally {
      for (const phone of phones) phone.close();
      await data.remove();
    }
  },
  180_000,
);

interface KillOptions {
  readonly program: string;
  readonly directory: string;
  readonly newUsers: readonly LoadUser[];
  /** Registers for a short time, last before the kill. */
  readonly expiring: RawPhone;
}

/** New users register as fast as they can, until the lab is killed. Returns who was answered 200. */
async function killUnderLoad(
  lab: LabProcess,
  { program, directory, newUsers, expiring }: KillOptions,
): Promise<readonly LoadUser[]> {
  await using sipp = await SippRun.start({
    program,
    directory,
    scenario: 'register',
    proxyHost: HOST,
    controlPort: 36_001,
    rows: newUsers.map(registerRow),
    port: LOAD_PORT,
    ratePerS: 2_000,
    limit: UNDER_WAY_MAX,
    timeoutS: 60,
  });
  await eventually(60_000, `${KILL_AFTER} registrations`, async () =>
    (await sipp.registered()).length >= KILL_AFTER ? true : undefined,
  );
  const short = await expiring.register(SHORT_EXPIRY_S);
  expect(short.statuses).toEqual([401, 200]);
  expect(header(short.last.text, 'Contact')).toMatch(/;expires=[1-3]$/); // what is left when the answer leaves
  expect(await lab.kill9()).toBe('SIGKILL');
  const registered = new Set(await sipp.registered());
  return newUsers.filter(({ user }) => registered.has(user));
}

/** Registers again and again while the connection lives; the phone if it was ever answered 200. */
async function registerUntilLost(phone: RawPhone): Promise<RawPhone | undefined> {
  let isRegistered = false;
  try {
    for (;;) {
      const { statuses } = await phone.register(300);
      expect(statuses).toEqual([401, 200]);
      isRegistered = true;
    }
  } catch (error) {
    if (!(error as Error).message.includes('connection lost')) throw error;
    return isRegistered ? phone : undefined;
  }
}

interface CallOutcome {
  readonly called: string;
  readonly answeredBy: string | undefined;
  readonly invite: number;
  readonly bye: number | undefined;
  readonly back: number;
}

/** One call from beginning to end, and a message back: who was called, who answered, and the final responses. */
async function callOf(caller: RawPhone, callee: RawPhone): Promise<CallOutcome> {
  const { invite, bye } = await caller.call(callee.aor);
  const answeredBy = /;tag=(\w+)/.exec(header(invite.text, 'To'))?.[1];
  const back = await callee.message(caller.aor);
  return { called: callee.user, answeredBy, invite: invite.status, bye: bye?.status, back: back.status };
}

function answeredCall({ user }: { readonly user: string }): CallOutcome {
  return { called: user, answeredBy: user, invite: 200, bye: 200, back: 200 };
}

/** Not registered at all: neither called nor allowed to call. */
function refusedCall(outcome: CallOutcome): CallOutcome {
  return { ...outcome, invite: 480, bye: undefined, back: 403 };
}

function openPhone({ user, host }: LoadUser, transport: 'udp' | 'tcp'): Promise<RawPhone> {
  const place = { host, port: LOAD_PORT, proxy: HOST, transport };
  return RawPhone.open({ ...place, user, domain: 'example.com', password: LOAD_PASSWORD });
}

function users(first: number, count: number): readonly LoadUser[] {
  return Array.from({ length: count }, (_, n) => loadUser(first + n, { firstUser: FIRST_USER, net: NET }));
}

/** All of them in order, at most `WIDTH` at the same time. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += WIDTH) {
    results.push(...(await Promise.all(items.slice(start, start + WIDTH).map(work))));
  }
  return results;
}

/** For the reader of the run; nothing here is judged. */
function report(figures: Readonly<Record<string, unknown>>): void {
  console.info(`acceptance of kill -9: ${JSON.stringify(figures)}`);
}
