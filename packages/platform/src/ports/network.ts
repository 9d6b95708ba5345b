/** The network as a port: datagram and stream sockets, real (`node:dgram`, `node:net`) or simulated. */
export interface Network {
  /** Binds a datagram socket. Rejects with `network.address-in-use` or `network.address-unavailable` (AppError). */
  bindDatagram(local: SocketAddress, receiver: DatagramReceiver): Promise<DatagramSocket>;
  /** Listens for streams. Rejects as `bindDatagram`. */
  listenStream(
    local: SocketAddress,
    acceptor: (connection: StreamConnection) => void,
  ): Promise<StreamListener>;
  /**
   * Starts a connection; returned at once, and writes are queued until it is open. Failure (refused, unreachable, not open
   * after `timeoutMs`) is reported as `onClose`.
   */
  connectStream(remote: SocketAddress, options: ConnectOptions): StreamConnection;
}

/** An IP address (v4 dotted, v6 without brackets) and a port; port 0 binds any free one. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectOptions {
  readonly timeoutMs: number;
  /** Source address, when it matters. */
  readonly localHost?: string;
}

export type DatagramReceiver = (bytes: Buffer, remote: SocketAddress) => void;

export interface DatagramSocket {
  readonly local: SocketAddress;
  /** Sends and forgets: loss and ICMP errors are the upper layer's timers' business. `bytes` must not change afterwards. */
  send(bytes: Buffer, remote: SocketAddress): void;
  close(): Promise<void>;
}

export interface StreamListener {
  readonly local: SocketAddress;
  /** Stops accepting; connections already accepted stay open. */
  close(): Promise<void>;
}

/** What the owner of a connection hears. Set once, right when it is handed over, by `attach`. */
export interface StreamUser {
  onData(bytes: Buffer): void;
  /** Exactly once, after which nothing else is heard; `error` is absent on an orderly end. */
  onClose(error?: Error): void;
}

export interface StreamConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  attach(user: StreamUser): void;
  /** Queues bytes; everything written in one turn of the event loop leaves in one system call. */
  write(bytes: Buffer): void;
  /** Bytes accepted by `write` and not yet taken by the kernel: the upper layer's bound on a slow reader. */
  readonly bytesQueued: number;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once, dropping what is queued. */
  destroy(): void;
}
