import type { DatagramSocket, SocketAddress } from '@clearwater/platform';
import type { TimerProfile } from '../transaction/timers.ts';
import type { Flow } from './flow.ts';
import type { Binding } from './transport-config.ts';

/** A pair of datagram addresses. Made per datagram: it holds no state, so two of one peer are the same flow. */
export class DatagramFlow implements Flow {
  readonly transport = 'UDP';
  readonly connection = 0;
  readonly isOpen = true;
  readonly remote: SocketAddress;
  readonly #binding: Binding;
  readonly #socket: DatagramSocket;

  constructor(binding: Binding, socket: DatagramSocket, remote: SocketAddress) {
    this.remote = remote;
    this.#binding = binding;
    this.#socket = socket;
  }

  get listener(): string {
    return this.#binding.config.name;
  }

  get local(): SocketAddress {
    return this.#socket.local;
  }

  get sentBy(): string {
    return this.#binding.sentBy;
  }

  get timers(): TimerProfile {
    return this.#binding.config.timers;
  }

  send(bytes: Buffer): void {
    this.#socket.send(bytes, this.remote);
  }
}
