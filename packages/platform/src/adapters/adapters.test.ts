import { expect, test } from '@jest/globals';
import {
  AppError,
  CryptoRandom,
  createPlatform,
  type Log,
  PinoLog,
  PromMetrics,
  RingTrace,
  WheelClock,
} from '../mod.ts';
import { redact } from '../redact.ts';

test('random integers are even over a bound that does not divide 2^32, tokens over their alphabet', () => {
  const random = new CryptoRandom();
  const sizes = Array.from({ length: 30_000 }, () => random.integer(3)).reduce(
    (sums, value) => sums.with(value, (sums[value] ?? 0) + 1),
    [0, 0, 0],
  );
  for (const size of sizes) expect(Math.abs(size - 10_000)).toBeLessThan(600);
  expect([random.integer(1), random.integer(2 ** 32) < 2 ** 32]).toEqual([0, true]);
  const text = Array.from({ length: 2_000 }, () => random.token(18)).join('');
  expect(text).toMatch(/^[0-9a-z]{36000}$/);
  expect(new Set(text).size).toBe(36);
  expect(new Set(Array.from({ length: 5_000 }, () => random.token(12))).size).toBe(5_000);
  expect([random.bytes(1).length, random.bytes(65_536).length]).toEqual([1, 65_536]);
  for (const wrong of [
    () => random.bytes(0),
    () => random.bytes(65_537),
    () => random.integer(0),
    () => random.token(300),
  ]) {
    expect(wrong).toThrow(/random\./);
  }
});

function collectLines(write: (log: Log) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(PinoLog.open({ service: 'sprout', level: 'info', sink: { write: (line) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line is one JSON object with event, service and bound fields; no secret reaches it at any depth', () => {
  const [line, failure, ...rest] = collectLines((log) => {
    const child = log.child({ callId: 'abc', nonce: 'n0' });
    child.debug('never.seen');
    child.info('register.accepted', {
      impu: 'sip:a@b',
      Authorization: 'Digest x',
      user: { password: 'p', digest_ha1: 'h', list: [{ 'Proxy-Authorization': 'q' }] },
      big: 10n,
      bytes: Buffer.from('ab'),
    });
    const cause = Object.assign(new Error('socket'), { code: 'ECONNREFUSED', password: 'p' });
    log.error('store.away', {
      error: new AppError('store.unavailable', {
        origin: 'upstream',
        retry: 'next-peer',
        cause,
        detail: { secret: 's' },
      }),
    });
  });
  expect(line).toMatchObject({
    level: 'info',
    service: 'sprout',
    event: 'register.accepted',
    callId: 'abc',
    impu: 'sip:a@b',
    Authorization: '[secret]',
    user: { password: '[secret]', digest_ha1: '[secret]', list: [{ 'Proxy-Authorization': '[secret]' }] },
    big: '10',
    bytes: '[2 bytes]',
    nonce: '[secret]',
  });
  expect(failure?.['error']).toMatchObject({
    code: 'store.unavailable',
    detail: { secret: '[secret]' },
    cause: { code: 'ECONNREFUSED', message: 'socket', password: '[secret]' },
  });
  expect(rest).toEqual([]);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  expect(JSON.stringify(collectLines((log) => log.info('x', circular)))).toContain('[deep]');
});

test('metrics come out as Prometheus text', async () => {
  const metrics = new PromMetrics();
  const requests = metrics.counter({
    name: 'sip_requests_total',
    help: 'Requests.',
    labelNames: ['method', 'side'],
  });
  const invites = requests.labels('INVITE', 'in"\n');
  invites.add();
  invites.add(2);
  metrics
    .counter({ name: 'sip_requests_total', help: 'Requests.', labelNames: ['method', 'side'] })
    .labels('INVITE', 'in"\n')
    .add();
  metrics.gauge({ name: 'calls', help: 'Calls.' }).set(4);
  const seconds = metrics.histogram({ name: 'wait_seconds', help: 'Wait.', buckets: [0.1, 1] });
  for (const value of [0.1, 0.5, 3]) seconds.observe(value);
  expect(await metrics.text()).toBe(`# HELP sip_requests_total Requests.
# TYPE sip_requests_total counter
sip_requests_total{method="INVITE",side="in\\"\\n"} 4

# HELP calls Calls.
# TYPE calls gauge
calls 4

# HELP wait_seconds Wait.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 1
wait_seconds_bucket{le="1"} 2
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_sum 3.6
wait_seconds_count 3
`);
  expect(() => metrics.gauge({ name: 'sip_requests_total', help: '' })).toThrow(/one kind/);
  expect(() => requests.labels('INVITE')).toThrow(/2 labels/);
  for (let index = 0; index < 1_100; index += 1) requests.labels(`M${index}`, 'in').add();
  const text = await metrics.text();
  expect(text.split('\n').length).toBeLessThan(1_020);
  expect(text).toContain('sip_requests_total{method="other",side="other"} 101');
});

test('a real platform has every port, wired to one clock', async () => {
  const lines: string[] = [];
  const platform = createPlatform({ service: 'bono', logSink: { write: (line) => lines.push(line) } });
  platform.log.info('bono.started');
  platform.trace.watch(true);
  platform.trace.event('call', 'began');
  const [event] = platform.trace.read('call');
  expect(Math.abs((event?.atMs ?? 0) - platform.clock.now())).toBeLessThan(1_000);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ service: 'bono', event: 'bono.started' }]);
  expect(await platform.metrics.text()).toContain('nodejs_eventloop_lag_seconds');
});

test('process metrics are there when asked for', async () => {
  expect(await new PromMetrics({ withProcessMetrics: true }).text()).toContain(
    'process_cpu_user_seconds_total',
  );
});

test('a trace keeps the last events of the last trails, and nothing while it is off', () => {
  const trace = new RingTrace({ clock: new WheelClock(), trailsMax: 2, eventsPerTrailMax: 3 });
  trace.event('a', 'ignored');
  trace.watch(true);
  for (const event of ['1', '2', '3', '4']) trace.event('a', event);
  expect(trace.read('a').map(({ event }) => event)).toEqual(['2', '3', '4']);
  trace.event('b', '1', { status: 200 });
  trace.event('c', '1');
  expect(trace.trails()).toEqual(['b', 'c']);
  expect(trace.read('b')).toMatchObject([{ event: '1', fields: { status: 200 } }]);
  trace.watch(false);
  expect([trace.isOn, trace.trails()]).toEqual([false, []]);
});

test('a redacted identity is recognised, not read', () => {
  expect(redact('sip:6505550001@example.com')).toMatch(/^sip:65…#[0-9a-f]{8}$/);
  expect(redact('alice@example.com')).toBe(redact('alice@example.com'));
  expect(redact('alice@example.com')).not.toBe(redact('alina@example.com'));
  expect(redact('')).toMatch(/^…#/);
});
