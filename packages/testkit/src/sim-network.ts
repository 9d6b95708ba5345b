import {
  AppError,
  assert,
  type Clock,
  type ConnectOptions,
  type DatagramReceiver,
  type DatagramSocket,
  formatSocketAddress,
  type Network,
  type SocketAddress,
  type StreamConnection,
  type StreamListener,
  type Timer,
} from '@clearwater/platform';
import type { SeededRandom } from './seeded-random.ts';
import { type LinkKnobs, SimLinks } from './sim-links.ts';
import { SimStreamEnd, type StreamWorld } from './sim-stream.ts';

/** One thing that happened on the simulated wire. Addresses are `host:port`. */
export interface SimEvent {
  readonly atMs: number;
  readonly tag: 'sent' | 'delivered' | 'lost' | 'stream-opened' | 'stream-bytes' | 'stream-closed';
  readonly from: string;
  readonly to: string;
  readonly bytes: Buffer;
}

/** Which datagrams, by host; what is left out matches any. */
export interface DropRule {
  readonly from?: string;
  readonly to?: string;
  /** How many datagrams vanish. */
  readonly next: number;
}

const PORT_FIRST_EPHEMERAL = 32_768;
const HANDSHAKE_RETRY_MS = 1_000;
const DATAGRAM_BYTES_MAX = 65_507;
const NO_BYTES = Buffer.alloc(0);

interface Bound {
  readonly local: SocketAddress;
  readonly receiver: DatagramReceiver;
}

interface Listening {
  readonly local: SocketAddress;
  readonly acceptor: (connection: StreamConnection) => void;
}

/**
 * A network of plain IP strings on a fake clock: delay, loss, duplication and reordering of datagrams; streams in order but delayed and
 * cut elsewhere than written; partitions, refusals, resets, crashes. Same seed and same calls, same events.
 */
