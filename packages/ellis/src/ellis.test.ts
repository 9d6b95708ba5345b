import { loadConfig, type Platform } from '@clearwater/platform';
import { FakeClock, MemoryLog, SeededRandom, TestMetrics } from '@clearwater/testkit';
import { type EmbeddedVellum, openEmbeddedVellum } from '@clearwater/vellum';
import { afterEach, expect, test } from '@jest/globals';
import { ellisConfig } from './config.ts';
import { createEllis, type Ellis } from './create-ellis.ts';
import type { RecoveryMail } from './recovery-mail.ts';
import { FakeProvisioning, type Fault } from './testing/fake-provisioning.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface CallOptions {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface CallReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly json: Readonly<Record<string, unknown>>;
}

type Call = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  options?: CallOptions,
) => Promise<CallReply>;

interface EllisLab {
  readonly call: Call;
  /** Signs up Alice, or who is named. */
  readonly signUp: (email?: string, more?: object) => Promise<CallReply>;
  readonly logIn: (email?: string, password?: string) => Promise<CallReply & { readonly cookie: string }>;
  /** Signs up, logs in, and says it with every call that gets this. */
  readonly asAlice: () => Promise<{ readonly headers: { readonly cookie: string } }>;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly mails: readonly RecoveryMail[];
  readonly provisioning: FakeProvisioning;
  readonly vellum: EmbeddedVellum;
  readonly ellis: Ellis;
}

