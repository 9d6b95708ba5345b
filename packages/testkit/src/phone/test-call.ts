import type { Platform } from '@clearwater/platform';
import {
  AnswerRepeater,
  type ClientLeg,
  createResponse,
  Dialog,
  RFC_TIMERS,
  type ServerLeg,
  type SipNode,
  type SipRequest,
  type SipResponse,
} from '@clearwater/sip';

/** How a phone treats an incoming call. Delays in ms after the INVITE. */
export interface AnswerPlan {
  readonly ringAfterMs?: number;
  readonly answerAfterMs?: number;
  /** The final answer; 200 by default. */
  readonly status?: number;
}

/** The phone a call belongs to. */
export interface CallOwner {
  readonly platform: Platform;
  readonly node: SipNode;
  readonly contact: string;
  request(request: SipRequest): Promise<SipResponse | undefined>;
}

export type CallState = 'setup' | 'ringing' | 'talking' | 'ended';

/** One call of a `CallOwner`, either side. */
export class TestCall {
  readonly callId: string;
  readonly #phone: CallOwner;
  #state: CallState = 'setup';
  #finalStatus: number | undefined;
  #dialog: Dialog | undefined;
  #outgoing: ClientLeg | undefined;
  #repeater: AnswerRepeater | undefined;
  readonly #settled: Promise<number | undefined>;
  #settle: (status: number | undefined) => void = () => undefined;

  private constructor(phone: CallOwner, callId: string) {
    this.#phone = phone;
    this.callId = callId;
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  static outgoing(phone: CallOwner, invite: SipRequest): TestCall {
    const call = new TestCall(phone, invite.callId);
    call.#outgoing = phone.node.send(invite, {
      onResponse: (response) => call.#onInviteResponse(invite, response),
      onFailure: () => call.#end(undefined),
    });
    return call;
  }

  static incoming(phone: CallOwner, leg: ServerLeg, plan: AnswerPlan): TestCall {
    const call = new TestCall(phone, leg.request.callId);
    call.#answer(leg, plan);
    return call;
  }

  get state(): CallState {
    return this.#state;
  }

  /** The final status of the INVITE, once there is one. */
  get finalStatus(): number | undefined {
    return this.#finalStatus;
  }

  /** Resolves to the final status of the INVITE; undefined when none came. */
  get settled(): Promise<number | undefined> {
    return this.#settled;
  }

  cancel(): void {
    this.#outgoing?.cancel();
  }

  /** Sends BYE; resolves to its final status. */
  async hangUp(): Promise<number | undefined> {
    this.#state = 'ended';
    this.#repeater?.stop();
    return this.request('BYE');
  }

  /** Sends a request inside the dialog; resolves to its final status. */
  async request(method: string): Promise<number | undefined> {
    if (this.#dialog === undefined) return undefined;
    const response = await this.#phone.request(
      this.#dialog.createRequest(method, { headers: [['Contact', `<${this.#phone.contact}>`]] }),
    );
    return response?.status;
  }

  onRequest(leg: ServerLeg): void {
    const { request } = leg;
    const inOrder = this.#dialog?.accept(request) ?? true;
    if (request.method === 'BYE') {
      this.#state = 'ended';
      this.#repeater?.stop();
    }
    leg.respond(
      createResponse(request, inOrder ? 200 : 500, undefined, {
        headers: [['Contact', `<${this.#phone.contact}>`]],
      }),
    );
  }

  onAck(): void {
    this.#repeater?.stop();
  }

  #onInviteResponse(invite: SipRequest, response: SipResponse): void {
    if (response.status < 200) {
      if (this.#state === 'setup' && response.status > 100) this.#state = 'ringing';
    } else if (response.status < 300) {
      this.#dialog ??= Dialog.ofUac(invite, response);
      const ack = this.#dialog?.createAck(invite.cseq?.number ?? 1);
      if (ack !== undefined) this.#phone.node.sendAck(ack);
      if (this.#state !== 'ended') this.#state = 'talking';
      this.#settleWith(response.status);
    } else {
      this.#end(response.status);
    }
  }

  #answer(leg: ServerLeg, { ringAfterMs, answerAfterMs = 0, status = 200 }: AnswerPlan): void {
    const { clock, random } = this.#phone.platform;
    const { request } = leg;
    const toTag = random.token(8);
    const respond = (code: number): SipResponse => {
      const response = createResponse(request, code, undefined, {
        toTag,
        copyRecordRoute: code < 300,
        headers: [['Contact', `<${this.#phone.contact}>`]],
      });
      leg.respond(response);
      return response;
    };
    const final = (code: number): void => {
      if (this.#finalStatus !== undefined) return;
      const response = respond(code);
      this.#settleWith(code);
      if (code >= 300) return this.#end(code);
      this.#state = 'talking';
      this.#dialog = Dialog.ofUas(request, response);
      this.#repeater = new AnswerRepeater(
        clock,
        RFC_TIMERS,
        () => leg.respond(response.copy()),
        () => void this.hangUp(),
      );
    };
    const ring =
      ringAfterMs === undefined
        ? undefined
        : clock.startTimer(ringAfterMs, () => {
            this.#state = 'ringing';
            respond(180);
          });
    const answer = clock.startTimer(answerAfterMs, () => final(status));
    leg.attach({
      onCancel: () => {
        ring?.cancel();
        answer.cancel();
        final(487);
      },
    });
  }

  #end(status: number | undefined): void {
    this.#state = 'ended';
    this.#settleWith(status);
  }

  #settleWith(status: number | undefined): void {
    this.#finalStatus ??= status;
    this.#settle(status);
  }
}
