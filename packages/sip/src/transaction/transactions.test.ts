import { RingTrace } from '@clearwater/platform';
import { createTestPlatform, FakeClock } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRequest, createResponse, type SipRequest, type SipResponse } from '../message/mod.ts';
import type { Flow } from '../transport/flow.ts';
import { ClientTransaction } from './client-transaction.ts';
import { INVITE_CLIENT } from './invite-client.ts';
import { INVITE_SERVER } from './invite-server.ts';
import { type Input, type Machine, step } from './machine.ts';
import { NON_INVITE_CLIENT } from './non-invite-client.ts';
import { NON_INVITE_SERVER } from './non-invite-server.ts';
import { ServerTransaction } from './server-transaction.ts';
import { CELLULAR_TIMERS, RFC_TIMERS, type TimerProfile } from './timers.ts';
import { TransactionLayer } from './transaction-layer.ts';

interface Sent {
  readonly atMs: number;
  readonly line: string;
}

function createFlow(
  clock: FakeClock,
  transport: 'UDP' | 'TCP',
  timers: TimerProfile = RFC_TIMERS,
): Flow & { readonly sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    transport,
    listener: 'test',
    local: { host: '10.0.0.1', port: 5060 },
    remote: { host: '10.0.0.2', port: 5060 },
    connection: transport === 'TCP' ? 1 : 0,
    isOpen: true,
    sentBy: '10.0.0.1:5060',
    timers,
    sent,
    send: (bytes) => {
      sent.push({
        atMs: clock.monotonic(),
        line: bytes.toString('latin1').split(' SIP/2.0')[0]?.split('\r')[0] ?? '',
      });
    },
  };
}

function request(method: string): SipRequest {
  return createRequest({
    method,
    uri: 'sip:bob@example.com',
    headers: [
      ['Via', 'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKtest'],
      ['From', '<sip:alice@example.com>;tag=a'],
      ['To', '<sip:bob@example.com>'],
      ['Call-ID', 'c1'],
      ['CSeq', `1 ${method}`],
    ],
  });
}

function response(to: SipRequest, status: number, toTag = 'b'): SipResponse {
  return createResponse(to, status, undefined, { toTag });
}

function client(method: string, transport: 'UDP' | 'TCP' = 'UDP', profile: TimerProfile = RFC_TIMERS) {
  const clock = new FakeClock();
  const flow = createFlow(clock, transport, profile);
  const heard: (number | string)[] = [];
  let terminatedAtMs: number | undefined;
  const sent = request(method);
  const user = {
    onResponse: ({ status }: SipResponse) => heard.push(status),
    onTimeout: () => heard.push('timeout'),
    onUnreachable: () => heard.push('unreachable'),
  };
  const transaction = new ClientTransaction(sent, flow, 'key', user, {
    clock,
    trace: new RingTrace({ clock }),
    onTerminated: () => {
      terminatedAtMs = clock.monotonic();
    },
  });
  const answer = (status: number, toTag?: string): void =>
    transaction.onResponse(response(sent, status, toTag));
  return { clock, flow, heard, transaction, answer, terminatedAtMs: () => terminatedAtMs };
}

function server(method: string, transport: 'UDP' | 'TCP' = 'UDP') {
  const clock = new FakeClock();
  const flow = createFlow(clock, transport);
  const heard: string[] = [];
  let terminatedAtMs: number | undefined;
  const received = request(method);
  const transaction = new ServerTransaction(received, flow, flow, 'key', {
    clock,
    trace: new RingTrace({ clock }),
    onMisplacedResponse: () => heard.push('misplaced'),
    onTerminated: () => {
      terminatedAtMs = clock.monotonic();
    },
  });
  const respond = (status: number): void => transaction.respond(response(received, status));
  return { clock, flow, heard, transaction, respond, received, terminatedAtMs: () => terminatedAtMs };
}

const times = (flow: { readonly sent: Sent[] }): number[] => flow.sent.map(({ atMs }) => atMs);

