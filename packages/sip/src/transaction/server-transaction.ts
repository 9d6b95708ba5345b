import { assert, type Clock, type Timer, type Trace } from '@clearwater/platform';
import { createResponse, type SipRequest, type SipResponse } from '../message/mod.ts';
import type { LegOrigin, ServerLeg, ServerLegUser } from '../role/role.ts';
import { type Flow, isReliable, isSamePeer } from '../transport/flow.ts';
import { INVITE_SERVER } from './invite-server.ts';
import { type Action, type Input, type Machine, step } from './machine.ts';
import { traceMessage } from './message-trace.ts';
import { NON_INVITE_SERVER } from './non-invite-server.ts';
import { type LifetimeTimer, lifetimeMs, nextRetransmitMs } from './timers.ts';

/** §17.2.1: a 100 within 200 ms when the transaction user has nothing yet. */
const TRYING_AFTER_MS = 200;

/** One received request, from its first copy to the end of its responses (RFC 3261 §17.2): the wire's `ServerLeg`. */
export class ServerTransaction implements ServerLeg {
  readonly origin: LegOrigin;
  readonly key: string;
  readonly #machine: Machine<string>;
  readonly #flow: Flow;
  readonly #replyFlow: Flow;
  readonly #parts: ServerTransactionParts;
  readonly #isInvite: boolean;
  /** Both are let go with the final response. */
  #request: SipRequest | undefined;
  #user: ServerLegUser | undefined;
  #state: string;
  #cancelled: { readonly reason: string | undefined } | undefined;
  /** The response to repeat; as text, for kept bytes would pin Node's buffer pool. */
  #lastText: string | undefined;
  #retransmitMs = 0;
  #retransmitTimer: Timer | undefined;
  #lifetimeTimer: Timer | undefined;
  #tryingTimer: Timer | undefined;

  /** `replyFlow` is where responses go (RFC 3261 §18.2.2, RFC 3581 §4). */
  constructor(request: SipRequest, flow: Flow, replyFlow: Flow, key: string, parts: ServerTransactionParts) {
    this.#request = request;
    this.#isInvite = request.method === 'INVITE';
    this.origin = { tag: 'flow', flow };
    this.#flow = flow;
    this.key = key;
    this.#machine = this.#isInvite ? INVITE_SERVER : NON_INVITE_SERVER;
    this.#state = this.#isInvite ? 'proceeding' : 'trying';
    this.#replyFlow = replyFlow;
    this.#parts = parts;
    this.#startTrying();
  }

