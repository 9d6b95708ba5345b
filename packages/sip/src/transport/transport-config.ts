import type { TimerProfile } from '../transaction/timers.ts';
import type { TransportName } from './flow.ts';

/** One address a node listens on. Several may share a `name`: the same side of the node on further addresses. */
export interface ListenerConfig {
  /** The side: `edge`, `core`, `icscf`, … */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly transports: readonly TransportName[];
  /** What peers see in Via, when it is not `host` (containers, NAT). A name or an address. */
  readonly advertisedHost?: string;
  readonly timers: TimerProfile;
}

/** A listener's socket for one transport, bound. */
export interface Binding {
  readonly config: ListenerConfig;
  readonly transport: TransportName;
  /** `host:port` as peers see it. */
  readonly sentBy: string;
}

/** Bounds of the transport layer; each refusal is counted. */
export interface TransportLimits {
  /** Stream connections at once, over all listeners: so many accepted and so many opened. */
  readonly connectionsMax: number;
  /** An accepted connection that has not brought one whole message by then is closed. */
  readonly firstMessageTimeoutMs: number;
  /** A connection whose reader is this far behind is closed. */
  readonly bytesQueuedMax: number;
  readonly connectTimeoutMs: number;
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  connectionsMax: 50_000,
  firstMessageTimeoutMs: 32_000,
  bytesQueuedMax: 1_048_576,
  connectTimeoutMs: 2_000,
};