export class SimNetwork implements Network {
  readonly links: SimLinks;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #datagrams = new Map<string, Bound>();
  readonly #listeners = new Map<string, Listening>();
  readonly #connections = new Set<SimStreamEnd>();
  /** Of connections that are not open yet. */
  readonly #deadlines = new Map<SimStreamEnd, Timer>();
  readonly #lastArrivalMs = new Map<string, number>();
  readonly #drops: { readonly rule: DropRule; left: number }[] = [];
  readonly #taps = new Set<(event: SimEvent) => void>();
  readonly #refusing = new Set<string>();
  readonly #crashCounts = new Map<string, number>();
  readonly #world: StreamWorld;
  #portNext = PORT_FIRST_EPHEMERAL;

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
    this.links = new SimLinks(random);
    this.#world = {
      clock,
      random,
      links: this.links,
      delivered: (from, to, bytes) => this.#tell('stream-bytes', from, to, bytes),
      closed: (end) => {
        this.#connections.delete(end);
        this.#deadlines.get(end)?.cancel();
        this.#deadlines.delete(end);
        this.#tell('stream-closed', end.local, end.remote);
      },
    };
  }

  /** Knobs of every link that has none of its own. */
  configure(knobs: Partial<LinkKnobs>): void {
    this.links.setDefaults(knobs);
  }

  /** Cuts two hosts off each other; `oneWay` stops only what `a` sends to `b`. */
  partition(a: string, b: string, options: { readonly oneWay?: boolean } = {}): void {
    this.links.cut(a, b);
    if (options.oneWay !== true) this.links.cut(b, a);
  }

  /** Undoes the partition between two hosts, or all of them. */
  heal(a?: string, b?: string): void {
    if (a === undefined || b === undefined) this.links.healAll();
    else {
      this.links.heal(a, b);
      this.links.heal(b, a);
    }
  }

  /** The next datagrams that match vanish, whatever the links' loss. */
  drop(rule: DropRule): void {
    this.#drops.push({ rule, left: rule.next });
  }

  /** New connections to this host are refused, or no longer. */
  refuse(host: string, isRefusing = true): void {
    if (isRefusing) this.#refusing.add(host);
    else this.#refusing.delete(host);
  }

  /** Resets the open connections between two hosts; both ends hear `network.reset`. */
  reset(a: string, b: string): void {
    for (const end of [...this.#connections]) {
      const isBetween =
        [end.local.host, end.remote.host].includes(a) && [end.local.host, end.remote.host].includes(b);
      if (isBetween) end.fail('network.reset');
    }
  }

  /** A host dies: its sockets and listeners are gone, its peers hear a reset, its own users hear nothing more of the network. */
  crash(host: string): void {
    this.#crashCounts.set(host, this.#crashCountOf(host) + 1);
    for (const [key, { local }] of this.#datagrams) if (local.host === host) this.#datagrams.delete(key);
    for (const [key, { local }] of this.#listeners) if (local.host === host) this.#listeners.delete(key);
    for (const end of [...this.#connections]) {
      if (end.local.host === host) end.attach({ onData: () => undefined, onClose: () => undefined });
      if (end.local.host === host || end.remote.host === host) end.fail('network.reset');
    }
  }

  /** Hears every event on the wire; returns what undoes it. */
  tap(listener: (event: SimEvent) => void): () => void {
    this.#taps.add(listener);
    return () => this.#taps.delete(listener);
  }

  /** What is still open, for the leak checker. */
  open(): readonly string[] {
    return [
      ...[...this.#datagrams.keys()].map((address) => `datagram socket ${address}`),
      ...[...this.#listeners.keys()].map((address) => `listener ${address}`),
      ...[...this.#connections].map(
        (end) => `connection ${formatSocketAddress(end.local)} to ${formatSocketAddress(end.remote)}`,
      ),
    ];
  }

  /**
   * This network as one process on `host` sees it: its connections come from there. After `crash(host)` this view is dead, so that what
   * the old process still tries cannot reach the wire; the one that starts after it takes a view of its own.
   */
  at(host: string): Network {
    const life = this.#crashCountOf(host);
    const assertAlive = (): void => {
      if (life !== this.#crashCountOf(host)) throw unavailable(host);
    };
    return {
      bindDatagram: async (local, receiver) => {
        assertAlive();
        return this.bindDatagram(local, receiver);
      },
      listenStream: async (local, acceptor) => {
        assertAlive();
        return this.listenStream(local, acceptor);
      },
      connectStream: (remote, options) => {
        const connection = this.connectStream(remote, { localHost: host, ...options });
        if (life !== this.#crashCountOf(host)) connection.destroy();
        return connection;
      },
    };
  }

  #crashCountOf(host: string): number {
    return this.#crashCounts.get(host) ?? 0;
  }

  async bindDatagram(wanted: SocketAddress, receiver: DatagramReceiver): Promise<DatagramSocket> {
    const local = this.#claim(wanted, this.#datagrams);
    const key = formatSocketAddress(local);
    const bound: Bound = { local, receiver };
    this.#datagrams.set(key, bound);
    const isBound = (): boolean => this.#datagrams.get(key) === bound;
    return {
      local,
      send: (bytes, remote) => {
        if (isBound()) this.#send(local, remote, bytes);
      },
      close: async () => {
        if (isBound()) this.#datagrams.delete(key);
      },
    };
  }

  async listenStream(
    wanted: SocketAddress,
    acceptor: (connection: StreamConnection) => void,
  ): Promise<StreamListener> {
    const local = this.#claim(wanted, this.#listeners);
    const key = formatSocketAddress(local);
    const listening: Listening = { local, acceptor };
    this.#listeners.set(key, listening);
    return {
      local,
      close: async () => {
        if (this.#listeners.get(key) === listening) this.#listeners.delete(key);
      },
    };
  }

  connectStream(remote: SocketAddress, options: ConnectOptions): StreamConnection {
    const local = { host: options.localHost ?? '127.0.0.1', port: this.#ephemeralPort() };
    const near = new SimStreamEnd(this.#world, local, remote);
    this.#connections.add(near);
    this.#deadlines.set(
      near,
      this.#clock.startTimer(options.timeoutMs, () => near.fail('network.timeout')),
    );
    this.#shakeHands(near);
    return near;
  }

  /** One round trip; where the way is cut it is tried again each second, until the connection's deadline ends it. */
  #shakeHands(near: SimStreamEnd): void {
    const [here, there] = [near.local.host, near.remote.host];
    const roundTripMs = this.links.delayMs(here, there) + this.links.delayMs(there, here);
    this.#clock.startTimer(roundTripMs, () => {
      if (near.isClosed) return;
      if (this.links.isCut(here, there) || this.links.isCut(there, here)) {
        this.#clock.startTimer(HANDSHAKE_RETRY_MS, () => {
          if (!near.isClosed) this.#shakeHands(near);
        });
        return;
      }
      const listening = this.#refusing.has(there)
        ? undefined
        : this.#listeners.get(formatSocketAddress(near.remote));
      this.#deadlines.get(near)?.cancel();
      this.#deadlines.delete(near);
      if (listening === undefined) near.fail('network.refused');
      else this.#join(near, listening);
    });
  }

  #join(near: SimStreamEnd, { local, acceptor }: Listening): void {
    const far = new SimStreamEnd(this.#world, local, near.local);
    this.#connections.add(far);
    this.#tell('stream-opened', near.local, local);
    far.open(near);
    acceptor(far);
    near.open(far);
  }

  #claim(wanted: SocketAddress, taken: ReadonlyMap<string, unknown>): SocketAddress {
    const local = wanted.port === 0 ? { host: wanted.host, port: this.#ephemeralPort() } : wanted;
    if (!taken.has(formatSocketAddress(local))) return local;
    const detail = { address: formatSocketAddress(local), reason: 'EADDRINUSE' };
    throw new AppError('network.address-in-use', { origin: 'internal', retry: 'never', detail });
  }

  #ephemeralPort(): number {
    assert(this.#portNext < 65_536, 'the simulation used up its ephemeral ports');
    this.#portNext += 1;
    return this.#portNext - 1;
  }

  #send(from: SocketAddress, to: SocketAddress, bytes: Buffer): void {
    this.#tell('sent', from, to, bytes);
    const { loss, duplication, reordering } = this.links.of(from.host, to.host);
    const isLost =
      this.#isDropped(from, to) || this.#random.chance(loss) || this.links.isCut(from.host, to.host);
    if (isLost || bytes.length > DATAGRAM_BYTES_MAX) {
      this.#tell('lost', from, to, bytes);
      return;
    }
    const copy = Buffer.from(bytes);
    this.#transmit(from, to, copy, reordering);
    if (this.#random.chance(duplication)) this.#transmit(from, to, copy, reordering);
  }

  /** In order with what was sent before, unless it is held back. */
  #transmit(from: SocketAddress, to: SocketAddress, bytes: Buffer, reordering: number): void {
    const nowMs = this.#clock.monotonic();
    const delayMs = this.links.delayMs(from.host, to.host);
    const link = `${from.host}>${to.host}`;
    if (this.#random.chance(reordering)) {
      const heldMs = this.#random.between(1, 10) + delayMs;
      this.#clock.startTimer(delayMs + heldMs, () => this.#deliver(from, to, bytes));
      return;
    }
    const arrivalMs = Math.max(nowMs + delayMs, this.#lastArrivalMs.get(link) ?? 0);
    this.#lastArrivalMs.set(link, arrivalMs);
    this.#clock.startTimer(arrivalMs - nowMs, () => this.#deliver(from, to, bytes));
  }

  #deliver(from: SocketAddress, to: SocketAddress, bytes: Buffer): void {
    const bound = this.#datagrams.get(formatSocketAddress(to));
    this.#tell(bound === undefined ? 'lost' : 'delivered', from, to, bytes);
    bound?.receiver(Buffer.from(bytes), from);
  }

  #isDropped(from: SocketAddress, to: SocketAddress): boolean {
    const drop = this.#drops.find(
      ({ rule, left }) =>
        left > 0 && (rule.from ?? from.host) === from.host && (rule.to ?? to.host) === to.host,
    );
    if (drop === undefined) return false;
    drop.left -= 1;
    return true;
  }

  #tell(tag: SimEvent['tag'], from: SocketAddress, to: SocketAddress, bytes: Buffer = NO_BYTES): void {
    if (this.#taps.size === 0) return;
    const event = {
      atMs: this.#clock.monotonic(),
      tag,
      from: formatSocketAddress(from),
      to: formatSocketAddress(to),
      bytes,
    };
    for (const listener of this.#taps) listener(event);
  }
}

function unavailable(host: string): AppError {
  return new AppError('network.address-unavailable', {
    origin: 'internal',
    retry: 'never',
    detail: { address: host },
  });
}
