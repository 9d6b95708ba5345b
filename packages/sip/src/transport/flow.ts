import type { SocketAddress } from '@clearwater/platform';
import type { TimerProfile } from '../transaction/timers.ts';

export type TransportName = 'UDP' | 'TCP';

/**
 * One way to one peer: a stream connection, or a pair of datagram addresses (RFC 5626 §3.1). What a message came in on, and what its
 * responses and the requests to a phone behind it go out on.
 */
export interface Flow {
  readonly transport: TransportName;
  /** Name of the listener it lives on: which side of the node the peer is. */
  readonly listener: string;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** Number of the connection, unique in this process, ≥ 1; 0 for datagrams. A reused remote port gets a new number. */
  readonly connection: number;
  /** False once a connection has closed; datagram flows are always open. */
  readonly isOpen: boolean;
  /** How our Via on it names us: host and port of the listener as peers see them (RFC 3261 §18.1.1). */
  readonly sentBy: string;
  /** The timers of its listener. */
  readonly timers: TimerProfile;
  /** Queues one serialised message. On a closed flow nothing happens: the transaction's timers answer for it. */
  send(bytes: Buffer): void;
}

export function isReliable(flow: Flow): boolean {
  return flow.transport !== 'UDP';
}

/** Whether two flows lead to the same peer: one connection, or datagrams from one address and port. */
export function isSamePeer(a: Flow, b: Flow): boolean {
  return (
    a.connection === b.connection &&
    a.transport === b.transport &&
    a.remote.host === b.remote.host &&
    a.remote.port === b.remote.port
  );
}

/** `192.0.2.1:5060`, `[2001:db8::1]:5060`: for keys and logs. */
export function formatAddress(address: SocketAddress): string {
  return `${hostForUri(address.host)}:${address.port}`;
}

/** An address as it stands in a URI or a Via: IPv6 in brackets (RFC 3261 §25.1). */
export function hostForUri(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
