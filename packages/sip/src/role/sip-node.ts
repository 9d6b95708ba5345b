import type { Clock, Log, Platform, Random, ServicePart, SocketAddress } from '@clearwater/platform';
import { createResponse, parseUri, type SipRequest } from '../message/mod.ts';
import type { Resolver } from '../resolver/resolver.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import { TransactionLayer } from '../transaction/transaction-layer.ts';
import type { Flow } from '../transport/flow.ts';
import type { ListenerConfig, TransportLimits } from '../transport/transport-config.ts';
import { TransportLayer } from '../transport/transport-layer.ts';
import { MemoryHop } from './memory-hop.ts';
import type { ClientLeg, ClientLegUser, LegOrigin, Role, RoleHost, SendOptions, ServerLeg } from './role.ts';
import { WireClientLeg } from './wire-client-leg.ts';

export interface SipNodeConfig {
  readonly listeners: readonly ListenerConfig[];
  /** The listener that requests to other nodes leave from, unless a role says otherwise. */
  readonly sendFrom: string;
  readonly limits?: TransportLimits;
}

/** Next hops tried for one request (RFC 3263 failover), at most. */
const ATTEMPTS_MAX = 5;
/** How long before the end of a drain the calls in set-up are cancelled, and those still unanswered are refused. */
const DRAIN_CANCEL_MS = 1_500;
const DRAIN_REFUSE_MS = 500;
const DRAIN_POLL_MS = 20;
const FROM_ROLE: LegOrigin = { tag: 'role' };

/**
 * A SIP node: transport, transactions and the roles that live on them. Requests go to the role that the topmost Route names, else to
 * the role of the listener they came in on; between roles of the node they go in memory.
 */
export class SipNode implements RoleHost, ServicePart {
  readonly name = 'sip';
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly transport: TransportLayer;
  readonly transactions: TransactionLayer;
  readonly #resolver: Resolver;
  readonly #sendFrom: string;
  readonly #roles: Role[] = [];
  readonly #listenerRoles = new Map<string, Role>();
  readonly #failedTotal;
  #events: (() => void)[] = [];
  #isDraining = false;

