import {
  applyRegister,
  EMPTY_RECORD,
  encodeRecord,
  type Impi,
  type Impu,
  parseRegData,
  REGISTRATION_TABLE,
} from '@clearwater/ims';
import { loadConfig, type Platform } from '@clearwater/platform';
import { FakeClock, MemoryLog, SeededRandom, TestMetrics } from '@clearwater/testkit';
import { ABSENT, type EmbeddedVellum, openEmbeddedVellum, type SubscriberTable } from '@clearwater/vellum';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createDime,
  type Dime,
  type DimeOptions,
  type DimeStores,
  dimeConfig,
  type SubscriberChange,
} from './mod.ts';

const ALICE = 'sip:alice@example.com';
const IMPI = 'alice@example.com';
const HA1 = 'c9e110b2b4669d563482ece1300c43d7'; // MD5 of alice@example.com:example.com:7kkzTyGW
const NO_SUCH = '00000000-0000-4000-8000-000000000000';
const SCSCF = 'sip:scscf.example.com:5054';
const CRITERIA =
  '<ServiceProfile><InitialFilterCriteria><Priority>1</Priority><ApplicationServer><ServerName>sip:mmtel.example.com</ServerName></ApplicationServer></InitialFilterCriteria></ServiceProfile>';

const config = loadConfig(dimeConfig, [
  { source: 'test', values: { homeDomain: 'example.com', scscfUri: SCSCF, ccfs: ['aaa://ccf'], ecfs: [] } },
]);
const enc = encodeURIComponent;
const identityXml = (impu: string, more = ''): string =>
  `<PublicIdentity>${more}<Identity>${impu}</Identity></PublicIdentity>`;

let clock: FakeClock;
let vellum: EmbeddedVellum;
let dime: Dime;
let changes: SubscriberChange[];

function platform(): Platform {
  return {
    clock,
    random: new SeededRandom(1),
    log: new MemoryLog(),
    metrics: new TestMetrics(),
    trace: { isOn: false, event: () => undefined },
    network: undefined as unknown as Platform['network'], // Dime has no sockets of its own but HTTP's
  };
}

function dimeOn(stores: DimeStores, http: DimeOptions['http'] = {}): Dime {
  return createDime({
    config,
    platform: platform(),
    stores,
    http,
    onSubscriberChange: (change) => changes.push(change),
  });
}

beforeEach(async () => {
  clock = new FakeClock();
  changes = [];
  vellum = await openEmbeddedVellum({ directory: ':memory:', platform: platform() });
  dime = dimeOn(vellum);
});

afterEach(() => vellum.part.stop?.());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const SERVERS = { sig: 0, mgmt: 1, prov: 2 } as const;

async function call(
  on: Dime,
  server: keyof typeof SERVERS,
  request: string,
  body?: string | object,
): Promise<Answer> {
  const [method, url] = request.split(' ') as ['GET', string];
  const payload =
    body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) };
  return await on.parts[SERVERS[server]].inject({ method, url, ...payload });
}

const sig = (request: string, body?: string | object): Promise<Answer> => call(dime, 'sig', request, body);
const prov = (request: string, body?: string | object): Promise<Answer> => call(dime, 'prov', request, body);

/** Alice, through the calls of the original API; the set and profile made for her. */
async function provisionAlice(): Promise<{ irs: string; sp: string; profile: string }> {
  await prov(`PUT /private/${enc(IMPI)}`, { plaintext_password: '7kkzTyGW', realm: 'example.com' });
  const irs = (await prov('POST /irs')).headers['location'] ?? '';
  const profile = (await prov(`POST ${irs}/service_profiles`)).headers['location'] ?? '';
  await prov(`PUT ${profile}/public_ids/${enc(ALICE)}`, identityXml(ALICE));
  await prov(`PUT ${profile}/filter_criteria`, CRITERIA);
  await prov(`PUT /private/${enc(IMPI)}/associated_implicit_registration_sets/${irs.slice('/irs/'.length)}`);
  return { irs, profile, sp: profile.slice(profile.lastIndexOf('/') + 1) };
}

