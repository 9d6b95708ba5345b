import type { Clock, Timer, Trace } from '@clearwater/platform';
import { createAck, type SipRequest, type SipResponse } from '../message/mod.ts';
import { type Flow, isReliable } from '../transport/flow.ts';
import { INVITE_CLIENT } from './invite-client.ts';
import { type Action, type Input, type Machine, step } from './machine.ts';
import { traceMessage } from './message-trace.ts';
import { NON_INVITE_CLIENT } from './non-invite-client.ts';
import { type LifetimeTimer, lifetimeMs, nextRetransmitMs, type RetransmitTimer } from './timers.ts';

/** What the owner of a client transaction hears. */
export interface ClientTransactionUser {
  onResponse(response: SipResponse): void;
  onTimeout(): void;
  onUnreachable(): void;
}

/** What all client transactions of a layer share. */
export interface ClientTransactionParts {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly onTerminated: (transaction: ClientTransaction) => void;
}

/** One request on one flow, from the sending to the last response (RFC 3261 §17.1). Drives the pure machines. */
export class ClientTransaction {
  readonly method: string;
  readonly flow: Flow;
  readonly key: string;
  readonly #machine: Machine<string>;
  readonly #user: ClientTransactionUser;
  readonly #parts: ClientTransactionParts;
  /** Let go with the final response. */
  #request: SipRequest | undefined;
  #state: string;
  #retransmitMs = 0;
  #retransmitTimer: Timer | undefined;
  #lifetimeTimer: Timer | undefined;
  #ackText: string | undefined;

  /** `request` carries our Via on top; `key` is unique to the transaction in its layer. Sends at once. */
  constructor(
    request: SipRequest,
    flow: Flow,
    key: string,
    user: ClientTransactionUser,
    parts: ClientTransactionParts,
  ) {
    const isInvite = request.method === 'INVITE';
    this.method = request.method;
    this.#request = request;
    this.flow = flow;
    this.key = key;
    this.#machine = isInvite ? INVITE_CLIENT : NON_INVITE_CLIENT;
    this.#state = isInvite ? 'calling' : 'trying';
    this.#user = user;
    this.#parts = parts;
    traceMessage(parts.trace, 'sent', request, flow);
    flow.send(request.serialize());
    this.#startRetransmit(isInvite ? 'timer-a' : 'timer-e');
    this.#startLifetime(isInvite ? 'timer-b' : 'timer-f');
  }

  /** The request as sent, our Via on top; undefined once a final response came. */
  get request(): SipRequest | undefined {
    return this.#request;
  }

  get state(): string {
    return this.#state;
  }

  /** A response that matched this transaction (RFC 3261 §17.1.3). */
  onResponse(response: SipResponse): void {
    const { status } = response;
    this.#step(status < 200 ? '1xx' : status < 300 ? '2xx' : 'failure', response);
  }

  /** The connection it was sent on has closed. */
  onFlowClosed(): void {
    this.#step('transport-error');
  }

  /** Ends at once and tells nobody: the owner has lost interest. */
  abandon(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#terminated();
  }

  /** The node stops: ends at once, and the owner hears it. */
  end(): void {
    if (this.#state === 'terminated') return;
    this.abandon();
    this.#user.onUnreachable();
  }

  #step(input: Input, response?: SipResponse): void {
    const transition = step(this.#machine, this.#state, input);
    if (transition === undefined) return;
    const retransmitsMore = this.#state !== transition[0] && transition[0] === 'proceeding';
    this.#state = transition[0];
    // §17.1.2.2: once a provisional response came, a non-INVITE request repeats every T2.
    if (retransmitsMore) this.#retransmitMs = this.flow.timers.t2Ms;
    for (let i = 1; i < transition.length; i += 1) this.#act(transition[i] as Action, response);
    if (this.#state === 'accepted' || this.#state === 'completed') this.#request = undefined;
    if (this.#state === 'terminated') this.#terminated();
  }

  #act(action: Action, response: SipResponse | undefined): void {
    switch (action) {
      case 'resend':
        return this.#resend();
      case 'ack':
        return this.#sendAck(response as SipResponse);
      case 'pass':
        return this.#user.onResponse(response as SipResponse);
      case 'tell-timeout':
        return this.#user.onTimeout();
      case 'tell-unreachable':
        return this.#user.onUnreachable();
      case 'stop-retransmit':
        return this.#retransmitTimer?.cancel();
      case 'stop-lifetime':
        return this.#lifetimeTimer?.cancel();
      case 'start-timer-a':
      case 'start-timer-e':
        return this.#startRetransmit(action === 'start-timer-a' ? 'timer-a' : 'timer-e');
      default:
        return this.#startLifetime(action.slice('start-'.length) as LifetimeTimer);
    }
  }

  /** Serialised anew: kept bytes would pin Node's buffer pool, and this is rare. */
  #resend(): void {
    if (this.#request !== undefined) this.flow.send(this.#request.serialize());
  }

  #sendAck(response: SipResponse): void {
    if (this.#request !== undefined) this.#ackText = createAck(this.#request, response).text;
    if (this.#ackText !== undefined) this.flow.send(Buffer.from(this.#ackText, 'latin1'));
  }

  #startRetransmit(timer: RetransmitTimer): void {
    if (isReliable(this.flow)) return;
    this.#retransmitMs = nextRetransmitMs(timer, this.#retransmitMs, this.flow.timers);
    this.#retransmitTimer = this.#parts.clock.startTimer(this.#retransmitMs, () => this.#step(timer));
  }

  #startLifetime(timer: LifetimeTimer): void {
    this.#lifetimeTimer?.cancel();
    const delayMs = lifetimeMs(timer, this.flow.timers, isReliable(this.flow));
    if (delayMs === 0) this.#state = 'terminated';
    else this.#lifetimeTimer = this.#parts.clock.startTimer(delayMs, () => this.#step(timer));
  }

  #terminated(): void {
    this.#retransmitTimer?.cancel();
    this.#lifetimeTimer?.cancel();
    this.#parts.onTerminated(this);
  }
}
