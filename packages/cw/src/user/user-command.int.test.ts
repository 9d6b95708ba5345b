import { createHash } from 'node:crypto';
import { createDime, type Dime, dimeConfig } from '@clearwater/dime';
import { createPlatform, loadConfig, type RealPlatform } from '@clearwater/platform';
import { type EmbeddedVellum, openEmbeddedVellum } from '@clearwater/vellum';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { userCommand } from './user-command.ts';

const KEY = 'a-provisioning-key';
let platform: RealPlatform;
let vellum: EmbeddedVellum;
let dime: Dime;
let origin: string;

beforeAll(async () => {
  platform = createPlatform({ service: 'test', logLevel: 'silent' });
  vellum = await openEmbeddedVellum({ directory: ':memory:', platform });
  const values = {
    homeDomain: 'example.com',
    scscfUri: 'sip:scscf.example.com:5054',
    apiKey: KEY,
    signallingPort: 0,
    managementPort: 0,
    provisioningPort: 0,
  };
  dime = createDime({
    config: loadConfig(dimeConfig, [{ source: 'test', values }]),
    platform,
    stores: vellum,
  });
  for (const part of dime.parts) await part.start();
  origin = `http://127.0.0.1:${dime.parts[2].addresses[0]?.port}`;
});
afterAll(async () => {
  for (const part of dime.parts) await part.stop();
  await vellum.part.stop?.();
});

interface Run {
  readonly code: number;
  readonly lines: readonly string[];
  readonly notes: string;
}

async function cwUser(words: string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  let [text, notes] = ['', ''];
  const code = await userCommand(
    words.split(' ').filter((word) => word !== ''),
    {
      stdout: { write: (more) => (text += more) },
      stderr: { write: (more) => (notes += more), isTTY: true },
      env: { CW_PROVISIONING: origin, CW_API_KEY: KEY, ...env },
    },
  );
  return { code, lines: text.split('\n').slice(0, -1), notes };
}

async function ha1Of(impi: string): Promise<string | undefined> {
  const reply = await dime.provisioning.getPrivate({ params: { impi } });
  return reply.status === 200 ? reply.body.digest_ha1 : undefined;
}

test('a range is made once; run again it says what existed and makes what is missing', async () => {
  const first = await cwUser('create 2010000000..2010000299 --password 7kkzTyGW');
  expect(first).toMatchObject({ code: 0, lines: [] });
  expect(first.notes).toContain('create: 200 of 300');
  expect(first.notes).toMatch(/300 created\n$/);
  expect(await ha1Of('2010000123@example.com')).toBe('a7b900a23830f2b99e041f212350ebaa');
  expect(await cwUser('delete 2010000007')).toMatchObject({
    code: 0,
    lines: ['deleted  sip:2010000007@example.com  private identity 2010000007@example.com'],
  });
  expect((await cwUser('create 2010000000..2010000299')).notes).toMatch(
    /299 existed, 1 created\n$|1 created, 299 existed\n$/,
  );
  expect((await cwUser('list')).lines.filter((line) => line.startsWith('sip:2010'))).toHaveLength(300);
  expect((await cwUser('delete 2010000000..2010000309')).notes).toMatch(/300 deleted, 10 absent\n$/);
  expect((await cwUser('list')).lines.filter((line) => line.startsWith('sip:2010'))).toEqual([]);
  expect(await ha1Of('2010000123@example.com')).toBeUndefined();
});

test('a generated password is printed once and is the one that counts', async () => {
  const { lines } = await cwUser('create 3010000000..3010000001 --json');
  const users = lines.map((line) => JSON.parse(line) as { impi: string; password: string });
  expect(users.map(({ impi }) => impi)).toEqual(['3010000000@example.com', '3010000001@example.com']);
  for (const { impi, password } of users) {
    expect(password).toMatch(/^\w{9}$/);
    expect(await ha1Of(impi)).toBe(createHash('md5').update(`${impi}:example.com:${password}`).digest('hex'));
  }
});