async function register(expiresS: number): Promise<void> {
  const table = vellum.records.table(REGISTRATION_TABLE);
  const read = await table.get(ALICE);
  const outcome = applyRegister(
    EMPTY_RECORD,
    {
      impi: IMPI as Impi,
      callId: 'c',
      cseq: 1,
      contacts: [{ uri: 'sip:alice@192.0.2.1', parameters: {}, expiresS, qMilli: 1000 }],
      path: [],
      userAgent: '',
      source: '',
      registration: {
        scscfUri: SCSCF,
        serviceRoute: [],
        associated: [{ impu: ALICE as Impu, isBarred: false }],
      },
    },
    { nowMs: clock.now(), node: 'test' },
  );
  if (outcome.tag !== 'applied') throw new Error(outcome.tag);
  const expected = read.tag === 'found' ? read.version : ABSENT;
  const expiresAtMs = clock.now() + 3_600_000;
  expect(
    await table.compareAndSet(ALICE, expected, encodeRecord(outcome.record), { expiresAtMs }),
  ).toMatchObject({
    tag: 'stored',
  });
}

test('the digest is MD5 of identity, realm and password (RFC 7616 §3.4.2)', async () => {
  await provisionAlice();
  const { body } = await prov(`GET /private/${enc(IMPI)}`);
  expect(JSON.parse(body)).toEqual({ digest_ha1: HA1, realm: 'example.com', plaintext_password: '7kkzTyGW' });
});

const BOB = enc('sip:bob@example.com');
const A = enc(ALICE);
const I = enc(IMPI);
const selection = { 'result-code': 2001, scscf: SCSCF };
const digest = { digest: { ha1: HA1, realm: 'example.com', qop: 'auth' } };

const signalling: readonly (readonly [string, number, object?])[] = [
  ['GET /ping', 200],
  [`GET /impi/${I}/digest`, 200, { digest_ha1: HA1 }],
  [`GET /impi/${I}/digest?public_id=${A}`, 200, { digest_ha1: HA1 }],
  [`GET /impi/${I}/digest?public_id=${BOB}`, 404],
  ['GET /impi/nobody/digest', 404],
  [`GET /impi/${I}/av`, 200, digest],
  [`GET /impi/${I}/av?impu=${A}`, 200, digest],
  [`GET /impi/${I}/av?impu=${enc('SIP:alice@EXAMPLE.com:5060;transport=tcp')}`, 200, digest],
  [`GET /impi/${I}/av?impu=${BOB}`, 404],
  [`GET /impi/${I}/av?impu=nonsense`, 404],
  [`GET /impi/${I}/av/digest?impu=${A}&server-name=${enc(SCSCF)}`, 200, digest],
  [`GET /impi/${I}/av/aka?impu=${A}`, 404],
  [`GET /impi/${I}/av/aka2?impu=${A}`, 404],
  [`GET /impi/${I}/av/unheard-of`, 404],
  [`GET /impi/nobody/av?impu=${A}`, 404],
  ['GET /impi/a%20b/av', 404],
  [`GET /impi/${I}/registration-status?impu=${A}`, 200, selection],
  [`GET /impi/${I}/registration-status?impu=${A}&auth-type=DEREG`, 200, selection],
  [
    `GET /impi/${I}/registration-status?impu=${A}&auth-type=CAPAB&visited-network=v&sos=true`,
    200,
    { ...selection, 'mandatory-capabilities': [], 'optional-capabilities': [] },
  ],
  [`GET /impi/${I}/registration-status?impu=${A}&auth-type=OTHER`, 400],
  [`GET /impi/${I}/registration-status`, 400],
  [`GET /impi/${I}/registration-status?impu=${BOB}`, 404],
  [`GET /impi/nobody/registration-status?impu=${A}`, 404],
  [`GET /impi/carol@example.com/registration-status?impu=${A}`, 404],
  [`GET /impi/barred@example.com/registration-status?impu=${enc('sip:barred@example.com')}`, 403],
  [`GET /impu/${A}/location`, 200, selection],
  [
    `GET /impu/${A}/location?originating=true&auth-type=CAPAB`,
    200,
    { ...selection, 'mandatory-capabilities': [], 'optional-capabilities': [] },
  ],
  [`GET /impu/${BOB}/location`, 404],
  ['GET /impu/nonsense/location', 404],
  [`GET /impu/${A}/reg-data`, 200],
  [`GET /impu/${A}/reg-data?private_id=${I}`, 200],
  [`GET /impu/${A}/reg-data?private_id=carol@example.com`, 404],
  [`GET /impu/${BOB}/reg-data`, 404],
  [`POST /impu/${A}/reg-data`, 405],
  [`DELETE /impi/${I}/av`, 405],
  ['GET /nothing', 404],
];

