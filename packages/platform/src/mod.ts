export { CryptoRandom } from './adapters/crypto-random.ts';
export { NodeNetwork } from './adapters/node-network.ts';
export { type LogLevel, PinoLog, type PinoLogOptions } from './adapters/pino-log.ts';
export { PromMetrics } from './adapters/prom-metrics.ts';
export { createPlatform, type PlatformOptions, type RealPlatform } from './adapters/real-platform.ts';
export { RingTrace, type RingTraceOptions, type TraceEvent } from './adapters/ring-trace.ts';
export { withoutSecrets } from './adapters/secret-fields.ts';
export { formatSocketAddress } from './adapters/socket-error.ts';
export { type TimeSource, WheelClock } from './adapters/wheel-clock.ts';
export {
  type Api,
  type ApiHeaders,
  type ClientOf,
  defineApi,
  type Endpoint,
  type Endpoints,
  type HandlersOf,
  type HttpMethod,
  type ReplyHeaders,
  type ReplyOf,
  type RequestOf,
} from './api/api.ts';
export { bindHttp } from './api/bind-http.ts';
export {
  type BodyKind,
  type BodyOf,
  type EmptyBody,
  emptyBody,
  type FormOrJsonBody,
  formOrJson,
  type TextBody,
  textBody,
  xmlBody,
} from './api/body.ts';
export { directClient } from './api/direct-client.ts';
export { type HttpClientOptions, httpClient } from './api/http-client.ts';
export { openApiDocument } from './api/open-api.ts';
export { ApiProblem, apiProblem } from './api/problem.ts';
export { assert, assertNever } from './assert.ts';
export {
  type ConfigDefinition,
  type ConfigField,
  type ConfigFields,
  type ConfigOf,
  type ConfigRule,
  type ConfigValues,
  defineConfig,
  field,
} from './config/definition.ts';
export { type ConfigLayer, loadConfig } from './config/loading.ts';
export { renderConfigTable } from './config/readme-table.ts';
export { AppError, type AppErrorOptions, codeOf, type ErrorOrigin, type ErrorRetry } from './errors.ts';
export {
  type HttpLimits,
  type HttpReply,
  type HttpRequest,
  type HttpRoute,
  HttpServer,
  type HttpServerOptions,
  type TraceSource,
} from './http/http-server.ts';
export { type KeyedSecret, type KeyRing, keyOf } from './key-ring.ts';
export { Lifecycle, type LifecycleOptions, runParts } from './lifecycle/lifecycle.ts';
export type { ServicePart } from './lifecycle/service-part.ts';
export { type SignalOptions, type SignalSource, superviseSignals } from './lifecycle/signals.ts';
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
export { RecentMap } from './recent-map.ts';
export { redact } from './redact.ts';
