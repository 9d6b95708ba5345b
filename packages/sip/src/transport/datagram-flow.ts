import type { DatagramSocket, SocketAddress } from '@clearwater/platform';
import type { Flow } from './flow.ts';

/** A pair of datagram addresses. Made per datagram: it holds no state, so two of one peer are the same flow. */
export class DatagramFlow implements Flow {
  readonly transport = 'UDP';
  readonly listener: string;
  readonly remote: SocketAddress;
  readonly #socket: DatagramSocket;

  constructor(listener: string, socket: DatagramSocket, remote: SocketAddress) {
    this.listener = listener;
    this.remote = remote;
    this.#socket = socket;
  }

  get local(): SocketAddress {
    return this.#socket.local;
  }

  get connection(): number {
    return 0;
  }

  get isOpen(): boolean {
    return true;
  }

  send(bytes: Buffer): void {
    this.#socket.send(bytes, this.remote);
  }
}
