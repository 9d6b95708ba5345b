import type { Clock, Log, Random } from '@clearwater/platform';
import type { SipRequest, SipResponse } from '../message/mod.ts';
import type { Flow } from '../transport/flow.ts';

/**
 * A SIP function of this node: P-CSCF, I-CSCF, S-CSCF, an application server. One interface for proxies and back-to-back user agents: a
 * role sees each request as a UAS does (a `ServerLeg`) and sends requests as a UAC does (a `ClientLeg`), and need not know whether
 * the other end is across the wire or another role of the same process. A proxy hands its legs to `proxyRequest`; a B2BUA keeps them.
 *
 * Ownership: a message that was handed over is never edited by the receiver; who wants to change it takes `copy()`, which shares the
 * untouched bytes.
 */
export interface Role {
  /** Also the label of its metrics. */
  readonly name: string;
  /** True when a Route or Request-URI with this host (lower case) and port names this role. */
  owns(host: string, port: number | undefined): boolean;
  /** A new request, in or out of a dialog; never an ACK or a CANCEL. One final response, or `abandon`, is owed (RFC 3261 §8.2). */
  onRequest(leg: ServerLeg): void;
  /** The ACK of a 2xx, which has no transaction and no answer (RFC 3261 §13.2.2.4, §16.11). */
  onAck(ack: SipRequest, origin: LegOrigin): void;
}

/** Where a request came from: a flow of a listener, or a role of this node. */
export type LegOrigin = { readonly tag: 'flow'; readonly flow: Flow } | { readonly tag: 'role' };

/**
 * The upstream side of one request. It holds the request only until it is answered, for a transaction lingers 32 s longer: whoever needs
 * it then has kept it.
 */
export interface ServerLeg {
  readonly request: SipRequest;
  readonly origin: LegOrigin;
  /** Hears about a CANCEL. Attach at once, before anything asynchronous. */
  attach(user: ServerLegUser): void;
  /**
   * Sends a response upstream; the leg takes the message over. Any number of provisional ones, then a final one; further 2xx to an
   * INVITE are passed on (RFC 6026), anything else after a final response is dropped and counted.
   */
  respond(response: SipResponse): void;
  /**
   * Ends the leg without an answer: a non-INVITE that timed out downstream gets none (RFC 4320 §4.2). Not for an INVITE, whose
   * caller would wait on.
   */
  abandon(): void;
}

export interface ServerLegUser {
  /**
   * The request was cancelled (RFC 3261 §9.2); it still wants its final response, normally 487. Called at most once. `reason` is the
   * Reason of the CANCEL (RFC 3326).
   */
  onCancel(reason?: string): void;
}

/** The downstream side of one request that was sent. */
export interface ClientLeg {
  /**
   * Cancels an INVITE that has no final response yet (RFC 3261 §9.1); idempotent. The final response still comes. `reason` goes into
   * the CANCEL's Reason (RFC 3326).
   */
  cancel(reason?: string): void;
}

export interface ClientLegUser {
  /** A provisional (never 100) or final response, without our own Via. After a 2xx to an INVITE more 2xx may come. */
  onResponse(response: SipResponse): void;
  /** No final response will come: nothing was heard in time, or no next hop could be reached. Instead of a final response. */
  onFailure(failure: ClientFailure): void;
}

export type ClientFailure = 'timeout' | 'unreachable' | 'flow-failed';

export interface SendOptions {
  /** Send on exactly this flow (RFC 5626 §5.3) instead of resolving the next hop. */
  readonly flow?: Flow;
  /** Name of the listener to send from when the next hop is resolved: which side of the node faces it. */
  readonly from?: string;
}

/** What a role may do to the world: the node it lives in. */
export interface RoleHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /**
   * Sends `request` (handed over; without a Via of ours) to its next hop: the topmost Route, else the Request-URI (RFC 3261 §16.6-6).
   * A next hop owned by a role of this process is reached in memory. `user` is never called before `send` has returned.
   */
  send(request: SipRequest, user: ClientLegUser, options?: SendOptions): ClientLeg;
  /** Sends the ACK of a 2xx to its next hop, without a transaction. */
  sendAck(ack: SipRequest, options?: SendOptions): void;
}