  constructor(platform: Platform, config: SipNodeConfig, resolver: Resolver) {
    this.clock = platform.clock;
    this.random = platform.random;
    this.log = platform.log;
    this.#resolver = resolver;
    this.#sendFrom = config.sendFrom;
    this.transactions = new TransactionLayer(platform, {
      onRequest: (transaction, flow) => this.#dispatch(transaction, flow),
      onAck: (ack, flow) => this.#dispatchAck(ack, flow),
    });
    this.transport = new TransportLayer(platform, config.listeners, this.transactions, config.limits);
    this.transactions.attachTransport(this.transport);
    this.#failedTotal = platform.metrics.counter({
      name: 'sip_requests_failed_total',
      help: 'Requests that ended with a broken invariant of ours',
    });
  }

  /** Adds a role; `listeners` are those whose requests it gets when no Route names a role. Before `start`. */
  add(role: Role, ...listeners: readonly string[]): void {
    this.#roles.push(role);
    for (const listener of listeners) this.#listenerRoles.set(listener, role);
  }

  start(): Promise<void> {
    this.#isDraining = false;
    return this.transport.start();
  }

  /**
   * Refuses new requests with 503 and lets those in hand end. Shortly before the deadline what is still being set up is cancelled, and
   * in time before it what is left is answered 503: nobody is left waiting for a final response.
   */
  async drain(deadlineMs: number): Promise<void> {
    this.#isDraining = true;
    await this.#idleBefore(deadlineMs - DRAIN_CANCEL_MS);
    this.transactions.cancelAll();
    await this.#idleBefore(deadlineMs - DRAIN_REFUSE_MS);
    this.transactions.refuseAll();
  }

  async stop(): Promise<void> {
    await this.transport.stop();
    this.transactions.stop();
  }

  send(request: SipRequest, user: ClientLegUser, options: SendOptions = {}): ClientLeg {
    const role = options.flow === undefined ? this.#roleOf(request) : undefined;
    if (role !== undefined) {
      const hop = new MemoryHop(request, FROM_ROLE, user, this.#defer);
      this.#defer(() => this.#guard(hop, () => role.onRequest(hop)));
      return hop;
    }
    return new WireClientLeg(request, user, {
      transactions: this.transactions,
      clock: this.clock,
      flows: this.#flowsFor(request, options),
      failure: options.flow === undefined ? 'unreachable' : 'flow-failed',
      defer: this.#defer,
    });
  }

  sendAck(ack: SipRequest, options: SendOptions = {}): void {
    const role = options.flow === undefined ? this.#roleOf(ack) : undefined;
    if (role !== undefined) {
      this.#defer(() => role.onAck(ack, FROM_ROLE));
      return;
    }
    for (const open of this.#flowsFor(ack, options)) {
      const flow = open();
      if (flow?.isOpen) return this.transactions.sendAck(ack, flow);
    }
  }

  /** The flow between two datagram addresses of ours and theirs, or the open connection of that number. */
  flowOf(
    named:
      | { readonly connection: number }
      | { readonly local: SocketAddress; readonly remote: SocketAddress },
  ): Flow | undefined {
    return 'connection' in named
      ? this.transport.connectionFlow(named.connection)
      : this.transport.datagramFlow(named.local, named.remote);
  }

  async #idleBefore(deadlineMs: number): Promise<void> {
    while (this.transactions.unansweredCount > 0 && this.clock.monotonic() < deadlineMs) {
      await new Promise<void>((resolve) => this.clock.startTimer(DRAIN_POLL_MS, resolve));
    }
  }

  #dispatch(transaction: ServerTransaction, flow: Flow): void {
    const { request } = transaction;
    const role = this.#roleOf(request) ?? this.#listenerRoles.get(flow.listener);
    const isNew = request.to?.tag === undefined;
    if (role === undefined) this.#refuse(transaction, request, 404);
    else if (this.#isDraining && isNew) this.#refuse(transaction, request, 503);
    else this.#guard(transaction, () => role.onRequest(transaction));
  }

  #dispatchAck(ack: SipRequest, flow: Flow): void {
    const role = this.#roleOf(ack) ?? this.#listenerRoles.get(flow.listener);
    role?.onAck(ack, { tag: 'flow', flow });
  }

  /** A broken invariant ends this request, not the node. */
  #guard(leg: ServerLeg, handle: () => void): void {
    const { request } = leg;
    try {
      handle();
    } catch (error) {
      this.#failedTotal.add();
      this.log.error('sip.request-failed', { error, callId: request.callId, method: request.method });
      this.#refuse(leg, request, 500);
    }
  }

  #refuse(leg: ServerLeg, request: SipRequest, status: number): void {
    leg.respond(createResponse(request, status, undefined, { toTag: this.random.token(10) }));
  }

  /** The role named by the next-hop URI: the topmost Route, else the Request-URI. */
  #roleOf(request: SipRequest): Role | undefined {
    const next = request.topRoute?.parsedUri ?? request.parsedUri;
    if (next === undefined || (next.scheme !== 'sip' && next.scheme !== 'sips')) return undefined;
    const host = next.host.toLowerCase();
    return this.#roles.find((role) => role.owns(host, next.port));
  }

  #flowsFor(request: SipRequest, options: SendOptions): readonly (() => Flow | undefined)[] {
    const { flow } = options;
    if (flow !== undefined) return [() => flow];
    const uri = request.topRoute?.parsedUri ?? parseUri(request.uri);
    if (uri === undefined) return [];
    const from = options.from ?? this.#sendFrom;
    const hops = this.#resolver.resolve(uri, request.callId);
    return hops.slice(0, ATTEMPTS_MAX).map((hop) => () => this.transport.flowTo(from, hop));
  }

  readonly #defer = (event: () => void): void => {
    this.#events.push(event);
    if (this.#events.length === 1) queueMicrotask(this.#runEvents);
  };

  readonly #runEvents = (): void => {
    // Events that come while these run are appended and run in the same turn.
    for (let i = 0; i < this.#events.length; i += 1) {
      try {
        this.#events[i]?.();
      } catch (error) {
        this.#failedTotal.add();
        this.log.error('sip.event-failed', { error });
      }
    }
    this.#events = [];
  };
}