/** Ellis on the embedded store in memory, called without a socket. */
async function openLab(
  settings: Readonly<Record<string, unknown>> = {},
  withMailer = true,
): Promise<EllisLab> {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const tools = { clock, log, random: new SeededRandom(7), metrics: new TestMetrics() };
  const platform = tools as unknown as Platform; // neither network nor trace is touched
  const vellum = await openEmbeddedVellum({ directory: ':memory:', platform });
  const provisioning = new FakeProvisioning();
  const mails: RecoveryMail[] = [];
  const values = {
    signUpCode: 'secret',
    apiKey: 'key',
    passwordMemoryKib: 64,
    passwordPassCount: 1,
    numberPool: { first: '6505550000', count: 5 },
    ...settings,
  };
  const ellis = createEllis(loadConfig(ellisConfig, [{ source: 'test', values }]), platform, {
    accounts: vellum.accounts,
    numbers: vellum.numbers,
    sessions: vellum.sessions,
    provisioning: provisioning.client,
    ...(withMailer ? { mailer: async (mail: RecoveryMail) => void mails.push(mail) } : {}),
  });
  await ellis.parts[0]?.start?.();
  cleanups.push(async () => vellum.part.stop?.());

  const call: Call = async (method, url, options = {}) => {
    const { json, form, text, headers = {} } = options;
    const payload =
      text ??
      (form === undefined
        ? json === undefined
          ? undefined
          : JSON.stringify(json)
        : String(new URLSearchParams(form)));
    const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
    const reply = await ellis.server.inject({
      method,
      url,
      headers: { ...(payload === undefined ? {} : { 'content-type': type }), ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    const isJson = reply.headers['content-type']?.startsWith('application/json') === true;
    return {
      ...reply,
      json: isJson && reply.body !== '' ? (JSON.parse(reply.body) as Record<string, unknown>) : {},
    };
  };
  const signUp: EllisLab['signUp'] = (email = 'alice@example.org', more = {}) =>
    call('POST', '/accounts/', {
      json: { signup_code: 'secret', email, password: 'wonderland', full_name: 'Alice', ...more },
    });
  const logIn: EllisLab['logIn'] = async (email = 'alice@example.org', password = 'wonderland') => {
    const reply = await call('POST', '/session/', { json: { email, password } });
    return { ...reply, cookie: String(reply.headers['set-cookie']).split(';')[0] ?? '' };
  };
  const asAlice: EllisLab['asAlice'] = async () => {
    await signUp();
    return { headers: { cookie: (await logIn()).cookie } };
  };
  return { call, signUp, logIn, asAlice, clock, log, mails, provisioning, vellum, ellis };
}

const NUMBERS = '/accounts/alice@example.org/numbers/';
const BY_KEY = { headers: { 'ngv-api-key': 'key' } };
const numberOf = (index: number): string => `sip:650555000${index}@example.com`;

test('a sign-up by JSON or form, code in header or field, answers 201 with name and address', async () => {
  const { call, signUp } = await openLab();
  const answer = { username: 'alice@example.org', full_name: 'Alice' };
  expect(await signUp('Alice@Example.org')).toMatchObject({ status: 201, json: answer });
  const form = { email: 'bob@example.org', password: 'builder', full_name: 'Bob', expires: '3' };
  const headers = { 'NGV-Signup-Code': 'secret' };
  expect(await call('POST', '/accounts', { form, headers })).toMatchObject({
    status: 201,
    json: { full_name: 'Bob' },
  });
});

test.each([
  [{ signup_code: 'wrong' }, 403, 'ellis.wrong-sign-up-code'],
  [{ signup_code: undefined }, 403, 'ellis.wrong-sign-up-code'],
  [{ password: '12345' }, 400, 'ellis.invalid-account'],
  [{ email: 'alice' }, 400, 'ellis.invalid-account'],
  [{ email: 'a@b\r\nBcc: c@d' }, 400, 'ellis.invalid-account'],
  [{ email: `${'a'.repeat(250)}@example.org` }, 400, 'ellis.invalid-account'],
  [{ full_name: '' }, 400, 'ellis.invalid-account'],
  [{ expires: 0 }, 400, 'ellis.invalid-account'],
  [{ expires: 'soon' }, 400, 'http.invalid-request'],
])('a sign-up with %j is refused: %i %s', async (fields, status, code) => {
  const { signUp } = await openLab();
  expect(await signUp('alice@example.org', fields)).toMatchObject({ status, json: { code } });
});

test('an address has one account, until it expires', async () => {
  const { signUp, clock, logIn } = await openLab();
  expect(await signUp('alice@example.org', { expires: 2 })).toMatchObject({ status: 201 });
  expect(await signUp()).toMatchObject({ status: 409, json: { code: 'ellis.account-exists' } });
  await clock.advance(2 * 86_400_000);
  expect(await logIn()).toMatchObject({ status: 403 });
  expect(await signUp()).toMatchObject({ status: 201 });
  expect(await logIn()).toMatchObject({ status: 201 });
});

test('guessing the sign-up code is throttled with Retry-After', async () => {
  const { signUp } = await openLab();
  for (let guess = 0; guess < 20; guess += 1)
    await signUp('eve@example.org', { signup_code: `guess ${guess}` });
  expect(await signUp('eve@example.org', { signup_code: 'secret' })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
  });
});

test('a log-in sets an opaque HttpOnly cookie that opens the own account alone', async () => {
  const { call, signUp, logIn } = await openLab();
  await signUp();
  await signUp('bob@example.org');
  const { status, json, headers, cookie } = await logIn('ALICE@example.org');
  expect({ status, json }).toEqual({ status: 201, json: { username: 'alice@example.org' } });
  expect(headers['set-cookie']).toMatch(
    /^username=[\w-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/,
  );
  expect(await call('GET', NUMBERS, { headers: { cookie } })).toMatchObject({
    status: 200,
    json: { numbers: [] },
  });
  expect(await call('GET', '/accounts/bob@example.org/numbers', { headers: { cookie } })).toMatchObject({
    status: 403,
  });
  expect(await call('GET', NUMBERS)).toMatchObject({ status: 403 });
  expect(await call('GET', NUMBERS, { headers: { 'ngv-api-key': 'wrong' } })).toMatchObject({ status: 403 });
  expect(await call('DELETE', '/session', { headers: { cookie } })).toMatchObject({ status: 204 });
  expect(await call('GET', NUMBERS, { headers: { cookie } })).toMatchObject({ status: 403 });
});

test('behind https the cookie is Secure', async () => {
  const { signUp, logIn } = await openLab({ publicUrl: 'https://ellis.example.com' });
  await signUp();
  expect((await logIn()).headers['set-cookie']).toMatch(/; Secure$/);
});

test('unknown address and wrong password are answered alike, and attempts are throttled by address', async () => {
  const { signUp, logIn } = await openLab();
  await signUp();
  const [wrong, unknown] = [await logIn('alice@example.org', 'nonsense'), await logIn('nobody@example.org')];
  expect({ status: wrong.status, body: wrong.body }).toEqual({ status: 403, body: unknown.body });
  for (let attempt = 1; attempt < 10; attempt += 1) await logIn('alice@example.org', 'nonsense');
  expect(await logIn()).toMatchObject({ status: 503, headers: { 'retry-after': '10' } });
  expect(await logIn('nobody@example.org')).toMatchObject({ status: 403 });
});

test('a session ends with its lifetime and with its account', async () => {
  const { call, asAlice, clock } = await openLab({ sessionLifetimeS: 60 });
  const alice = await asAlice();
  await clock.advance(60_000);
  expect(await call('GET', NUMBERS, alice)).toMatchObject({ status: 403 });
});

test('another site cannot ride on the cookie', async () => {
  const { call, asAlice } = await openLab();
  const { headers } = await asAlice();
  const foreign = { ...headers, host: 'ellis:8080', origin: 'http://evil.example' };
  expect(await call('POST', NUMBERS, { headers: foreign })).toMatchObject({
    status: 403,
    json: { code: 'ellis.foreign-origin' },
  });
  const own = { ...headers, host: 'ellis:8080', origin: 'http://ellis:8080' };
  expect(await call('POST', NUMBERS, { headers: own })).toMatchObject({ status: 200 });
});

test('a form goes on where it says, on this site alone', async () => {
  const { call } = await openLab();
  const form = {
    signup_code: 'secret',
    email: 'alice@example.org',
    password: 'wonderland',
    full_name: 'Alice',
  };
  const redirects = { onsuccess: '/in.html?a=1', onfailure: '/out.html' };
  expect(await call('POST', '/accounts/', { form: { ...form, ...redirects } })).toMatchObject({
    status: 303,
    headers: { location: '/in.html?a=1&success=true' },
  });
  expect(await call('POST', '/accounts/', { form: { ...form, ...redirects } })).toMatchObject({
    status: 303,
    headers: { location: '/out.html?error=true&status=409&message=ellis.account-exists' },
  });
  const logIn = await call('POST', '/session', { form: { ...form, onsuccess: '/home' } });
  expect(logIn.headers).toMatchObject({ location: '/home?success=true' });
  expect(String(logIn.headers['set-cookie'])).toMatch(/^username=/);
  expect(await call('POST', '/session', { form: { ...form, onsuccess: '//evil.example' } })).toMatchObject({
    status: 400,
  });
});

test('a recovery mail holds a link that sets a password once, within a day, and ends all sessions', async () => {
  const { call, asAlice, logIn, mails, ellis } = await openLab({ publicUrl: 'http://ellis.example.com' });
  const alice = await asAlice();
  const path = '/accounts/alice@example.org/password';
  expect(await call('POST', path, { form: { recover: 'true', email: 'alice@example.org' } })).toMatchObject({
    status: 200,
  });
  await ellis.mailsSent();
  const link = new URL(mails[0]?.link ?? '');
  expect(link.origin).toBe('http://ellis.example.com');
  const page = await call('GET', link.pathname + link.search);
  const token = link.searchParams.get('token') ?? '';
  expect(page.body).toContain(`name="recovery_token" value="${token}"`);
  expect(await call('POST', path, { json: { recovery_token: token, password: 'short' } })).toMatchObject({
    status: 400,
  });
  const change = { form: { password: 'looking-glass' }, headers: { 'NGV-Recovery-Token': token } };
  expect(await call('POST', path, change)).toMatchObject({ status: 200 });
  expect(await call('POST', path, change)).toMatchObject({ status: 422 });
  expect(await call('GET', NUMBERS, alice)).toMatchObject({ status: 403 });
  expect([(await logIn()).status, (await logIn(undefined, 'looking-glass')).status]).toEqual([403, 201]);
});

test('a recovery token is dead after 24 hours', async () => {
  const { call, signUp, mails, ellis, clock } = await openLab();
  await signUp();
  await call('POST', '/accounts/alice@example.org/password', { json: { recover: true } });
  await ellis.mailsSent();
  await clock.advance(86_400_001);
  const recovery_token = new URL(mails[0]?.link ?? '').searchParams.get('token');
  const reply = await call('POST', '/accounts/alice@example.org/password', {
    json: { recovery_token, password: 'looking-glass' },
  });
  expect(reply).toMatchObject({ status: 422, json: { code: 'ellis.bad-recovery-token' } });
});

test('recovery does not tell whether an address is known, and mails are throttled', async () => {
  const { call, mails, ellis } = await openLab();
  for (let count = 0; count < 5; count += 1) {
    expect(
      await call('POST', '/accounts/nobody@example.org/password', { json: { recover: true } }),
    ).toMatchObject({ status: 200 });
  }
  const refused = await call('POST', '/accounts/nobody@example.org/password', { json: { recover: true } });
  expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '864' } });
  await ellis.mailsSent();
  expect(mails).toEqual([]);
});