  get request(): SipRequest {
    assert(this.#request !== undefined, 'a leg is asked for its request before it is answered');
    return this.#request;
  }

  get state(): string {
    return this.#state;
  }

  /** True once a final response was sent (or none will be). */
  get isAnswered(): boolean {
    return this.#state !== 'proceeding' && this.#state !== 'trying';
  }

  attach(user: ServerLegUser): void {
    this.#user = user;
    if (this.#cancelled !== undefined) user.onCancel(this.#cancelled.reason);
  }

  respond(response: SipResponse): void {
    const { status } = response;
    this.#tryingTimer?.cancel();
    this.#step(status < 200 ? 'tu-1xx' : status < 300 ? 'tu-2xx' : 'tu-failure', response);
  }

  abandon(): void {
    this.#tryingTimer?.cancel();
    if (!this.isAnswered) this.#step('tu-silence');
  }

  /** The node stops: ends at once, without a word. */
  end(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#terminated();
  }

  /** The same request came again. */
  onRetransmission(): void {
    this.#step('request');
  }

  /** An ACK that matched this INVITE (§17.2.3), which was not answered 2xx. */
  onAck(): void {
    this.#step('ack');
  }

  /** §9.1: the CANCEL of this request has its Call-ID, CSeq number and From tag, and comes from where it came (§22.1: the same hop). */
  isCancelledBy(cancel: SipRequest, flow: Flow): boolean {
    const request = this.#request;
    if (request === undefined) return true; // answered: the CANCEL has no effect and gets its 200
    return (
      cancel.callId === request.callId &&
      cancel.cseq?.number === request.cseq?.number &&
      cancel.from?.tag === request.from?.tag &&
      isSamePeer(flow, this.#flow)
    );
  }

  /** A CANCEL that matched this request; its own 200 is sent by the layer. Only an INVITE without a final response cares (§9.2). `reason`: RFC 3326. */
  onCancel(reason?: string): void {
    if (this.#cancelled !== undefined || this.#state !== 'proceeding' || !this.#isInvite) return;
    this.#cancelled = { reason };
    this.#user?.onCancel(reason);
  }

  #step(input: Input, message?: SipResponse): void {
    const transition = step(this.#machine, this.#state, input);
    if (transition === undefined) {
      if (input.startsWith('tu-')) this.#parts.onMisplacedResponse(this);
      return;
    }
    this.#state = transition[0];
    for (let i = 1; i < transition.length; i += 1) this.#act(transition[i] as Action, message);
    if (this.isAnswered) this.#letGo();
    if (this.#state === 'terminated') this.#terminated();
  }

  #letGo(): void {
    this.#request = undefined;
    this.#user = undefined;
  }

  #act(action: Action, message: SipResponse | undefined): void {
    switch (action) {
      case 'send':
        return this.#send(message as SipResponse);
      case 'resend':
        return this.#lastText === undefined ? this.#sendTrying() : this.#sendText(this.#lastText);
      case 'stop-retransmit':
        return this.#retransmitTimer?.cancel();
      case 'start-timer-g':
        return this.#startRetransmit();
      case 'tell-timeout':
        return; // the ACK of a failure never came: nobody needs to know (§17.2.1)
      default:
        return this.#startLifetime(action.slice('start-'.length) as LifetimeTimer);
    }
  }

  #send(response: SipResponse): void {
    traceMessage(this.#parts.trace, 'sent', response, this.#replyFlow);
    const { text } = response;
    this.#lastText = this.#state === 'accepted' ? undefined : text; // a 2xx to an INVITE is repeated by the UAS core alone
    this.#sendText(text);
  }

  #sendText(text: string): void {
    this.#replyFlow.send(Buffer.from(text, 'latin1'));
  }

  #startTrying(): void {
    if (this.#isInvite) {
      this.#tryingTimer = this.#parts.clock.startTimer(TRYING_AFTER_MS, () => this.#sendTrying());
    } else {
      // RFC 4320 §4.1: when the client's Timer E has reached T2, on any transport; §4.2: silence once its Timer F has fired.
      const { t1Ms, t2Ms } = this.#replyFlow.timers;
      const tryingAfterMs = Math.max(t2Ms - t1Ms, t1Ms);
      this.#tryingTimer = this.#parts.clock.startTimer(tryingAfterMs, () => {
        this.#sendTrying();
        this.#tryingTimer = this.#parts.clock.startTimer(64 * t1Ms - tryingAfterMs, () => this.abandon());
      });
    }
  }

  #sendTrying(): void {
    if (this.#lastText === undefined && !this.isAnswered) this.respond(createResponse(this.request, 100));
  }

  #startRetransmit(): void {
    if (isReliable(this.#replyFlow)) return;
    this.#retransmitMs = nextRetransmitMs('timer-g', this.#retransmitMs, this.#replyFlow.timers);
    this.#retransmitTimer = this.#parts.clock.startTimer(this.#retransmitMs, () => this.#step('timer-g'));
  }

  #startLifetime(timer: LifetimeTimer): void {
    this.#lifetimeTimer?.cancel();
    const delayMs = lifetimeMs(timer, this.#replyFlow.timers, isReliable(this.#replyFlow));
    if (delayMs === 0) this.#state = 'terminated';
    else this.#lifetimeTimer = this.#parts.clock.startTimer(delayMs, () => this.#step(timer));
  }

  #terminated(): void {
    this.#tryingTimer?.cancel();
    this.#retransmitTimer?.cancel();
    this.#lifetimeTimer?.cancel();
    this.#parts.onTerminated(this);
  }
}

/** What all server transactions of a layer share. */
export interface ServerTransactionParts {
  readonly clock: Clock;
  readonly trace: Trace;
  /** The transaction user answered where no answer fits: after a final response. */
  readonly onMisplacedResponse: (transaction: ServerTransaction) => void;
  readonly onTerminated: (transaction: ServerTransaction) => void;
}