test('signalling answers every request of the original as documented', async () => {
  await provisionAlice();
  await prov('PUT /private/carol@example.com', { digest_ha1: HA1.toUpperCase() });
  const barred = identityXml('sip:barred@example.com', '<BarringIndication>1</BarringIndication>');
  const made = await prov(`PUT /subscribers/${enc('sip:barred@example.com')}`, {
    private_id: 'barred@example.com',
    plaintext_password: 'x',
  });
  const { irs, sp } = JSON.parse(made.body) as { irs: string; sp: string };
  const path = `/irs/${irs}/service_profiles/${sp}/public_ids/${enc('sip:barred@example.com')}`;
  expect((await prov(`PUT ${path}`, barred)).status).toBe(200);
  for (const [request, status, body] of signalling) {
    const answer = await sig(request);
    expect([request, answer.status]).toEqual([request, status]);
    if (body !== undefined) expect(JSON.parse(answer.body)).toEqual(body);
  }
});

test('reg-data carries state, whole profile and charging functions', async () => {
  await provisionAlice();
  const { body, headers } = await sig(`GET /impu/${A}/reg-data`);
  expect(headers['content-type']).toContain('application/xml');
  const parsed = parseRegData(body);
  expect(parsed).toMatchObject({
    regData: {
      registrationState: 'NOT_REGISTERED',
      charging: { ccfs: ['aaa://ccf'], ecfs: [] },
      subscription: {
        privateId: 'Unspecified',
        defaultImpu: ALICE,
        serviceProfiles: [
          {
            identities: [{ impu: ALICE }],
            initialFilterCriteria: [{ applicationServer: { serverName: 'sip:mmtel.example.com' } }],
          },
        ],
      },
    },
  });
  expect((await call(dime, 'mgmt', `GET /impu/${A}/reg-data`)).body).toBe(body);
  expect((await call(dime, 'mgmt', `PUT /impu/${A}/reg-data`, { reqtype: 'reg' })).status).toBe(405);
  expect((await call(dime, 'mgmt', 'GET /ping')).status).toBe(200);
});

async function put(reqtype: string, query = ''): Promise<readonly (number | string | undefined)[]> {
  const { status, body } = await sig(`PUT /impu/${A}/reg-data${query}`, { reqtype });
  const parsed = parseRegData(body);
  if (parsed.tag !== 'parsed') return [status];
  return [status, parsed.regData.registrationState, parsed.regData.previousRegistrationState];
}

test('the state before and after each kind of assignment is derived from the registration record', async () => {
  await provisionAlice();
  expect(await put('reg', `?private_id=${I}`)).toEqual([200, 'REGISTERED', 'NOT_REGISTERED']);
  expect(await put('call')).toEqual([200, 'UNREGISTERED', 'NOT_REGISTERED']);
  for (const reqtype of ['dereg-user', 'dereg-admin', 'dereg-timeout'])
    expect(await put(reqtype)).toEqual([400]);
  expect(await put('dereg-auth-failed')).toEqual([200, 'NOT_REGISTERED', undefined]);

  await register(300);
  expect(await put('reg', `?private_id=${I}`)).toEqual([200, 'REGISTERED', 'REGISTERED']);
  expect(await put('call')).toEqual([200, 'REGISTERED', 'REGISTERED']);
  expect(await put('dereg-auth-timeout')).toEqual([200, 'REGISTERED', undefined]);
  for (const reqtype of ['dereg-user', 'dereg-admin', 'dereg-timeout']) {
    expect(await put(reqtype)).toEqual([200, 'NOT_REGISTERED', undefined]);
  }
  const status = await sig(`GET /impi/${I}/registration-status?impu=${A}`);
  expect(JSON.parse(status.body)).toEqual({ 'result-code': 2002, scscf: SCSCF });

  await clock.advance(300_000);
  expect(await put('reg')).toEqual([200, 'REGISTERED', 'NOT_REGISTERED']);
  expect(await put('dereg-timeout')).toEqual([200, 'NOT_REGISTERED', undefined]);
});