test('setting passwords by token is throttled after twenty', async () => {
  const { call } = await openLab();
  const attempt = (): Promise<CallReply> =>
    call('POST', '/accounts/alice@example.org/password', {
      json: { recovery_token: 'x', password: 'guessing' },
    });
  for (let count = 0; count < 20; count += 1) expect((await attempt()).status).toBe(422);
  expect(await attempt()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
});

test('without a mail server the recovery link is in the log', async () => {
  const { call, signUp, log, ellis } = await openLab({}, false);
  await signUp();
  await call('POST', '/accounts/alice@example.org/password', { json: { recover: true } });
  await ellis.mailsSent();
  const line = log.lines.find(({ event }) => event === 'ellis.recovery-link');
  expect(line?.fields['link']).toMatch(
    /^http:\/\/127\.0\.0\.1:8080\/recover\?email=alice%40example\.org&token=[\w-]{43}$/,
  );
});

test('the recovery page quotes what it was given', async () => {
  const { call } = await openLab();
  const page = await call(
    'GET',
    `/recover?${new URLSearchParams({ email: '"><script>', token: '"><script>', error: 'true' })}`,
  );
  expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  expect(page.body).not.toContain('<script>');
});

test('a number comes with identities, digest and a password; listing shows it', async () => {
  const { call, asAlice, provisioning } = await openLab({ numberPool: { first: '6505550000', count: 1 } });
  const alice = await asAlice();
  const created = await call('POST', NUMBERS, alice);
  const row = {
    sip_uri: numberOf(0),
    sip_username: '6505550000',
    domain: 'example.com',
    number: '6505550000',
    pstn: false,
    formatted_number: '(650) 555-0000',
    number_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    private_id: '6505550000@example.com',
    gab_listed: 1,
  };
  expect(created).toMatchObject({
    status: 200,
    json: { ...row, sip_password: expect.stringMatching(/^\w{9}$/) },
  });
  expect(provisioning.privates.get('6505550000@example.com')).toMatchObject({ realm: 'example.com' });
  expect((await call('GET', NUMBERS, alice)).json).toEqual({ numbers: [row] });
  expect(await call('POST', NUMBERS, alice)).toMatchObject({ status: 503, headers: { 'retry-after': '60' } });
});

test('a global number of the PSTN pool gets a sip: and a tel: identity in one set', async () => {
  const { call, asAlice, provisioning } = await openLab({
    pstnNumberPool: { first: '+16505559999', count: 1 },
  });
  const alice = await asAlice();
  expect(await call('POST', NUMBERS, { ...alice, form: { pstn: 'true' } })).toMatchObject({
    status: 200,
    json: { pstn: true, number: '+16505559999', private_id: '+16505559999@example.com' },
  });
  const [sip, tel] = ['sip:+16505559999@example.com', 'tel:+16505559999'].map(
    (impu) => provisioning.publics.get(impu)?.irs,
  );
  expect([sip, tel]).toEqual([expect.any(String), sip]);
});

test('a second number shares a private identity of the account, and outlives neither rule', async () => {
  const { call, asAlice, provisioning, signUp } = await openLab();
  const alice = await asAlice();
  const first = (await call('POST', NUMBERS, alice)).json;
  const shared = { ...alice, json: { private_id: first['private_id'] } };
  const second = await call('POST', NUMBERS, shared);
  expect(second).toMatchObject({ status: 200, json: { private_id: first['private_id'] } });
  expect(second.json).not.toHaveProperty('sip_password');
  await signUp('bob@example.org');
  const stolen = await call('POST', '/accounts/bob@example.org/numbers', {
    ...BY_KEY,
    json: { private_id: first['private_id'] },
  });
  expect(stolen).toMatchObject({ status: 404, json: { code: 'ellis.unknown-private-id' } });

  expect(await call('DELETE', `${NUMBERS}${first['sip_uri']}`, alice)).toMatchObject({
    status: 502,
    json: { detail: expect.any(String) },
  });
  expect(await call('DELETE', `${NUMBERS}${second.json['sip_uri']}/`, alice)).toMatchObject({
    status: 200,
    json: {},
  });
  expect(await call('DELETE', `${NUMBERS}${first['sip_uri']}`, alice)).toMatchObject({
    status: 200,
    body: '{}',
  });
  expect([provisioning.privates.size, provisioning.publics.size]).toEqual([0, 0]);
  expect(await call('DELETE', `${NUMBERS}${first['sip_uri']}`, alice)).toMatchObject({ status: 404 });
});

test('a particular number needs the API key; one that is taken or unknown is refused', async () => {
  const { call, asAlice, provisioning } = await openLab();
  const alice = await asAlice();
  const url = `${NUMBERS}sip:+4930123456@example.com/`;
  expect(await call('POST', url, alice)).toMatchObject({ status: 403 });
  expect(
    await call('POST', url, { ...BY_KEY, json: { private_id: 'alice@example.com', new_private_id: true } }),
  ).toMatchObject({
    status: 200,
    json: { private_id: 'alice@example.com', sip_password: expect.any(String) },
  });
  expect([...provisioning.publics.keys()]).toEqual(['sip:+4930123456@example.com', 'tel:+4930123456']);
  expect(await call('POST', url, BY_KEY)).toMatchObject({ status: 409 });
  expect(
    await call('POST', `${NUMBERS}${numberOf(1)}`, { ...BY_KEY, json: { private_id: 'nobody@example.com' } }),
  ).toMatchObject({ status: 404 });
  expect(await call('POST', `${NUMBERS}sip:alice@example.com`, BY_KEY)).toMatchObject({ status: 400 });
  expect(await call('POST', `/accounts/nobody@example.org/numbers/${numberOf(2)}`, BY_KEY)).toMatchObject({
    status: 404,
  });
});

test('a new SIP password replaces the old one; of a number of others there is none', async () => {
  const { call, asAlice, provisioning } = await openLab();
  const alice = await asAlice();
  const { sip_uri, private_id } = (await call('POST', NUMBERS, alice)).json;
  const before = provisioning.privates.get(String(private_id))?.digest_ha1;
  const reply = await call('POST', `${NUMBERS}${sip_uri}/password/`, alice);
  expect(reply).toMatchObject({ status: 200, json: { sip_password: expect.stringMatching(/^\w{9}$/) } });
  expect(provisioning.privates.get(String(private_id))?.digest_ha1).not.toBe(before);
  expect(await call('POST', `${NUMBERS}${numberOf(9)}/password`, alice)).toMatchObject({ status: 404 });
});

test('filter criteria go to Homestead and come from there; its refusal and its absence are told apart', async () => {
  const { call, asAlice, provisioning } = await openLab();
  const alice = await asAlice();
  const url = `${NUMBERS}${(await call('POST', NUMBERS, alice)).json['sip_uri']}/ifcs`;
  const xml = '<ServiceProfile><InitialFilterCriteria/></ServiceProfile>';
  expect(await call('PUT', url, { ...alice, text: xml })).toMatchObject({ status: 200 });
  expect(await call('GET', `${url}/`, alice)).toMatchObject({
    status: 200,
    body: xml,
    headers: { 'content-type': 'application/xml' },
  });
  expect(await call('PUT', url, { ...alice, text: '<Other/>' })).toMatchObject({ status: 400 });
  provisioning.fault = (): Fault => 'request-lost';
  expect(await call('GET', url, alice)).toMatchObject({ status: 502, json: { detail: expect.any(String) } });
  expect(await call('GET', `${NUMBERS}${numberOf(9)}/ifcs`, alice)).toMatchObject({ status: 404 });
});

test('the address book shows listed numbers by their owner, to those who logged in', async () => {
  const { call, asAlice } = await openLab();
  const alice = await asAlice();
  const uris = [
    (await call('POST', NUMBERS, alice)).json['sip_uri'],
    (await call('POST', NUMBERS, alice)).json['sip_uri'],
  ];
  const contacts = [{ full_name: 'Alice', sip_uris: [...uris].sort() }];
  for (const path of ['/gab/', '/1/gab/', '/gab'])
    expect((await call('GET', path, alice)).json).toEqual({ contacts });
  expect(await call('GET', '/gab/')).toMatchObject({ status: 403 });
  expect(await call('PUT', `${NUMBERS}${uris[0]}/listed/0`, alice)).toMatchObject({
    status: 200,
    body: '{}',
  });
  expect((await call('GET', `${NUMBERS}${uris[0]}/listed/`, alice)).json).toEqual({ gab_listed: 0 });
  expect((await call('GET', '/gab/', alice)).json).toEqual({
    contacts: [{ full_name: 'Alice', sip_uris: [uris[1]] }],
  });
  expect(await call('PUT', `${NUMBERS}${uris[0]}/listed/1/`, alice)).toMatchObject({ status: 200 });
  expect(await call('PUT', `${NUMBERS}${uris[0]}/listed/2`, alice)).toMatchObject({ status: 400 });
});

test('removing an account gives its numbers back and ends its sessions', async () => {
  const { call, asAlice, provisioning } = await openLab({ numberPool: { first: '6505550000', count: 1 } });
  const alice = await asAlice();
  await call('POST', NUMBERS, alice);
  expect(await call('DELETE', '/accounts/alice@example.org/', alice)).toMatchObject({
    status: 204,
    body: '',
  });
  expect(await call('GET', NUMBERS, alice)).toMatchObject({ status: 403 });
  expect(await call('DELETE', '/accounts/alice@example.org/', BY_KEY)).toMatchObject({ status: 404 });
  expect(provisioning.privates.size).toBe(0);
  expect(await call('POST', NUMBERS, await asAlice())).toMatchObject({ status: 200 });
});

test('a number asked for while its account is being removed is given back', async () => {
  const { call, asAlice, provisioning, vellum } = await openLab();
  const alice = await asAlice();
  const [removed, ...created] = await Promise.all([
    call('DELETE', '/accounts/alice@example.org', alice),
    ...Array.from({ length: 4 }, () => call('POST', NUMBERS, alice)),
  ]);
  expect(removed.status).toBe(204);
  expect(created.map(({ status }) => status)).toContain(404);
  expect(provisioning.privates.size).toBe(0);
  expect(await vellum.numbers.ofOwner('alice@example.org')).toEqual({ tag: 'found', value: [] });
});

test('an empty pool takes back the numbers of expired accounts', async () => {
  const { call, asAlice, signUp, clock } = await openLab({ numberPool: { first: '6505550000', count: 1 } });
  await signUp('guest@example.org', { expires: 1 });
  await call('POST', '/accounts/guest@example.org/numbers', BY_KEY);
  await clock.advance(86_400_000);
  expect(await call('POST', NUMBERS, await asAlice())).toMatchObject({
    status: 200,
    json: { number: '6505550000' },
  });
  expect(await call('GET', '/accounts/guest@example.org/numbers', BY_KEY)).toMatchObject({ status: 404 });
});

test('an account holds a bounded count of numbers', async () => {
  const { call, asAlice } = await openLab({ numbersPerAccountMax: 1 });
  const alice = await asAlice();
  expect([(await call('POST', NUMBERS, alice)).status, (await call('POST', NUMBERS, alice)).status]).toEqual([
    200, 403,
  ]);
});

test.each([
  [
    { numberPool: { first: '998', count: 3 } },
    'numberPool: its last number needs as many digits as its first',
  ],
  [{ colour: 'red' }, 'colour: unknown key (test)'],
  [{ numberPool: { first: '99x', count: 1 } }, 'numberPool.first'],
])('the settings %j stop the start', (settings, problem) => {
  const load = (more: object): unknown =>
    loadConfig(ellisConfig, [{ source: 'test', values: { signUpCode: 's', apiKey: 'k', ...more } }]);
  expect(load({ numberPool: { first: '998', count: 2 } })).toMatchObject({ port: 8080 });
  let problems: readonly string[] = [];
  try {
    load(settings);
  } catch (error) {
    problems = (error as { detail: { problems: string[] } }).detail.problems;
  }
  expect(problems).toEqual([expect.stringContaining(problem)]);
});
