import type { Clock, Timer } from '@clearwater/platform';
import { createCancel, type HeaderList, type SipRequest, type SipResponse } from '../message/mod.ts';
import type { ClientTransaction, ClientTransactionUser } from '../transaction/client-transaction.ts';
import type { TransactionLayer } from '../transaction/transaction-layer.ts';
import type { Flow } from '../transport/flow.ts';
import type { ClientFailure, ClientLeg, ClientLegUser } from './role.ts';

/** After a CANCEL the INVITE gets this long, in units of T1, for its final response (RFC 3261 §9.1). */
const CANCELLED_INVITE_T1S = 64;

export interface WireClientLegParts {
  readonly transactions: TransactionLayer;
  readonly clock: Clock;
  /** Where to try, in order; each is opened only when its turn comes. */
  readonly flows: readonly (() => Flow | undefined)[];
  /** What to say when no flow works. */
  readonly failure: ClientFailure;
  readonly defer: (event: () => void) => void;
}

/**
 * A request on its way across the wire. Tries the next hops in order, each with a branch of its own, until one has answered anything
 * at all (RFC 3261 §16.7-4, RFC 3263 §4.3); holds a CANCEL back until a provisional response came (§9.1).
 */
export class WireClientLeg implements ClientLeg, ClientTransactionUser {
  readonly #isInvite: boolean;
  /** Let go with the final response. */
  #request: SipRequest | undefined;
  readonly #user: ClientLegUser;
  readonly #parts: WireClientLegParts;
  #attempt = 0;
  #transaction: ClientTransaction | undefined;
  #phase: 'calling' | 'proceeding' | 'final' = 'calling';
  #isCancelWanted = false;
  #cancelHeaders: HeaderList = [];
  #cancelTimer: Timer | undefined;

  constructor(request: SipRequest, user: ClientLegUser, parts: WireClientLegParts) {
    this.#isInvite = request.method === 'INVITE';
    this.#request = request;
    this.#user = user;
    this.#parts = parts;
    this.#tryNext();
  }

  cancel(reason?: string): void {
    if (this.#isCancelWanted || this.#phase === 'final' || !this.#isInvite) return;
    this.#isCancelWanted = true;
    if (reason !== undefined) this.#cancelHeaders = [['Reason', reason]];
    if (this.#phase === 'proceeding') this.#sendCancel();
  }

  onResponse(response: SipResponse): void {
    const { status } = response;
    if (status < 200) {
      const isFirst = this.#phase === 'calling';
      if (isFirst) this.#phase = 'proceeding';
      if (isFirst && this.#isCancelWanted) this.#sendCancel();
      if (status === 100 || this.#phase === 'final') return;
    } else {
      this.#phase = 'final';
      this.#request = undefined;
      this.#cancelTimer?.cancel();
    }
    response.removeFirstValue('Via');
    this.#parts.defer(() => this.#user.onResponse(response));
  }

  onTimeout(): void {
    this.#attemptFailed('timeout');
  }

  onUnreachable(): void {
    this.#attemptFailed(this.#parts.failure);
  }

  #attemptFailed(failure: ClientFailure): void {
    if (this.#phase === 'calling' && !this.#isCancelWanted && this.#attempt < this.#parts.flows.length) {
      this.#tryNext();
    } else {
      this.#fail(failure);
    }
  }

  #tryNext(): void {
    const { flows, transactions } = this.#parts;
    while (this.#request !== undefined && this.#attempt < flows.length) {
      const flow = flows[this.#attempt]?.();
      this.#attempt += 1;
      if (flow?.isOpen) {
        const branch = transactions.newBranch();
        const attempt = this.#request.copy();
        attempt.prepend('Via', transactions.viaFor(flow, branch));
        const transaction = transactions.send(attempt, branch, flow, this);
        this.#transaction = transaction;
        if (!flow.isOpen) this.#parts.defer(() => transaction.onFlowClosed()); // closed by this very write
        return;
      }
    }
    this.#fail(this.#parts.failure);
  }

  #sendCancel(): void {
    const invite = this.#transaction;
    const request = invite?.request;
    const branch = request?.topVia?.branch;
    if (invite === undefined || request === undefined || branch === undefined) return;
    const { transactions, clock } = this.#parts;
    const timeoutMs = CANCELLED_INVITE_T1S * invite.flow.timers.t1Ms;
    transactions.send(createCancel(request, this.#cancelHeaders), branch, invite.flow, IGNORED);
    this.#cancelTimer = clock.startTimer(timeoutMs, () => {
      invite.abandon();
      this.#fail('timeout');
    });
  }

  #fail(failure: ClientFailure): void {
    if (this.#phase === 'final') return;
    this.#phase = 'final';
    this.#request = undefined;
    this.#cancelTimer?.cancel();
    this.#parts.defer(() => this.#user.onFailure(failure));
  }
}

/** Nothing depends on how a CANCEL is answered: the INVITE's own final response decides. */
const IGNORED: ClientTransactionUser = { onResponse() {}, onTimeout() {}, onUnreachable() {} };