test('a global number has two identities in one set; show prints them without credentials', async () => {
  await cwUser('create +16505551234 --domain ims.example.com --password wonderland');
  const show = await cwUser('show +16505551234 --domain ims.example.com');
  expect(show.lines).toEqual([
    'sip:+16505551234@ims.example.com',
    '  private identities  +16505551234@ims.example.com',
    expect.stringMatching(/^ {2}registration set {4}[0-9a-f-]{36}$/),
    '  public identities   sip:+16505551234@ims.example.com tel:+16505551234',
    expect.stringMatching(/^ {2}service profile {5}<ServiceProfile/),
  ]);
  const [json = ''] = (await cwUser('show tel:+16505551234 --json')).lines;
  expect(JSON.parse(json)).toMatchObject({ private_ids: ['+16505551234@ims.example.com'] });
  expect(json).not.toContain(await ha1Of('+16505551234@ims.example.com'));
  expect(await cwUser('show 999')).toMatchObject({
    code: 1,
    lines: [],
    notes: expect.stringContaining('sip:999@example.com'),
  });
});

test('a second number joins a private identity and leaves its password alone', async () => {
  await cwUser('create 4010000000 --impi phone@example.com --password wonderland');
  const before = await ha1Of('phone@example.com');
  expect((await cwUser('create 4010000001 --impi phone@example.com')).lines).toEqual([
    'created  sip:4010000001@example.com  private identity phone@example.com',
  ]);
  expect(await ha1Of('phone@example.com')).toBe(before);
  expect(await cwUser('delete 4010000000')).toMatchObject({
    code: 0,
    lines: [expect.stringMatching(/^deleted/)],
  });
  expect(await ha1Of('phone@example.com')).toBe(before);
  await cwUser('delete 4010000001');
  expect(await ha1Of('phone@example.com')).toBeUndefined();
});

test('a range stops when nobody reads the passwords any more', async () => {
  let tellGone = (): void => undefined;
  let lineCount = 0;
  const code = await userCommand(['create', '6010000000..6010000999'], {
    stdout: {
      write: () => {
        lineCount += 1;
        if (lineCount === 10) tellGone();
      },
      on: (_event, listener) => {
        tellGone = listener;
      },
    },
    stderr: { write: () => undefined },
    env: { CW_PROVISIONING: origin, CW_API_KEY: KEY },
  });
  expect({ code, lineCount }).toEqual({ code: 1, lineCount: 10 });
});

test.each([
  ['create 5010000000', { CW_API_KEY: 'wrong' }, 'give --api-key'],
  ['list', { CW_API_KEY: 'wrong' }, 'give --api-key'],
  ['create 5010000000..5010000100', { CW_PROVISIONING: 'http://127.0.0.1:1' }, 'is the deployment running?'],
  ['show 1', { CW_PROVISIONING: 'http://127.0.0.1:1' }, 'is the deployment running?'],
])('%s with %j fails with what to do about it', async (words, env, advice) => {
  expect(await cwUser(words, env)).toMatchObject({
    code: 1,
    lines: [],
    notes: expect.stringContaining(advice),
  });
});

test.each([
  ['', 'a command is missing'],
  ['sing', 'no such command'],
  ['create', 'which numbers?'],
  ['create 1..2000000', 'the same number of digits'],
  ['create 1000000..2000000', 'more than 1000000'],
  ['create 9..1', 'ends before it starts'],
  ['create +1..2', 'both ends'],
  ['create +0123', 'does not start with 0'],
  ['create abc', 'neither a number nor a range'],
  ['create 1..2 --impi x', 'single number'],
  ['create 1 --domain UPPER', '--domain'],
  ['list --password x', 'belong to create'],
  ['list --provisioning ftp://x', '--provisioning'],
  ['list 1', 'too much'],
  ['show', 'which one?'],
  ['delete 1 2', 'too much'],
  ['list --colour', '--colour'],
])('cw user %s is called wrongly: %s', async (words, reason) => {
  expect(await cwUser(words)).toMatchObject({ code: 2, lines: [], notes: expect.stringContaining(reason) });
});

test('--help explains every command and option', async () => {
  const { code, lines } = await cwUser('--help');
  expect(code).toBe(0);
  for (const word of [
    'create',
    'list',
    'show',
    'delete',
    '--domain',
    '--password',
    '--impi',
    '--json',
    '--provisioning',
    '--api-key',
  ]) {
    expect(lines.join('\n')).toContain(word);
  }
});
