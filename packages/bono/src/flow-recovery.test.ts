import {
  type AssociatedIdentity,
  applyRegister,
  EMPTY_RECORD,
  encodeRecord,
  type Impi,
  type Impu,
} from '@clearwater/ims';
import type { Flow } from '@clearwater/sip';
import { FakeClock, MemoryLog } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { FlowRecovery, type Recovered, type RegDataSource } from './flow-recovery.ts';
import { FlowTokens } from './flow-token.ts';
import { TestRecords } from './testing/scripted-core.ts';

const ALICE = 'sip:alice@example.com' as Impu;
const FLOW = {
  connection: 0,
  local: { host: '10.0.0.1', port: 5060 },
  remote: { host: '192.0.2.7', port: 5062 },
} as Flow;
const OTHER = { ...FLOW, remote: { host: '192.0.2.7', port: 5063 } } as Flow;

interface Stored {
  readonly path?: string;
  readonly expiresS?: number;
  readonly associated?: readonly AssociatedIdentity[];
}

function setUp({
  homestead = { status: 404 } as { status: number; body?: unknown },
  concurrentMax = 10,
} = {}) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const records = new TestRecords();
  const keys = { current: { id: 1, secret: Buffer.alloc(32, 1) }, previous: [] };
  const tokens = new FlowTokens(keys, { nodeId: 'bono-1', bootId: Buffer.from('boot-1') }, () => clock.now());
  const source: RegDataSource = { getRegData: () => Promise.resolve(homestead) };
  const recovery = new FlowRecovery({
    records, homestead: source, tokens, clock, log, coreHost: 'bono.example.com', concurrentMax,
  }); // biome-ignore format: one list
  const pathTo = (flow: Flow, host = 'bono.example.com'): string =>
    `<sip:${tokens.seal(flow)}@${host}:5058;lr>`;
  const store = ({
    path = pathTo(FLOW),
    expiresS = 300,
    associated = [{ impu: ALICE, isBarred: false }],
  }: Stored = {}): void => {
    const outcome = applyRegister(
      EMPTY_RECORD,
      {
        impi: 'alice@example.com' as Impi,
        callId: 'c',
        cseq: 1,
        contacts: [{ uri: 'sip:alice@192.0.2.7', parameters: {}, expiresS, qMilli: 1_000 }],
        path: ['<sip:inner.example.com;lr>', path],
        userAgent: '',
        source: '',
        registration: {
          scscfUri: 'sip:scscf.example.com',
          serviceRoute: ['<sip:scscf.example.com;lr>'],
          associated,
        },
      },
      { nowMs: clock.now(), node: 'test' },
    );
    if (outcome.tag === 'applied') records.values.set(ALICE, encodeRecord(outcome.record));
  };
  return {
    clock,
    log,
    records,
    recovery,
    store,
    pathTo,
    recover: (flow = FLOW): Promise<Recovered> => recovery.recover(flow, ALICE),
  };
}

test('a flow that a live binding names is registered, with the identities that are not barred', async () => {
  const { clock, store, recover } = setUp();
  const tel = 'tel:+1555' as Impu;
  store({
    associated: [
      { impu: 'sip:barred@example.com' as Impu, isBarred: true },
      { impu: ALICE, isBarred: false },
      { impu: tel, isBarred: false },
    ],
  });
  expect(await recover()).toEqual({
    tag: 'registered',
    registration: {
      impi: 'alice@example.com',
      identities: [
        { uri: ALICE, impu: ALICE },
        { uri: tel, impu: tel },
      ],
      serviceRoute: ['<sip:scscf.example.com;lr>'],
      expiresAtMs: clock.now() + 300_000,
    },
  });
  expect((await recover(OTHER)).tag).toBe('unregistered');
});

test('a binding that expired, or whose Path names another host, registers nothing', async () => {
  const { clock, store, pathTo, recover } = setUp();
  store({ path: pathTo(FLOW, 'evil.example.com') });
  expect((await recover()).tag).toBe('unregistered');
  store({ path: '<sip:token@bono.example.com:5058;lr>' });
  expect((await recover()).tag).toBe('unregistered');
  store({ associated: [{ impu: ALICE, isBarred: true }] });
  expect((await recover()).tag).toBe('unregistered');
  store();
  await clock.advance(300_000);
  expect((await recover()).tag).toBe('unregistered');
});

test.each([
  ['nobody by that name', { status: 404 }, 'unregistered'],
  ['a store behind Homestead is away', { status: 503 }, 'unavailable'],
  ['an answer that is no reg-data', { status: 200, body: '<x/>' }, 'unavailable'],
])('no record under the identity itself, and Homestead says: %s', async (_, homestead, expected) => {
  expect((await setUp({ homestead }).recover()).tag).toBe(expected);
});

test('a record that cannot be read is unavailable, and logged; so is one lookup too many', async () => {
  const { log, records, recover } = setUp({ concurrentMax: 1 });
  records.values.set(ALICE, '{}');
  const [first, second] = await Promise.all([recover(), recover()]);
  expect([first.tag, second.tag, log.events()]).toEqual([
    'unavailable',
    'unavailable',
    ['bono.recovery-failed'],
  ]);
  records.values.clear();
  expect((await recover()).tag).toBe('unregistered');
});
