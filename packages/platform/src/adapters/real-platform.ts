import type { Platform } from '../ports/platform.ts';
import { CryptoRandom } from './crypto-random.ts';
import { NodeNetwork } from './node-network.ts';
import { type LogLevel, PinoLog } from './pino-log.ts';
import { PromMetrics } from './prom-metrics.ts';
import { RingTrace } from './ring-trace.ts';
import { WheelClock } from './wheel-clock.ts';

export interface PlatformOptions {
  readonly service: string;
  /** `info` by default. */
  readonly logLevel?: LogLevel;
  /** Where log lines go instead of standard output. */
  readonly logSink?: { write(line: string): void };
  /** Adds Node's own figures (memory, event loop, collections) to the metrics; on by default. */
  readonly withProcessMetrics?: boolean;
}

/** The real world behind the ports; the adapters' own controls (metrics text, trace switch) stay visible to the one who wires. */
export interface RealPlatform extends Platform {
  readonly metrics: PromMetrics;
  readonly trace: RingTrace;
}

export function createPlatform(options: PlatformOptions): RealPlatform {
  const { service, logLevel: level = 'info', logSink: sink, withProcessMetrics = true } = options;
  const clock = new WheelClock();
  return {
    clock,
    random: new CryptoRandom(),
    network: new NodeNetwork(),
    log: PinoLog.open({ service, level, ...(sink === undefined ? {} : { sink }) }),
    metrics: new PromMetrics({ withProcessMetrics }),
    trace: new RingTrace({ clock }),
  };
}
