import type {
  DatagramSocket,
  Platform,
  ServicePart,
  SocketAddress,
  StreamConnection,
  StreamListener,
} from '@clearwater/platform';
import type { Hop } from '../resolver/resolver.ts';
import { DatagramFlow } from './datagram-flow.ts';
import { type Flow, formatAddress } from './flow.ts';
import { type CloseReason, StreamFlow } from './stream-flow.ts';
import { DEFAULT_TRANSPORT_LIMITS, type ListenerConfig, type TransportLimits } from './transport-config.ts';

/** The layer above: hears every whole message and every connection that closed. */
export interface TransportUser {
  onBytes(bytes: Buffer, flow: Flow): void;
  onFlowClosed(flow: Flow): void;
}

interface BoundDatagram {
  readonly config: ListenerConfig;
  readonly socket: DatagramSocket;
}

/**
 * Sockets, connections and their bounds (RFC 3261 §18). Knows bytes and addresses, nothing of messages. Connections it opened are
 * reused for the same listener and peer until they close.
 */
export class TransportLayer implements ServicePart {
  readonly name = 'sip-transport';
  readonly #platform: Platform;
  readonly #configs: readonly ListenerConfig[];
  readonly #limits: TransportLimits;
  readonly #user: TransportUser;
  readonly #datagrams: BoundDatagram[] = [];
  readonly #listeners: StreamListener[] = [];
  /** By connection number, accepted and opened. */
  readonly #connections = new Map<number, StreamFlow>();
  /** Opened by us, by listener and peer. */
  readonly #opened = new Map<string, StreamFlow>();
  #connectionLast = 0;
  #acceptedCount = 0;
  readonly #closedTotal;
  readonly #refusedTotal;

  constructor(
    platform: Platform,
    listeners: readonly ListenerConfig[],
    user: TransportUser,
    limits: TransportLimits = DEFAULT_TRANSPORT_LIMITS,
  ) {
    this.#platform = platform;
    this.#configs = listeners;
    this.#limits = limits;
    this.#user = user;
    this.#closedTotal = platform.metrics.counter({
      name: 'sip_connections_closed_total',
      help: 'Stream connections that ended, by reason',
      labelNames: ['reason'],
    });
    this.#refusedTotal = platform.metrics.counter({
      name: 'sip_connections_refused_total',
      help: 'Stream connections refused because the limit was reached',
    });
  }

  async start(): Promise<void> {
    for (const config of this.#configs) {
      for (const transport of config.transports) await this.#bind(config, transport);
    }
  }

  async stop(): Promise<void> {
    for (const flow of [...this.#connections.values()]) flow.close('stopped');
    await Promise.all([...this.#listeners, ...this.#datagrams.map((d) => d.socket)].map((s) => s.close()));
  }

  /** The listener (by name) that faces `hop`; undefined when none has its transport and address family. */
  listenerFor(name: string, hop: Hop): ListenerConfig | undefined {
    return this.#configs.find(
      (c) => c.name === name && c.transports.includes(hop.transport) && isIpv6(c.host) === isIpv6(hop.host),
    );
  }

  /** A flow to `hop` from the listener `config`: its datagram socket, an open connection, or a new one. */
  flowTo(config: ListenerConfig, hop: Hop): Flow | undefined {
    if (hop.transport === 'TCP') return this.#connectionTo(config, hop);
    const bound = this.#datagrams.find((d) => d.config === config);
    return bound && new DatagramFlow(config.name, bound.socket, hop);
  }

  /** The datagram flow between two addresses, when we have that socket: what a UDP flow token names. */
  datagramFlow(local: SocketAddress, remote: SocketAddress): Flow | undefined {
    const bound = this.#datagrams.find(
      ({ socket }) => socket.local.port === local.port && socket.local.host === local.host,
    );
    return bound && new DatagramFlow(bound.config.name, bound.socket, remote);
  }

  /** The open connection of that number: what a connection flow token names. */
  connectionFlow(connection: number): Flow | undefined {
    return this.#connections.get(connection);
  }

  /** Open stream connections, for tests and metrics. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** The configuration a flow's listener was bound with: timers, advertised host. */
  configOf(flow: Flow): ListenerConfig | undefined {
    return (
      this.#configs.find((c) => c.name === flow.listener && c.host === flow.local.host) ??
      this.#configs.find((c) => c.name === flow.listener)
    );
  }

  async #bind(config: ListenerConfig, transport: 'UDP' | 'TCP'): Promise<void> {
    const { network } = this.#platform;
    if (transport === 'UDP') {
      const socket = await network.bindDatagram(config, (bytes, remote) =>
        this.#user.onBytes(bytes, new DatagramFlow(config.name, socket, remote)),
      );
      this.#datagrams.push({ config, socket });
    } else {
      this.#listeners.push(await network.listenStream(config, (stream) => this.#accept(config, stream)));
    }
  }

  #accept(config: ListenerConfig, stream: StreamConnection): void {
    if (this.#acceptedCount >= this.#limits.connectionsMax) {
      this.#refusedTotal.add();
      stream.destroy();
      return;
    }
    this.#acceptedCount += 1;
    const { firstMessageTimeoutMs } = this.#limits;
    this.#adopt(config, stream, { firstMessageTimeoutMs, onClosed: () => (this.#acceptedCount -= 1) });
  }

  #connectionTo(config: ListenerConfig, hop: Hop): Flow {
    const key = `${config.name} ${config.host} ${formatAddress(hop)}`;
    const open = this.#opened.get(key);
    if (open !== undefined) return open;
    const stream = this.#platform.network.connectStream(hop, {
      timeoutMs: this.#limits.connectTimeoutMs,
      localHost: config.host,
    });
    const flow = this.#adopt(config, stream, { onClosed: () => this.#opened.delete(key) });
    this.#opened.set(key, flow);
    return flow;
  }

  #adopt(
    config: ListenerConfig,
    stream: StreamConnection,
    { firstMessageTimeoutMs, onClosed }: { firstMessageTimeoutMs?: number; onClosed: () => void },
  ): StreamFlow {
    this.#connectionLast += 1;
    const flow = new StreamFlow(
      stream,
      {
        listener: config.name,
        connection: this.#connectionLast,
        bytesQueuedMax: this.#limits.bytesQueuedMax,
        ...(firstMessageTimeoutMs !== undefined && { firstMessageTimeoutMs }),
      },
      {
        onFrame: (bytes, from) => this.#user.onBytes(bytes, from),
        onClosed: (closed, reason) => {
          onClosed();
          this.#closed(closed, reason);
        },
      },
      this.#platform.clock,
    );
    this.#connections.set(flow.connection, flow);
    return flow;
  }

  #closed(flow: StreamFlow, reason: CloseReason): void {
    this.#connections.delete(flow.connection);
    this.#closedTotal.labels(reason).add();
    this.#user.onFlowClosed(flow);
  }
}

function isIpv6(host: string): boolean {
  return host.includes(':');
}