test('a barred identity is not the default one', async () => {
  const { profile } = await provisionAlice();
  await register(300);
  const bar = (barring: string): Promise<Answer> =>
    prov(
      `PUT ${profile}/public_ids/${A}`,
      identityXml(ALICE, `<BarringIndication> ${barring} </BarringIndication>`),
    );
  await prov(`PUT ${profile}/public_ids/${BOB}`, identityXml('sip:bob@example.com'));
  await bar('0');
  expect(await put('reg')).toEqual([200, 'REGISTERED', 'REGISTERED']);
  for (const barring of ['1', 'true']) {
    await bar(barring);
    expect(await put('reg')).toEqual([200, 'REGISTERED', 'NOT_REGISTERED']);
    expect((await sig(`GET /impi/${I}/registration-status?impu=${A}`)).status).toBe(200);
  }
});

test('an assignment that makes no sense is refused', async () => {
  await provisionAlice();
  expect(await put('unheard-of')).toEqual([400]);
  expect(await put('reg', '?private_id=carol@example.com')).toEqual([404]);
  expect((await sig(`PUT /impu/${BOB}/reg-data`, { reqtype: 'reg' })).status).toBe(404);
  for (const body of ['', 'not json', '{}', '{"reqtype":7}']) {
    expect((await sig(`PUT /impu/${A}/reg-data`, body)).status).toBe(400);
  }
});

test('a deleted user and a changed password are noticed by the next request', async () => {
  const { irs } = await provisionAlice();
  await prov(`PUT /private/${I}`, { digest_ha1: 'f'.repeat(32), realm: 'example.com' });
  expect((await sig(`GET /impi/${I}/av`)).body).toContain('f'.repeat(32));
  expect(changes.at(-1)).toEqual({ impis: [IMPI], impus: [ALICE] });
  await prov(`DELETE ${irs}`);
  expect(changes.at(-1)).toEqual({ impis: [IMPI], impus: [ALICE] });
  expect((await sig(`GET /impu/${A}/location`)).status).toBe(404);
  expect((await sig(`GET /impi/${I}/av?impu=${A}`)).status).toBe(404);
  const count = changes.length;
  await prov(`DELETE ${irs}`);
  expect(changes.length).toBe(count);
});

