import type {
  DatagramSocket,
  Platform,
  ServicePart,
  SocketAddress,
  StreamConnection,
} from '@clearwater/platform';
import type { Hop } from '../resolver/resolver.ts';
import { DatagramFlow } from './datagram-flow.ts';
import { type Flow, formatAddress, hostForUri, type TransportName } from './flow.ts';
import { type CloseReason, StreamFlow } from './stream-flow.ts';
import {
  type Binding,
  DEFAULT_TRANSPORT_LIMITS,
  type ListenerConfig,
  type TransportLimits,
} from './transport-config.ts';

/** The layer above: hears every whole message and every connection that closed. */
export interface TransportUser {
  onBytes(bytes: Buffer, flow: Flow): void;
  onFlowClosed(flow: Flow): void;
}

interface BoundSocket extends Binding {
  /** Of a datagram binding. */
  readonly socket?: DatagramSocket;
  close(): Promise<void>;
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
  readonly #bindings: BoundSocket[] = [];
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
      help: 'Stream connections not accepted or not opened because the limit was reached',
    });
  }

  async start(): Promise<void> {
    for (const config of this.#configs) {
      for (const transport of config.transports) await this.#bind(config, transport);
    }
  }

  async stop(): Promise<void> {
    const bindings = this.#bindings.splice(0); // from here on no flow is opened
    for (const flow of [...this.#connections.values()]) flow.close('stopped');
    await Promise.all(bindings.map((binding) => binding.close()));
  }

  /**
   * A flow to `hop` from the listener of that name: its datagram socket, a connection that is open, or a new one. Undefined when no
   * listener of the name has the transport and address family, at the bound of connections, and after `stop`.
   */
  flowTo(listener: string, hop: Hop): Flow | undefined {
    const binding = this.#bindings.find(
      ({ config, transport }) =>
        transport === hop.transport && config.name === listener && isIpv6(config.host) === isIpv6(hop.host),
    );
    if (binding === undefined) return undefined;
    if (binding.socket === undefined) return this.#connectionTo(binding, hop);
    return new DatagramFlow(binding, binding.socket, hop);
  }

  /** The datagram flow between two addresses, when we have that socket: what a UDP flow token names. */
  datagramFlow(local: SocketAddress, remote: SocketAddress): Flow | undefined {
    for (const binding of this.#bindings) {
      const { socket } = binding;
      if (socket?.local.port === local.port && socket.local.host === local.host) {
        return new DatagramFlow(binding, socket, remote);
      }
    }
    return undefined;
  }

  /** The open connection of that number: what a connection flow token names. */
  connectionFlow(connection: number): Flow | undefined {
    return this.#connections.get(connection);
  }

  /** Open stream connections, for tests and metrics. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  async #bind(config: ListenerConfig, transport: TransportName): Promise<void> {
    const { network } = this.#platform;
    if (transport === 'UDP') {
      const socket = await network.bindDatagram(config, (bytes, remote) =>
        this.#user.onBytes(bytes, new DatagramFlow(binding, socket, remote)),
      );
      const binding = { ...bindingOf(config, transport, socket.local), socket, close: () => socket.close() };
      this.#bindings.push(binding);
    } else {
      const listener = await network.listenStream(config, (stream) => this.#accept(binding, stream));
      const binding = { ...bindingOf(config, transport, listener.local), close: () => listener.close() };
      this.#bindings.push(binding);
    }
  }

  #accept(binding: Binding, stream: StreamConnection): void {
    if (this.#acceptedCount >= this.#limits.connectionsMax) {
      this.#refusedTotal.add();
      stream.destroy();
      return;
    }
    this.#acceptedCount += 1;
    const { firstMessageTimeoutMs } = this.#limits;
    this.#adopt(binding, stream, { firstMessageTimeoutMs, onClosed: () => (this.#acceptedCount -= 1) });
  }

  #connectionTo(binding: Binding, hop: Hop): Flow | undefined {
    const { config } = binding;
    const key = `${config.name} ${config.host} ${formatAddress(hop)}`;
    const open = this.#opened.get(key);
    if (open !== undefined) return open;
    if (this.#opened.size >= this.#limits.connectionsMax) {
      this.#refusedTotal.add();
      return undefined;
    }
    const stream = this.#platform.network.connectStream(hop, {
      timeoutMs: this.#limits.connectTimeoutMs,
      localHost: config.host,
    });
    const flow = this.#adopt(binding, stream, { onClosed: () => this.#opened.delete(key) });
    this.#opened.set(key, flow);
    return flow;
  }

  #adopt(
    binding: Binding,
    stream: StreamConnection,
    { firstMessageTimeoutMs, onClosed }: { firstMessageTimeoutMs?: number; onClosed: () => void },
  ): StreamFlow {
    this.#connectionLast += 1;
    const flow = new StreamFlow(
      stream,
      {
        binding,
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

function bindingOf(config: ListenerConfig, transport: TransportName, local: SocketAddress): Binding {
  return { config, transport, sentBy: `${hostForUri(config.advertisedHost ?? config.host)}:${local.port}` };
}

function isIpv6(host: string): boolean {
  return host.includes(':');
}
