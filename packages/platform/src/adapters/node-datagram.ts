import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramReceiver, DatagramSocket, SocketAddress } from '../ports/network.ts';
import { bindError } from './socket-error.ts';

/** Asked for, so that a burst of REGISTERs outlasts a pause of the event loop; the kernel grants at most `net.core.rmem_max`. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

type Lookup = (
  host: string,
  family: number,
  callback: (error: null, host: string, family: number) => void,
) => void;

/** We only send to addresses: resolving in the same turn saves a trip through the thread pool on each datagram. */
const addressLookup: Lookup = (host, family, callback) => callback(null, host, family);

/** Binds a UDP socket; an IPv6 one does not take IPv4 as well. */
export async function bindNodeDatagram(
  local: SocketAddress,
  receiver: DatagramReceiver,
): Promise<DatagramSocket> {
  const type = isIPv6(local.host) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, ipv6Only: type === 'udp6', lookup: addressLookup as never });
  await bind(socket, local);
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // Not granted: we live with the kernel's default, loss is what SIP retransmits for.
  }
  socket.on('message', (bytes, remote) => receiver(bytes, { host: remote.address, port: remote.port }));
  return new NodeDatagramSocket(socket);
}

function bind(socket: Socket, local: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      socket.close();
      reject(bindError(error, local));
    };
    socket.once('error', fail);
    socket.bind({ address: local.host, port: local.port, exclusive: true }, () => {
      socket.off('error', fail);
      // A failed send without callback comes here (no route, message too long): the upper layer's timers notice.
      socket.on('error', () => undefined);
      resolve();
    });
  });
}

class NodeDatagramSocket implements DatagramSocket {
  readonly local: SocketAddress;
  readonly #socket: Socket;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.local = { host: address, port };
  }

  send(bytes: Buffer, remote: SocketAddress): void {
    // A port out of range can stand in a hostile Via or Contact; Node would throw on it.
    if (this.#closed !== undefined || !(remote.port > 0 && remote.port < 65_536)) return;
    this.#socket.send(bytes, remote.port, remote.host);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }
}
