import {
  AppError,
  type Clock,
  formatSocketAddress,
  type SocketAddress,
  type StreamConnection,
  type StreamUser,
  type Timer,
} from '@clearwater/platform';
import type { SeededRandom } from './seeded-random.ts';
import type { SimLinks } from './sim-links.ts';

/** What an end of a stream needs of its network. */
export interface StreamWorld {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly links: SimLinks;
  /** Tells that bytes arrived. */
  delivered(from: SocketAddress, to: SocketAddress, bytes: Buffer): void;
  /** Tells that this end is gone. */
  closed(end: SimStreamEnd): void;
}

/** A lost segment is sent again after this. */
const RETRANSMISSION_MS = 200;
/** A peer that cannot be reached for so long makes the kernel give up. */
const GIVE_UP_AFTER_MS = 30_000;
/** What a kernel takes of a writer before bytes count as queued. */
const KERNEL_BUFFER_BYTES = 64 * 1024;

/** One thing on its way to the other end, in order; it arrives no earlier than `dueMs`. */
type Segment =
  | { readonly tag: 'bytes'; readonly dueMs: number; readonly bytes: Buffer }
  | { readonly tag: 'end'; readonly dueMs: number };

/** One end of a simulated TCP connection. */
export class SimStreamEnd implements StreamConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly #world: StreamWorld;
  #outbound: Segment[] = [];
  #peer: SimStreamEnd | undefined;
  #user: StreamUser | undefined;
  /** What arrived before the user attached. */
  readonly #early: Buffer[] = [];
  #timer: Timer | undefined;
  #blockedSinceMs: number | undefined;
  #bytesInFlight = 0;
  #isOpen: boolean = false;
  #isEnded: boolean = false;
  #isClosed: boolean = false;
  #closeWhenEmpty: boolean = false;
  #writtenAtMs = -1;
  #lastDueMs = 0;
  #closeError: Error | undefined;

  constructor(world: StreamWorld, local: SocketAddress, remote: SocketAddress) {
    this.#world = world;
    this.local = local;
    this.remote = remote;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get bytesQueued(): number {
    return this.#isOpen ? Math.max(0, this.#bytesInFlight - KERNEL_BUFFER_BYTES) : this.#bytesInFlight;
  }

  /** The handshake is over: what was written goes out. */
  open(peer: SimStreamEnd): void {
    this.#peer = peer;
    this.#isOpen = true;
    const dueMs = this.#dueMs();
    this.#outbound = this.#outbound.map((segment) => ({ ...segment, dueMs }));
    this.#pump();
  }

  attach(user: StreamUser): void {
    this.#user = user;
    for (const bytes of this.#early.splice(0)) user.onData(bytes);
    if (this.#isClosed) queueMicrotask(() => user.onClose(this.#closeError));
  }

  write(bytes: Buffer): void {
    if (this.#isEnded || this.#isClosed || bytes.length === 0) return;
    this.#bytesInFlight += bytes.length;
    this.#outbound.push({ tag: 'bytes', dueMs: this.#dueMs(), bytes: Buffer.from(bytes) });
    this.#pump();
  }

  end(): void {
    if (this.#isEnded || this.#isClosed) return;
    this.#isEnded = true;
    this.#outbound.push({ tag: 'end', dueMs: this.#dueMs() });
    this.#pump();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isEnded = true;
    this.#outbound.length = 0;
    this.#timer?.cancel();
    const peer = this.#peer;
    // The kernel still tells the peer, if it can be reached; nobody here waits for it.
    if (peer !== undefined) {
      const delayMs = this.#world.links.delayMs(this.local.host, this.remote.host);
      if (!this.#isCut()) this.#world.clock.startTimer(delayMs, () => peer.peerEnded());
    }
    queueMicrotask(() => this.close());
  }

  /** This end is gone; the user hears it once. */
  close(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnded = true;
    this.#closeError = error;
    this.#outbound.length = 0;
    this.#timer?.cancel();
    this.#world.closed(this);
    this.#user?.onClose(error);
  }

  /** Fails this end as a kernel would: `network.reset`, `network.refused`, `network.timeout`. */
  fail(code: string): void {
    const detail = { address: formatSocketAddress(this.remote) };
    this.close(new AppError(code, { origin: 'upstream', retry: 'next-peer', detail }));
  }

  /** The other end sent its last byte: as `node:net` does by default, we finish ours and close. */
  peerEnded(): void {
    if (this.#isClosed) return;
    this.end();
    // What is still queued must get out before this end may go, unless nobody is left to take it.
    if (this.#outbound.length === 0 || this.#peer?.isClosed === true) this.close();
    else this.#closeWhenEmpty = true;
  }

  receive(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#world.delivered(this.remote, this.local, bytes);
    if (this.#user === undefined) this.#early.push(bytes);
    else this.#user.onData(bytes);
  }

  #isCut(): boolean {
    const { links } = this.#world;
    // Bytes flow only where acknowledgements come back.
    return links.isCut(this.local.host, this.remote.host) || links.isCut(this.remote.host, this.local.host);
  }

  /** When what is written now arrives: never before what was written earlier; writes of one moment leave together. */
  #dueMs(): number {
    const { links, random, clock } = this.#world;
    const nowMs = clock.monotonic();
    if (nowMs === this.#writtenAtMs) return this.#lastDueMs;
    const isLost = random.chance(links.of(this.local.host, this.remote.host).loss);
    const delayMs = links.delayMs(this.local.host, this.remote.host) + (isLost ? RETRANSMISSION_MS : 0);
    this.#writtenAtMs = nowMs;
    this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + delayMs);
    return this.#lastDueMs;
  }

  #pump(): void {
    const [first] = this.#outbound;
    if (!this.#isOpen || this.#timer !== undefined || first === undefined) return;
    const { clock } = this.#world;
    this.#timer = clock.startTimer(Math.max(0, first.dueMs - clock.monotonic()), this.#arrive);
  }

  readonly #arrive = (): void => {
    this.#timer = undefined;
    const { clock } = this.#world;
    if (this.#isCut()) {
      this.#blockedSinceMs ??= clock.monotonic();
      if (clock.monotonic() - this.#blockedSinceMs >= GIVE_UP_AFTER_MS) this.fail('network.timeout');
      else this.#timer = clock.startTimer(RETRANSMISSION_MS, this.#arrive);
      return;
    }
    this.#blockedSinceMs = undefined;
    const [first] = this.#outbound;
    const peer = this.#peer;
    if (peer === undefined || first === undefined) return;
    if (peer.isClosed) {
      this.#failLater();
      return;
    }
    if (first.tag === 'bytes') this.#deliver(peer);
    else {
      this.#outbound.shift();
      peer.peerEnded();
    }
    if (this.#closeWhenEmpty && this.#outbound.length === 0) this.close();
    this.#pump();
  };

  /** What is due arrives together, unless the link cuts it up; a rest arrives on its own. */
  #deliver(peer: SimStreamEnd): void {
    const { links, random, clock } = this.#world;
    const parts: Buffer[] = [];
    const nowMs = clock.monotonic();
    for (
      let next = this.#outbound[0];
      next?.tag === 'bytes' && next.dueMs <= nowMs;
      next = this.#outbound[0]
    ) {
      parts.push(next.bytes);
      this.#outbound.shift();
    }
    const bytes = Buffer.concat(parts);
    const isCutUp =
      bytes.length > 1 && random.chance(links.of(this.local.host, this.remote.host).segmentation);
    const length = isCutUp ? 1 + random.integer(bytes.length - 1) : bytes.length;
    if (isCutUp) this.#outbound.unshift({ tag: 'bytes', dueMs: nowMs, bytes: bytes.subarray(length) });
    this.#bytesInFlight -= length;
    peer.receive(bytes.subarray(0, length));
  }

  /** The peer's host knows nothing of this connection any more and says so. */
  #failLater(): void {
    const delayMs = this.#world.links.delayMs(this.remote.host, this.local.host);
    this.#world.clock.startTimer(delayMs, () => this.fail('network.reset'));
  }
}