test('an INVITE repeats at T1, doubling without a cap, and ends with timer B (RFC 3261 §17.1.1.2)', async () => {
  const { clock, flow, heard, terminatedAtMs } = client('INVITE');
  await clock.advance(40_000);
  expect(times(flow)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
  expect(heard).toEqual(['timeout']);
  expect(terminatedAtMs()).toBe(32_000);
});

test('a non-INVITE repeats at T1, doubling to T2, and ends with timer F (§17.1.2.2)', async () => {
  const { clock, flow, heard } = client('MESSAGE');
  await clock.advance(40_000);
  expect(times(flow)).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
  expect(heard).toEqual(['timeout']);
});

test('towards a cellular access the timers are those of TS 24.229 Table 7.7.1', async () => {
  const { clock, flow } = client('MESSAGE', 'UDP', CELLULAR_TIMERS);
  await clock.advance(128_000);
  expect(times(flow).slice(0, 6)).toEqual([0, 2_000, 6_000, 14_000, 30_000, 46_000]);
});

test('a provisional response stops an INVITE from repeating, and makes a non-INVITE repeat every T2', async () => {
  const invite = client('INVITE');
  await invite.clock.advance(600);
  invite.answer(180);
  await invite.clock.advance(100_000);
  expect(times(invite.flow)).toEqual([0, 500]);
  expect(invite.heard).toEqual([180]);
  const message = client('MESSAGE');
  message.answer(100);
  await message.clock.advance(10_000);
  expect(times(message.flow)).toEqual([0, 500, 4_500, 8_500]);
});

test('over TCP nothing repeats and nothing lingers', async () => {
  const { clock, flow, answer, terminatedAtMs } = client('INVITE', 'TCP');
  await clock.advance(10_000);
  answer(486);
  expect(flow.sent.map(({ line }) => line)).toEqual([
    'INVITE sip:bob@example.com',
    'ACK sip:bob@example.com',
  ]);
  expect(terminatedAtMs()).toBe(10_000);
});

test('each copy of a failure is acknowledged until timer D, and told once', async () => {
  const { clock, flow, heard, answer, terminatedAtMs } = client('INVITE');
  answer(486);
  answer(486);
  await clock.advance(31_999);
  answer(486);
  await clock.advance(1_000);
  expect(flow.sent.filter(({ line }) => line.startsWith('ACK'))).toHaveLength(3);
  expect(heard).toEqual([486]);
  expect(terminatedAtMs()).toBe(32_000);
});

test('every 2xx within 64·T1 goes up, also those of other forks (RFC 6026 §7.2)', async () => {
  const { clock, heard, answer, flow, terminatedAtMs } = client('INVITE');
  answer(200, 'one');
  answer(200, 'one');
  answer(200, 'two');
  await clock.advance(33_000);
  answer(200, 'late');
  expect(heard).toEqual([200, 200, 200]);
  expect(flow.sent).toHaveLength(1);
  expect(terminatedAtMs()).toBe(32_000);
});

test('a connection that closes under an unanswered request is unreachable; under a ringing one nothing happens', () => {
  const waiting = client('INVITE', 'TCP');
  waiting.transaction.onFlowClosed();
  expect(waiting.heard).toEqual(['unreachable']);
  const ringing = client('INVITE', 'TCP');
  ringing.answer(180);
  ringing.transaction.onFlowClosed();
  expect(ringing.heard).toEqual([180]);
});

test('an INVITE gets its 100 after 200 ms, or at its first repetition, unless a response was there (§17.2.1)', async () => {
  const silent = server('INVITE');
  await silent.clock.advance(200);
  expect(silent.flow.sent).toEqual([{ atMs: 200, line: 'SIP/2.0 100 Trying' }]);
  const repeated = server('INVITE');
  repeated.transaction.onRetransmission();
  expect(repeated.flow.sent).toHaveLength(1);
  const quick = server('INVITE');
  quick.respond(180);
  await quick.clock.advance(1_000);
  expect(quick.flow.sent.map(({ line }) => line)).toEqual(['SIP/2.0 180 Ringing']);
});

test('a non-INVITE gets a 100 only once its sender repeats every T2 (RFC 4320 §4.1)', async () => {
  const { clock, flow } = server('MESSAGE');
  await clock.advance(10_000);
  expect(flow.sent).toEqual([{ atMs: 3_500, line: 'SIP/2.0 100 Trying' }]);
});

test('a retransmitted INVITE in Completed resends the failure, which repeats up to T2 until the ACK', async () => {
  const { clock, flow, transaction, respond, terminatedAtMs } = server('INVITE');
  respond(486);
  await clock.advance(100);
  transaction.onRetransmission();
  await clock.advance(7_900);
  expect(times(flow)).toEqual([0, 100, 500, 1_500, 3_500, 7_500]);
  transaction.onAck();
  transaction.onRetransmission();
  await clock.advance(60_000);
  expect(flow.sent).toHaveLength(6);
  expect(terminatedAtMs()).toBe(13_000);
});

test('without an ACK the failure is given up with timer H', async () => {
  const { clock, respond, terminatedAtMs } = server('INVITE');
  respond(404);
  await clock.advance(64_000);
  expect(terminatedAtMs()).toBe(32_000);
});

test('after a 2xx repetitions of the INVITE are absorbed and further 2xx pass, until timer L (RFC 6026 §7.1)', async () => {
  const { clock, flow, heard, transaction, respond, terminatedAtMs } = server('INVITE');
  respond(200);
  transaction.onRetransmission();
  respond(200);
  transaction.onAck();
  respond(486);
  await clock.advance(32_000);
  expect(flow.sent.map(({ line }) => line)).toEqual(['SIP/2.0 200 OK', 'SIP/2.0 200 OK']);
  expect(heard).toEqual(['misplaced']);
  expect(terminatedAtMs()).toBe(32_000);
});

test('a repeated non-INVITE gets its final response again until timer J; over TCP it is gone at once', async () => {
  const { clock, flow, transaction, respond, terminatedAtMs } = server('MESSAGE');
  transaction.onRetransmission();
  respond(200);
  transaction.onRetransmission();
  await clock.advance(40_000);
  expect(flow.sent).toHaveLength(2);
  expect(terminatedAtMs()).toBe(32_000);
  const stream = server('MESSAGE', 'TCP');
  stream.respond(200);
  expect(stream.terminatedAtMs()).toBe(0);
});

test('a CANCEL is heard once, and only while an INVITE waits (§9.2)', () => {
  const heard: string[] = [];
  const ringing = server('INVITE');
  ringing.transaction.onCancel();
  ringing.transaction.attach({ onCancel: () => heard.push('late attach') });
  ringing.transaction.onCancel();
  const answered = server('INVITE');
  answered.transaction.attach({ onCancel: () => heard.push('answered') });
  answered.respond(200);
  answered.transaction.onCancel();
  const message = server('MESSAGE');
  message.transaction.attach({ onCancel: () => heard.push('message') });
  message.transaction.onCancel();
  expect(heard).toEqual(['late attach']);
});

test('beyond the bound of server transactions a new request is 503 without one; what is in hand goes on', async () => {
  const { platform, clock, metrics } = createTestPlatform();
  const flow = createFlow(clock, 'UDP');
  const inHand: ServerTransaction[] = [];
  const onRequest = (transaction: ServerTransaction): number => inHand.push(transaction);
  const layer = new TransactionLayer(platform, { onRequest, onAck: () => undefined }, 2);
  const receive = (method: string, branch: string): void => {
    const received = request(method);
    received.set('Via', `SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK${branch}`);
    layer.onBytes(received.serialize(), flow);
  };
  for (const branch of ['1', '2', '3', '2']) receive('INVITE', branch);
  expect([inHand.length, layer.transactionCount]).toEqual([2, 2]);
  expect(flow.sent.map(({ line }) => line)).toEqual([
    'SIP/2.0 503 Service Unavailable',
    'SIP/2.0 100 Trying',
  ]);
  expect(metrics.value('sip_requests_refused_total')).toBe(1);
  expect(metrics.value('sip_requests_retransmitted_total')).toBe(1);

  let isCancelled = false;
  inHand[0]?.attach({
    onCancel: () => {
      isCancelled = true;
    },
  });
  receive('CANCEL', '1');
  expect(isCancelled).toBe(true);
  for (const transaction of inHand) transaction.respond(response(transaction.request, 486));
  await clock.advance(64_000);
  expect(layer.transactionCount).toBe(0);
  receive('INVITE', '3');
  expect(inHand).toHaveLength(3);
  layer.stop();
});

test('no sequence of inputs leads a machine out of its states, and terminated is the end', () => {
  const machines: readonly Machine<string>[] = [
    INVITE_CLIENT,
    NON_INVITE_CLIENT,
    INVITE_SERVER,
    NON_INVITE_SERVER,
  ];
  const inputs = new Set(machines.flatMap((m) => Object.values(m).flatMap((arms) => Object.keys(arms))));
  fc.assert(
    fc.property(
      fc.constantFrom(...machines),
      fc.array(fc.constantFrom(...(inputs as Set<Input>)), { maxLength: 50 }),
      (machine, sequence) => {
        let state = Object.keys(machine)[0] ?? '';
        for (const input of sequence) {
          const next = step(machine, state, input)?.[0] ?? state;
          if (state === 'terminated') expect(next).toBe('terminated');
          expect(Object.keys(machine)).toContain(next);
          state = next;
        }
      },
    ),
  );
});
