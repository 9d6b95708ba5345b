import { type Platform, RingTrace } from '@clearwater/platform';
import { FakeClock } from './fake-clock.ts';
import { MemoryLog } from './memory-log.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimNetwork } from './sim-network.ts';
import { TestMetrics } from './test-metrics.ts';

/** One simulated world: every node of it shares clock and network, and replays from the seed. */
export interface TestPlatform {
  /** The ports with the first host's (127.0.0.1) view of the network. */
  readonly platform: Platform;
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly log: MemoryLog;
  readonly metrics: TestMetrics;
  readonly trace: RingTrace;
  /** The ports of another host: its own address, log, metrics and randomness. */
  node(host: string): NodePlatform;
  /** Timers, sockets and connections that are left, one line each; a finished simulation has none. */
  leaks(): readonly string[];
}

export interface NodePlatform extends Platform {
  readonly log: MemoryLog;
  readonly metrics: TestMetrics;
}

export interface TestPlatformOptions {
  /** 1 by default. */
  readonly seed?: number;
  /** Names in `leaks` where each timer was started; dear. */
  readonly traceTimers?: boolean;
}

export function createTestPlatform({
  seed = 1,
  traceTimers = false,
}: TestPlatformOptions = {}): TestPlatform {
  const clock = new FakeClock({ traceTimers });
  const random = new SeededRandom(seed);
  const network = new SimNetwork(clock, random.fork());
  const log = new MemoryLog();
  const metrics = new TestMetrics();
  const trace = new RingTrace({ clock });
  return {
    platform: { clock, random, network, log, metrics, trace },
    clock,
    random,
    network,
    log,
    metrics,
    trace,
    node: (host) => ({
      clock,
      random: random.fork(),
      network: network.at(host),
      log: new MemoryLog(),
      metrics: new TestMetrics(),
      trace,
    }),
    leaks: () => [
      ...clock.pendingTimers.map(({ dueMs, startedAt }) =>
        `timer due at ${dueMs} ms ${startedAt ?? ''}`.trim(),
      ),
      ...network.open(),
    ],
  };
}
