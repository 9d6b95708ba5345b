import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { LabProcess, labData } from './lab-process.ts';
import { RawPhone, type RawPhoneOptions, type Registration } from './raw-phone.ts';
import { header } from './raw-sip.ts';

jest.setTimeout(60_000); // each step has its own bound

const HOST = '127.0.33.1';
const UNKNOWN = '7999999';

let data: Awaited<ReturnType<typeof labData>>;
let lab: LabProcess;
let lastHost = 10;

beforeAll(async () => {
  data = await labData();
  lab = await LabProcess.start({ host: HOST, data: data.directory });
}, 60_000);

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await data.remove();
});

/** A phone on an address of its own. */
function phone(user: string, options: Partial<RawPhoneOptions> = {}): Promise<RawPhone> {
  lastHost += 1;
  const place = { host: `127.0.33.${lastHost}`, port: 5070, proxy: HOST, transport: 'udp' as const };
  return RawPhone.open({ user, domain: 'example.com', password: 'secret', ...place, ...options });
}

/** A challenge without what is different in each. */
function challengeShape({ last }: Registration): string {
  return header(last.text, 'WWW-Authenticate').replace(/(nonce|opaque)="[^"]*"/g, '$1=""');
}

for (const transport of ['udp', 'tcp'] as const) {
  test(`a registered phone calls another over ${transport}, and is called`, async () => {
    const alice = await phone('1000', { transport });
    const bob = await phone('1001', { transport });
    expect((await alice.register(120)).statuses).toEqual([401, 200]);
    expect((await bob.register(120)).statuses).toEqual([401, 200]);
    for (const [caller, callee] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const { invite, bye } = await caller.call(callee.aor);
      expect([invite.status, bye?.status]).toEqual([200, 200]);
    }
    expect((await alice.message(bob.aor)).status).toBe(200);
    for (const each of [alice, bob]) {
      expect((await each.register(0)).statuses.at(-1)).toBe(200);
      each.close();
    }
  });
}

test('a wrong password is challenged anew three times, then refused; it never registers', async () => {
  const mallory = await phone('1000', { password: 'a guess' });
  const { statuses } = await mallory.register(120, 10);
  expect(statuses).toEqual([401, 401, 401, 401, 403]);
  mallory.close();
});

test('an unknown user is challenged like a known one and refused like a wrong password', async () => {
  const known = await phone('1000', { password: 'a guess' });
  const unknown = await phone(UNKNOWN, { password: 'a guess' });
  const challenges = [await known.register(120, 0), await unknown.register(120, 0)];
  expect(challenges.map(({ statuses }) => statuses)).toEqual([[401], [401]]);
  const [knownShape, unknownShape] = challenges.map(challengeShape);
  expect(unknownShape).toBe(knownShape);
  const refusals = [await known.register(120, 10), await unknown.register(120, 10)];
  expect(refusals[1]?.statuses).toEqual(refusals[0]?.statuses);
  expect(refusals[1]?.statuses.at(-1)).toBe(403);
  known.close();
  unknown.close();
});

test('an unregistered user is 480, an unknown one 404', async () => {
  const alice = await phone('1000');
  expect((await alice.register(120)).statuses).toEqual([401, 200]);
  expect((await alice.call('sip:1001@example.com')).invite.status).toBe(480);
  expect((await alice.message('sip:1001@example.com')).status).toBe(480);
  expect((await alice.call(`sip:${UNKNOWN}@example.com`)).invite.status).toBe(404);
  expect((await alice.message(`sip:${UNKNOWN}@example.com`)).status).toBe(404);
  await alice.register(0);
  alice.close();
});

test('a call from a flow that nobody registered is 403, whoever it claims to be', async () => {
  const bob = await phone('1001');
  const stranger = await phone('1001');
  expect((await bob.register(120)).statuses).toEqual([401, 200]);
  expect((await stranger.call(bob.aor)).invite.status).toBe(403);
  expect((await stranger.message(bob.aor)).status).toBe(403);
  await bob.register(0);
  bob.close();
  stranger.close();
});

test('who removes its registration may not call and is not called', async () => {
  const alice = await phone('1000');
  const bob = await phone('1001');
  await alice.register(120);
  await bob.register(120);
  expect((await bob.register(0)).statuses.at(-1)).toBe(200);
  expect((await bob.call(alice.aor)).invite.status).toBe(403);
  expect((await alice.call(bob.aor)).invite.status).toBe(480);
  await alice.register(0);
  alice.close();
  bob.close();
});
