import { assert } from '@clearwater/platform';
import type { SipRequest, SipResponse } from '../message/mod.ts';
import type { ClientLeg, ClientLegUser, LegOrigin, ServerLeg, ServerLegUser } from './role.ts';

/**
 * A request between two roles of one process: both legs at once, without Via, transaction or timer, for nothing is lost in memory.
 * Deviates from RFC 3261 §16.6-8: there is no hop to match a response to, so no Via shows it. Every event goes through `defer`, the
 * node's queue, so that a role is never re-entered and events keep their order.
 */
export class MemoryHop implements ServerLeg, ClientLeg {
  readonly origin: LegOrigin;
  readonly #sender: ClientLegUser;
  readonly #defer: (event: () => void) => void;
  readonly #isInvite: boolean;
  /** Both are let go with the final response. */
  #request: SipRequest | undefined;
  #receiver: ServerLegUser | undefined;
  /** The final status once there is one; 0 before. */
  #finalStatus = 0;
  #isCancelled = false;
  /** What the receiver hears of the cancellation once it has arrived; it may attach only then. */
  #cancellation: { readonly reason: string | undefined } | undefined;

  constructor(
    request: SipRequest,
    origin: LegOrigin,
    sender: ClientLegUser,
    defer: (event: () => void) => void,
  ) {
    this.#request = request;
    this.#isInvite = request.method === 'INVITE';
    this.origin = origin;
    this.#sender = sender;
    this.#defer = defer;
  }

  get request(): SipRequest {
    assert(this.#request !== undefined, 'a leg is asked for its request before it is answered');
    return this.#request;
  }

  attach(user: ServerLegUser): void {
    this.#receiver = user;
    if (this.#cancellation !== undefined) user.onCancel(this.#cancellation.reason);
  }

  respond(response: SipResponse): void {
    const { status } = response;
    if (status === 100) return; // hop by hop, and this hop needs none
    const isLater2xx = status >= 200 && status < 300 && this.#finalStatus >= 200 && this.#finalStatus < 300;
    if (this.#finalStatus !== 0 && !(isLater2xx && this.#isInvite)) return;
    if (status >= 200) this.#end(status);
    this.#defer(() => this.#sender.onResponse(response));
  }

  abandon(): void {
    if (this.#finalStatus !== 0) return;
    this.#end(408);
    this.#defer(() => this.#sender.onFailure('timeout'));
  }

  cancel(reason?: string): void {
    if (this.#isCancelled || this.#finalStatus !== 0 || !this.#isInvite) return;
    this.#isCancelled = true;
    this.#defer(() => {
      if (this.#finalStatus !== 0) return;
      this.#cancellation = { reason };
      this.#receiver?.onCancel(reason);
    });
  }

  #end(status: number): void {
    this.#finalStatus = status;
    this.#request = undefined;
    this.#receiver = undefined;
  }
}
