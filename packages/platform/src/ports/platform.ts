import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';

/** Everything a service may touch of the world outside its own memory, apart from its stores. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly trace: Trace;
}