// Each row in order, on one database: request, body, status, and what the answer holds.
const SETS = 'associated_implicit_registration_sets';
type Row = readonly [request: string, body: string | object | undefined, status: number, holds?: unknown];
const provisioning = (irs: string, sp: string): readonly Row[] => [
  ['GET /ping', undefined, 200],
  [`PUT /private/${I}`, undefined, 400],
  [`PUT /private/${I}`, 'not json', 400],
  [`PUT /private/${I}`, {}, 400],
  [`PUT /private/${I}`, { realm: 'example.com' }, 400],
  [`PUT /private/${I}`, { digest_ha1: HA1, plaintext_password: 'x', realm: 'example.com' }, 400],
  [`PUT /private/${I}`, { digest_ha1: 'short', realm: 'example.com' }, 400],
  ['PUT /private/a%20b', { digest_ha1: HA1 }, 400],
  [`GET /private/${I}`, undefined, 404],
  [`PUT /private/${I}`, { digest_ha1: HA1, realm: 'example.com' }, 200],
  [`GET /private/${I}`, undefined, 200, { digest_ha1: HA1, realm: 'example.com' }],
  [`GET /private/${I}/${SETS}`, undefined, 200, { [SETS]: [] }],
  [`GET /private/nobody/${SETS}`, undefined, 404],
  [`PUT /private/${I}/${SETS}/${irs}`, undefined, 200],
  [`PUT /private/nobody/${SETS}/${irs}`, undefined, 404],
  [`PUT /private/${I}/${SETS}/${NO_SUCH}`, undefined, 404],
  [`PUT /private/${I}/${SETS}/${irs}`, 'a body', 400],
  [`GET /private/${I}/${SETS}`, undefined, 200, { [SETS]: [irs] }],
  [`GET /private/${I}/associated_public_ids`, undefined, 200, { associated_public_ids: [] }],
  ['GET /private/nobody/associated_public_ids', undefined, 404],
  [`GET /irs/${irs}/private_ids`, undefined, 200, { private_ids: [IMPI] }],
  [`GET /irs/${NO_SUCH}/private_ids`, undefined, 404],
  [`DELETE /private/${I}/${SETS}/${irs}`, undefined, 200],
  [`DELETE /private/${I}/${SETS}/${irs}`, undefined, 204],
  [`PUT /irs/${irs}/private_ids/${I}`, undefined, 200],
  [`PUT /irs/${NO_SUCH}/private_ids/${I}`, undefined, 404],
  [`DELETE /irs/${irs}/private_ids/${I}`, undefined, 200],
  [`DELETE /irs/${irs}/private_ids/${I}`, undefined, 204],
  [`PUT /irs/${irs}/private_ids/${I}`, undefined, 200],
  [`POST /irs/${NO_SUCH}/service_profiles`, undefined, 404],
  [`GET /irs/${irs}/service_profiles/${sp}/public_ids`, undefined, 200, { public_ids: [] }],
  [`GET /irs/${irs}/service_profiles/${NO_SUCH}/public_ids`, undefined, 404],
  [`PUT /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, undefined, 400],
  [`PUT /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, '<PublicIdentity>', 400],
  [`PUT /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, '<Other/>', 400],
  [`PUT /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, identityXml('sip:bob@example.com'), 403],
  [`PUT /irs/${irs}/service_profiles/${sp}/public_ids/nonsense`, identityXml(ALICE), 400],
  [`PUT /irs/${irs}/service_profiles/${NO_SUCH}/public_ids/${A}`, identityXml(ALICE), 404],
  [`GET /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, undefined, 404],
  [`PUT /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, identityXml(ALICE), 200],
  [
    `PUT /irs/${irs}/service_profiles/${sp}/public_ids/${enc('sip:alice@EXAMPLE.com')}`,
    identityXml('SIP:alice@example.com'),
    200,
  ],
  [
    `GET /irs/${irs}/service_profiles/${sp}/public_ids/${A}`,
    undefined,
    200,
    'sip:alice@example.com'.slice(4),
  ],
  [`GET /irs/${irs}/service_profiles/${sp}/public_ids/nonsense`, undefined, 404],
  [`GET /irs/${NO_SUCH}/service_profiles/${sp}/public_ids/${A}`, undefined, 403],
  [`GET /irs/${irs}/service_profiles/${sp}/public_ids`, undefined, 200, { public_ids: [ALICE] }],
  [`GET /irs/${irs}/public_ids`, undefined, 200, { public_ids: [ALICE] }],
  [`GET /irs/${NO_SUCH}/public_ids`, undefined, 404],
  [`GET /private/${I}/associated_public_ids`, undefined, 200, { associated_public_ids: [ALICE] }],
  [
    `GET /irs/${irs}/service_profiles/${sp}/filter_criteria`,
    undefined,
    200,
    '<ServiceProfile></ServiceProfile>',
  ],
  [`PUT /irs/${irs}/service_profiles/${sp}/filter_criteria`, undefined, 400],
  [`PUT /irs/${irs}/service_profiles/${sp}/filter_criteria`, '<ServiceProfile>', 400],
  [
    `PUT /irs/${irs}/service_profiles/${sp}/filter_criteria`,
    `<ServiceProfile>${identityXml('sip:smuggled@example.com')}</ServiceProfile>`,
    400,
  ],
  [`PUT /irs/${irs}/service_profiles/${sp}/filter_criteria`, CRITERIA, 200],
  [`PUT /irs/${irs}/service_profiles/${NO_SUCH}/filter_criteria`, CRITERIA, 404],
  [`GET /irs/${irs}/service_profiles/${sp}/filter_criteria`, undefined, 200, CRITERIA],
  [`GET /irs/${irs}/service_profiles/${NO_SUCH}/filter_criteria`, undefined, 404],
  [`GET /public/${A}/service_profile`, undefined, 303, `/irs/${irs}/service_profiles/${sp}`],
  [`GET /public/${BOB}/service_profile`, undefined, 404],
  [`GET /public/${A}/irs`, undefined, 303, `/irs/${irs}`],
  [`GET /public/${BOB}/irs`, undefined, 404],
  [`GET /public/${A}/associated_private_ids`, undefined, 200, { private_ids: [IMPI] }],
  [`GET /public/${BOB}/associated_private_ids`, undefined, 404],
  ['GET /public/nonsense/associated_private_ids', undefined, 404],
  ['GET /public/', undefined, 200, { public_ids: [{ public_id: ALICE, sp, irs }] }],
  ['GET /public/?excludeuuids=true', undefined, 200, { public_ids: [{ public_id: ALICE }] }],
  ['GET /public/?chunk=256', undefined, 400],
  ['GET /public/?chunk=x', undefined, 400],
  [`DELETE /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, undefined, 200],
  [`DELETE /irs/${irs}/service_profiles/${sp}/public_ids/${A}`, undefined, 204],
  [`DELETE /irs/${irs}/service_profiles/${sp}/public_ids/nonsense`, undefined, 204],
  [`DELETE /irs/${irs}/service_profiles/${sp}`, undefined, 200],
  [`DELETE /irs/${irs}/service_profiles/${sp}`, undefined, 204],
  [`DELETE /irs/${irs}`, undefined, 200],
  [`DELETE /irs/${irs}`, undefined, 204],
  [`DELETE /private/${I}`, undefined, 200],
  [`DELETE /private/${I}`, undefined, 204],
  ['PATCH /irs', undefined, 405],
  ['GET /unknown', undefined, 404],
];

test('provisioning answers every request of the original as documented', async () => {
  const irs = (await prov('POST /irs')).headers['location']?.slice('/irs/'.length) ?? '';
  const profile = (await prov(`POST /irs/${irs}/service_profiles`)).headers['location'] ?? '';
  const sp = profile.slice(profile.lastIndexOf('/') + 1);
  expect(profile).toBe(`/irs/${irs}/service_profiles/${sp}`);
  expect(irs).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  for (const [request, body, status, holds] of provisioning(irs, sp)) {
    const answer = await prov(request, body);
    expect([request, answer.status]).toEqual([request, status]);
    if (status === 303) expect([request, answer.headers['location']]).toEqual([request, holds]);
    else if (typeof holds === 'string') expect(answer.body).toContain(holds);
    else if (holds !== undefined) expect([request, JSON.parse(answer.body)]).toEqual([request, holds]);
  }
});

test('children of another set are 403, for reading, writing and removing', async () => {
  const { sp } = await provisionAlice();
  const other = (await prov('POST /irs')).headers['location'] ?? '';
  const wrong = `${other}/service_profiles/${sp}`;
  const rows: readonly (readonly [string, string?])[] = [
    [`GET ${wrong}/public_ids`],
    [`PUT ${wrong}/public_ids/${A}`, identityXml(ALICE)],
    [`GET ${wrong}/public_ids/${A}`],
    [`DELETE ${wrong}/public_ids/${A}`],
    [`GET ${wrong}/filter_criteria`],
    [`PUT ${wrong}/filter_criteria`, CRITERIA],
    [`DELETE ${wrong}`],
  ];
  for (const [request, body] of rows) {
    expect([request, (await prov(request, body)).status]).toEqual([request, 403]);
  }
});

test('the chunks of a listing are disjoint and together the whole; pages too', async () => {
  const { profile } = await provisionAlice();
  const impus = Array.from({ length: 40 }, (_, at) => `sip:user${at}@example.com`);
  for (const impu of impus) await prov(`PUT ${profile}/public_ids/${enc(impu)}`, identityXml(impu));
  const names = ({ body }: Answer): string[] =>
    (JSON.parse(body) as { public_ids: { public_id: string }[] }).public_ids.map((entry) => entry.public_id);
  const all = names(await prov('GET /public?excludeuuids=true'));
  expect(all.toSorted()).toEqual([ALICE, ...impus].toSorted());

  const chunks = await Promise.all(
    [0, 1, 2].map((chunk) => prov(`GET /public?chunk-proportion=3&chunk=${chunk}`)),
  );
  expect(chunks.flatMap(names).toSorted()).toEqual(all.toSorted());
  expect(chunks.every((chunk) => names(chunk).length > 0)).toBe(true);

  const paged: string[] = [];
  let after = '';
  for (let pages = 0; pages < 10; pages += 1) {
    const page = await prov(`GET /public?limit=9${after === '' ? '' : `&after=${enc(after)}`}`);
    paged.push(...names(page));
    after = (JSON.parse(page.body) as { next?: string }).next ?? '';
    if (after === '') break;
  }
  expect(paged).toEqual(all);
});

test('a subscriber is made in one write, and joined by further identities', async () => {
  const put = (impu: string, body: object): Promise<Answer> => prov(`PUT /subscribers/${enc(impu)}`, body);
  const body = { private_id: '+16505550000@example.com', plaintext_password: 'x', filter_criteria: CRITERIA };
  const made = await put('sip:+16505550000@example.com', body);
  const { irs, sp } = JSON.parse(made.body) as { irs: string; sp: string };
  const tel = await put('tel:+1-650-555-0000', { ...body, filter_criteria: undefined, irs, sp });
  expect([made.status, tel.status]).toEqual([200, 200]);
  const regData = await sig(`GET /impu/${enc('tel:+16505550000')}/reg-data`);
  expect(parseRegData(regData.body)).toMatchObject({
    regData: {
      subscription: {
        defaultImpu: 'sip:+16505550000@example.com',
        identities: [{ impu: 'sip:+16505550000@example.com' }, { impu: 'tel:+16505550000' }],
        serviceProfiles: [{ initialFilterCriteria: [{ priority: 1 }] }],
      },
    },
  });
  expect(JSON.parse((await prov(`GET /private/${enc('+16505550000@example.com')}`)).body)).not.toHaveProperty(
    'plaintext_password',
  );

  const again = await put('tel:+16505550000', { private_id: 'two@example.com', digest_ha1: HA1 });
  expect(JSON.parse(again.body)).toEqual({ irs, sp });
  expect(JSON.parse((await prov(`GET /irs/${irs}/private_ids`)).body)).toEqual({
    private_ids: ['+16505550000@example.com', 'two@example.com'],
  });
  expect((await prov(`GET /irs/${irs}/service_profiles/${sp}/filter_criteria`)).body).toBe(CRITERIA);

  const elsewhere = { ...body, irs: NO_SUCH, sp: NO_SUCH };
  expect((await put('tel:+16505550000', elsewhere)).status).toBe(403);
  const smuggled = `<ServiceProfile>${identityXml(ALICE)}</ServiceProfile>`;
  for (const wrong of [
    { private_id: 'a b' },
    { irs: 'x' },
    { digest_ha1: HA1 },
    { filter_criteria: '<x' },
    { filter_criteria: smuggled },
  ]) {
    expect((await put(ALICE, { ...body, ...wrong })).status).toBe(400);
  }
  expect((await put('nonsense', body)).status).toBe(400);
});

const away: SubscriberTable = new Proxy({} as SubscriberTable, {
  get: () => () => Promise.resolve({ tag: 'unavailable', reason: 'down' }),
});

test('a subscriber database that is away is 503 everywhere, never 404', async () => {
  const down = dimeOn({ records: vellum.records, subscribers: away }, { readiness: () => 'down' });
  const requests: readonly (readonly ['sig' | 'mgmt' | 'prov', string, (string | object)?])[] = [
    ['sig', `GET /impi/${I}/digest`],
    ['sig', `GET /impi/${I}/av?impu=${A}`],
    ['sig', `GET /impi/${I}/av/digest`],
    ['sig', `GET /impi/${I}/registration-status?impu=${A}`],
    ['sig', `GET /impu/${A}/location`],
    ['sig', `GET /impu/${A}/reg-data`],
    ['sig', `PUT /impu/${A}/reg-data`, { reqtype: 'call' }],
    ['mgmt', `GET /impu/${A}/reg-data`],
    ['prov', `PUT /private/${I}`, { digest_ha1: HA1 }],
    ['prov', `GET /private/${I}`],
    ['prov', `DELETE /private/${I}`],
    ['prov', `GET /private/${I}/${SETS}`],
    ['prov', `PUT /private/${I}/${SETS}/${NO_SUCH}`],
    ['prov', `DELETE /private/${I}/${SETS}/${NO_SUCH}`],
    ['prov', `GET /private/${I}/associated_public_ids`],
    ['prov', 'POST /irs'],
    ['prov', `DELETE /irs/${NO_SUCH}`],
    ['prov', `GET /irs/${NO_SUCH}/public_ids`],
    ['prov', `POST /irs/${NO_SUCH}/service_profiles`],
    ['prov', `GET /irs/${NO_SUCH}/service_profiles/${NO_SUCH}/public_ids`],
    ['prov', `PUT /irs/${NO_SUCH}/service_profiles/${NO_SUCH}/public_ids/${A}`, identityXml(ALICE)],
    ['prov', `GET /irs/${NO_SUCH}/service_profiles/${NO_SUCH}/public_ids/${A}`],
    ['prov', `PUT /irs/${NO_SUCH}/service_profiles/${NO_SUCH}/filter_criteria`, CRITERIA],
    ['prov', `GET /irs/${NO_SUCH}/service_profiles/${NO_SUCH}/filter_criteria`],
    ['prov', `GET /public/${A}/irs`],
    ['prov', `GET /public/${A}/associated_private_ids`],
    ['prov', 'GET /public'],
    ['prov', 'GET /public?limit=5'],
    ['prov', `PUT /subscribers/${A}`, { private_id: IMPI, digest_ha1: HA1 }],
  ];
  for (const [server, request, body] of requests) {
    const answer = await call(down, server, request, body);
    expect([request, answer.status, answer.headers['retry-after']]).toEqual([request, 503, '1']);
  }
  expect((await call(down, 'sig', 'GET /readyz')).status).toBe(503);
});

test('registration records that are away are 504, where they are needed', async () => {
  await provisionAlice();
  const table = vellum.records.table(REGISTRATION_TABLE);
  const silent = { ...table, get: () => Promise.resolve({ tag: 'unavailable', reason: 'down' } as const) };
  const down = dimeOn({ records: { table: () => silent }, subscribers: vellum.subscribers });
  expect((await call(down, 'sig', `GET /impi/${I}/registration-status?impu=${A}`)).status).toBe(504);
  expect((await call(down, 'sig', `GET /impu/${A}/reg-data`)).status).toBe(504);
  expect((await call(down, 'sig', `PUT /impu/${A}/reg-data`, { reqtype: 'reg' })).status).toBe(504);
  expect((await call(down, 'sig', `GET /impu/${A}/location`)).status).toBe(200);
});

test('a write whose outcome is unknown is 503 and reported as a change', async () => {
  const unsure = new Proxy({} as SubscriberTable, {
    get: (_target, name) => () =>
      Promise.resolve(
        String(name).startsWith('put') ? { tag: 'unknown', reason: 'time-out' } : { tag: 'found', value: [] },
      ),
  });
  const answer = await call(
    dimeOn({ records: vellum.records, subscribers: unsure }),
    'prov',
    `PUT /private/${I}`,
    { digest_ha1: HA1 },
  );
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([503, 'dime.outcome-unknown']);
  expect(changes).toEqual([{ impis: [IMPI], impus: [] }]);
});

test('callers in the same process get what HTTP carries', async () => {
  await provisionAlice();
  await expect(
    dime.homestead.getAuthVector({ params: { impi: IMPI }, query: { impu: ALICE } }),
  ).resolves.toEqual({
    status: 200,
    body: digest,
  });
  const listed = await dime.provisioning.listPublics({ query: { excludeuuids: true } });
  expect(listed.body).toEqual({ public_ids: [{ public_id: ALICE }] });
});
