import { type MessageParts, SipMessage } from './message.ts';
import { REASON_PHRASES } from './reason-phrases.ts';

/** A response. `status` is 100 to 699. */
export class SipResponse extends SipMessage {
  readonly isRequest = false as const;
  #status: number;
  #reason: string;

  constructor(status: number, reason: string, parts: MessageParts) {
    super(parts);
    this.#status = status;
    this.#reason = reason;
  }

  get status(): number {
    return this.#status;
  }

  get reason(): string {
    return this.#reason;
  }

  /** `reason` defaults to the registered phrase. */
  setStatus(status: number, reason: string = REASON_PHRASES[status] ?? 'Unknown'): void {
    this.#status = status;
    this.#reason = reason;
    this.setStartLine(`SIP/2.0 ${status} ${reason}`);
  }

  override copy(): this {
    const copy = new SipResponse(this.#status, this.#reason, this.parts);
    copy.adopt(this);
    return copy as this;
  }
}
