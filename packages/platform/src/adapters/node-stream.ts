import { connect, createServer, type Server, type Socket } from 'node:net';
import { AppError } from '../errors.ts';
import type {
  ConnectOptions,
  SocketAddress,
  StreamConnection,
  StreamListener,
  StreamUser,
} from '../ports/network.ts';
import { bindError, connectionError, formatSocketAddress } from './socket-error.ts';

const BACKLOG = 1_024;
/** How long after `end` the peer may take to close its side. */
const LINGER_MS = 5_000;

/** Listens for TCP; an IPv6 address does not take IPv4 as well. */
export function listenNodeStream(
  local: SocketAddress,
  acceptor: (connection: StreamConnection) => void,
): Promise<StreamListener> {
  const server = createServer({ noDelay: true }, (socket) => acceptor(new NodeStreamConnection(socket)));
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(bindError(error, local)));
    server.listen(
      { host: local.host, port: local.port, backlog: BACKLOG, ipv6Only: true, exclusive: true },
      () => {
        server.removeAllListeners('error');
        server.on('error', () => undefined); // accept failed (descriptors used up): the peer tries again
        const bound = server.address();
        const port = typeof bound === 'object' && bound !== null ? bound.port : local.port;
        resolve({ local: { host: local.host, port }, close: () => closeListener(server) });
      },
    );
  });
}

/** The port is free at once; `close`'s own callback would wait for the accepted connections, which stay. */
function closeListener(server: Server): Promise<void> {
  server.close();
  return Promise.resolve();
}

/** Starts a TCP connection. */
export function connectNodeStream(remote: SocketAddress, options: ConnectOptions): StreamConnection {
  const socket = connect({
    host: remote.host,
    port: remote.port,
    noDelay: true,
    ...(options.localHost === undefined ? {} : { localAddress: options.localHost }),
  });
  const deadline = setTimeout(() => {
    const detail = { address: formatSocketAddress(remote), waitedMs: options.timeoutMs };
    socket.destroy(new AppError('network.timeout', { origin: 'upstream', retry: 'next-peer', detail }));
  }, options.timeoutMs);
  const stopDeadline = (): void => clearTimeout(deadline);
  socket.once('connect', stopDeadline).once('close', stopDeadline);
  return new NodeStreamConnection(socket, remote);
}

/** Sockets written to in this turn; one immediate uncorks them all, so that each costs one system call a turn. */
const corked: Socket[] = [];

function flushCorked(): void {
  for (const socket of corked.splice(0)) socket.uncork();
}

class NodeStreamConnection implements StreamConnection {
  readonly remote: SocketAddress;
  readonly #socket: Socket;
  #local: SocketAddress | undefined;
  #user: StreamUser | undefined;
  #error: Error | undefined;
  #isEnded: boolean = false;
  #isClosed: boolean = false;

  constructor(socket: Socket, remote?: SocketAddress) {
    this.#socket = socket;
    this.remote = remote ?? { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    socket.on('error', (error) => {
      this.#error = error instanceof AppError ? error : connectionError(error, this.remote);
    });
    socket.once('close', () => {
      this.#isClosed = true;
      this.#user?.onClose(this.#error);
    });
  }

  /** Known once open; before that port 0. */
  get local(): SocketAddress {
    if (this.#local !== undefined) return this.#local;
    const { localAddress: host, localPort: port } = this.#socket;
    if (host === undefined || port === undefined) return { host: '', port: 0 };
    this.#local = { host, port };
    return this.#local;
  }

  get bytesQueued(): number {
    return this.#socket.writableLength;
  }

  attach(user: StreamUser): void {
    this.#user = user;
    this.#socket.on('data', (bytes) => user.onData(bytes as Buffer));
    if (this.#isClosed) queueMicrotask(() => user.onClose(this.#error));
  }

  write(bytes: Buffer): void {
    if (this.#isEnded || this.#socket.destroyed) return;
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      if (corked.push(this.#socket) === 1) setImmediate(flushCorked);
    }
    this.#socket.write(bytes);
  }

  end(): void {
    if (this.#isEnded || this.#socket.destroyed) return;
    this.#isEnded = true;
    this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(linger));
  }

  destroy(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }
}
