export { CryptoRandom } from './adapters/crypto-random.ts';
export { NodeNetwork } from './adapters/node-network.ts';
export { type LogLevel, PinoLog, type PinoLogOptions } from './adapters/pino-log.ts';
export { PromMetrics } from './adapters/prom-metrics.ts';
export { createPlatform, type PlatformOptions, type RealPlatform } from './adapters/real-platform.ts';
export { RingTrace, type RingTraceOptions, type TraceEvent } from './adapters/ring-trace.ts';
export { withoutSecrets } from './adapters/secret-fields.ts';
export { formatSocketAddress } from './adapters/socket-error.ts';
export { type TimeSource, WheelClock } from './adapters/wheel-clock.ts';
export { assert, assertNever } from './assert.ts';
export { AppError, type AppErrorOptions, codeOf, type ErrorOrigin, type ErrorRetry } from './errors.ts';
export type { ServicePart } from './lifecycle/service-part.ts';
export type { Clock, Timer } from './ports/clock.ts';
export type { Log, LogFields } from './ports/log.ts';
export type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from './ports/metrics.ts';
export type {
  ConnectOptions,
  DatagramReceiver,
  DatagramSocket,
  Network,
  SocketAddress,
  StreamConnection,
  StreamListener,
  StreamUser,
} from './ports/network.ts';
export type { Platform } from './ports/platform.ts';
export type { Random } from './ports/random.ts';
export type { Trace } from './ports/trace.ts';
