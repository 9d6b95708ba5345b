import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type Child, within } from './child.ts';
import { cw, LabProcess, labData } from './lab-process.ts';
import { RawPhone } from './raw-phone.ts';

jest.setTimeout(60_000); // each step has its own bound

const HOST = '127.0.37.1';
const END_MS = 30_000;

let data: Awaited<ReturnType<typeof labData>>;

beforeEach(async () => {
  data = await labData();
});
afterEach(() => data.remove());

function start(): Promise<LabProcess> {
  return LabProcess.start({ host: HOST, data: data.directory });
}

/** A lab that must not come up. */
function refused(...options: readonly string[]): Child {
  return cw('lab', '--data', data.directory, ...options);
}

function phone(user: string, host: string): Promise<RawPhone> {
  const place = { host, port: 5070, proxy: HOST, transport: 'udp' as const };
  return RawPhone.open({ user, domain: 'example.com', password: 'secret', ...place });
}

test('users and registrations are still there after a clean restart', async () => {
  const alice = await phone('1000', '127.0.37.11');
  const carol = await RawPhone.open({
    user: '6505550000',
    domain: 'example.com',
    password: 'a-password-of-her-own',
    host: '127.0.37.12',
    port: 5070,
    proxy: HOST,
    transport: 'udp',
  });
  try {
    await using first = await start();
    await first.createUsers('6505550000', 'a-password-of-her-own');
    expect((await alice.register(120)).statuses).toEqual([401, 200]);
    expect((await carol.register(120)).statuses).toEqual([401, 200]);
    expect(await first.stop()).toBe(0);

    await using second = await start();
    const { invite, bye } = await alice.call(carol.aor);
    expect([invite.status, bye?.status]).toEqual([200, 200]);
    expect((await carol.register(120)).statuses.at(-1)).toBe(200);
    expect(await second.stop()).toBe(0);
  } finally {
    alice.close();
    carol.close();
  }
});

test('a taken port ends the start with exit code 1 and a sentence that names it', async () => {
  for (const port of [5060, 5054, 8889, 8080]) {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, HOST, resolve));
    await using lab = refused('--listen', HOST);
    expect(await lab.exit(END_MS)).toBe(1);
    expect(lab.output).toContain(`${HOST}:${port} is taken`);
    expect(lab.output).not.toContain('    at ');
    await new Promise((resolve) => squatter.close(resolve));
  }
});

test('data that a later version wrote, or that is no database, ends the start with a sentence that names it', async () => {
  await (await start()).stop();
  const file = join(data.directory, 'vellum.db');
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 1000');
  database.close();
  await using newer = refused('--listen', HOST);
  expect(await newer.exit(END_MS)).toBe(1);
  expect(newer.output).toContain(`A later version of Clearwater has written ${data.directory}`);
  await writeFile(file, 'no database'.repeat(1_000));
  await using broken = refused('--listen', HOST);
  expect(await broken.exit(END_MS)).toBe(1);
  expect(broken.output).toContain(`${file}: file is not a database`);
  expect(broken.output).not.toContain('    at ');
});

test('a second lab on the same data is refused by name, and the first goes on', async () => {
  await using first = await start();
  await using second = refused('--listen', '127.0.37.2');
  expect(await second.exit(END_MS)).toBe(1);
  expect(second.output).toContain(data.directory);
  expect(second.output).toContain('Another lab');
  const alice = await phone('1000', '127.0.37.11');
  expect((await alice.register(120)).statuses).toEqual([401, 200]);
  alice.close();
  expect(await first.stop()).toBe(0);
});

test.each([
  { callee: 'that ends a cancelled call', answersCancel: true },
  { callee: 'that has gone silent', answersCancel: false },
])(
  'SIGTERM while a phone $callee rings: the caller has a final response, exit code 0',
  async ({ answersCancel }) => {
    await using lab = await start();
    const alice = await phone('1000', '127.0.37.11');
    const bob = await phone('1001', '127.0.37.12');
    try {
      expect((await alice.register(120)).statuses).toEqual([401, 200]);
      expect((await bob.register(120)).statuses).toEqual([401, 200]);
      bob.inviteAnswer = '180 Ringing';
      bob.answersCancel = answersCancel;
      const rings = Promise.withResolvers<void>();
      const heardByBob: string[] = [];
      bob.onRequest = ({ method }) => {
        heardByBob.push(method);
        if (method === 'INVITE') rings.resolve();
      };
      const call = alice.call(bob.aor);
      await within(END_MS, 'ringing', rings.promise);
      const [exit, { invite }] = await Promise.all([lab.stop(), call]);
      expect(exit).toBe(0);
      expect(invite.status).toBeGreaterThanOrEqual(400);
      expect(heardByBob).toContain('CANCEL');
    } finally {
      alice.close();
      bob.close();
    }
  },
);

test.each([
  { words: ['--no-such-option', '1'], says: ["'--no-such-option'"] },
  { words: ['stray'], says: ["'stray'"] },
  { words: ['--listen', 'localhost'], says: ['listen', 'must be IP addresses'] },
  { words: ['--ellis-port', '99999'], says: ['ellisPort'] },
  { words: ['--domain', 'UPPER CASE'], says: ['domain'] },
  {
    words: ['--registration-expiry-max-s', '30'],
    says: ['registrationExpiryMinS', 'registrationExpiryMaxS'],
  },
  {
    words: ['--listen', HOST, '--listen', '192.0.2.77'],
    says: ['192.0.2.77', 'not an address of this machine'],
  },
])('cw lab $words is refused, and what is wrong is named', async ({ words, says }) => {
  await using lab = refused(...words);
  expect(await lab.exit(END_MS)).toBe(1);
  for (const text of says) expect(lab.output).toContain(text);
  expect(lab.output).not.toContain('    at ');
});
