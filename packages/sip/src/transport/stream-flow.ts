import type { Clock, SocketAddress, StreamConnection, Timer } from '@clearwater/platform';
import { DEFAULT_MESSAGE_LIMITS, StreamFramer } from '../message/mod.ts';
import type { TimerProfile } from '../transaction/timers.ts';
import type { Flow } from './flow.ts';
import type { Binding } from './transport-config.ts';

/** What the transport layer hears of a connection. */
export interface StreamFlowUser {
  onFrame(bytes: Buffer, flow: StreamFlow): void;
  onClosed(flow: StreamFlow, reason: CloseReason): void;
}

export type CloseReason = 'peer' | 'malformed' | 'slow-reader' | 'no-first-message' | 'error' | 'stopped';

export interface StreamFlowOptions {
  readonly binding: Binding;
  readonly connection: number;
  readonly bytesQueuedMax: number;
  /** Set on accepted connections: the time in which the first whole message has to be there. */
  readonly firstMessageTimeoutMs?: number;
}

const PONG = Buffer.from('\r\n');

/** A stream connection as a flow: framing (RFC 3261 §18.3), keep-alive (RFC 5626 §3.5.1), and the bounds on a slow or silent peer. */
export class StreamFlow implements Flow {
  readonly transport = 'TCP';
  readonly connection: number;
  readonly remote: SocketAddress;
  readonly #binding: Binding;
  readonly #stream: StreamConnection;
  readonly #user: StreamFlowUser;
  readonly #framer = new StreamFramer(DEFAULT_MESSAGE_LIMITS);
  readonly #bytesQueuedMax: number;
  #firstMessageTimer: Timer | undefined;
  #isOpen = true;

  constructor(stream: StreamConnection, options: StreamFlowOptions, user: StreamFlowUser, clock: Clock) {
    this.connection = options.connection;
    this.#binding = options.binding;
    this.remote = stream.remote;
    this.#stream = stream;
    this.#user = user;
    this.#bytesQueuedMax = options.bytesQueuedMax;
    if (options.firstMessageTimeoutMs !== undefined) {
      this.#firstMessageTimer = clock.startTimer(options.firstMessageTimeoutMs, () =>
        this.close('no-first-message'),
      );
    }
    stream.attach({
      onData: (bytes) => this.#onData(bytes),
      onClose: (error) => this.#closed(error === undefined ? 'peer' : 'error'),
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get listener(): string {
    return this.#binding.config.name;
  }

  /** Known once the connection is open. */
  get local(): SocketAddress {
    return this.#stream.local;
  }

  get sentBy(): string {
    return this.#binding.sentBy;
  }

  get timers(): TimerProfile {
    return this.#binding.config.timers;
  }

  send(bytes: Buffer): void {
    if (!this.#isOpen) return;
    if (this.#stream.bytesQueued > this.#bytesQueuedMax) this.close('slow-reader');
    else this.#stream.write(bytes);
  }

  close(reason: CloseReason): void {
    if (!this.#isOpen) return;
    if (reason === 'stopped') this.#stream.end();
    else this.#stream.destroy();
    this.#closed(reason);
  }

  #onData(bytes: Buffer): void {
    if (!this.#isOpen) return;
    const framing = this.#framer.push(
      bytes,
      (frame) => {
        this.#stopFirstMessageTimer();
        if (this.#isOpen) this.#user.onFrame(frame, this);
      },
      (pings) => {
        if (pings > 0) this.send(PONG); // one for a burst: what the sender asks is whether we are there
      },
    );
    if (framing === 'malformed') this.close('malformed');
  }

  #closed(reason: CloseReason): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stopFirstMessageTimer();
    this.#user.onClosed(this, reason);
  }

  #stopFirstMessageTimer(): void {
    this.#firstMessageTimer?.cancel();
    this.#firstMessageTimer = undefined;
  }
}
