import { type MessageParts, SipMessage } from './message.ts';
import { parseUri, type Uri } from './uri.ts';

/** A request. `method` is case-sensitive (RFC 3261 §7.1). */
export class SipRequest extends SipMessage {
  readonly isRequest = true as const;
  readonly method: string;
  #uri: string;
  #parsedUri: Uri | null | undefined;

  constructor(method: string, uri: string, parts: MessageParts) {
    super(parts);
    this.method = method;
    this.#uri = uri;
  }

  /** The Request-URI as written. */
  get uri(): string {
    return this.#uri;
  }

  /** Undefined when the Request-URI is malformed. */
  get parsedUri(): Uri | undefined {
    if (this.#parsedUri === undefined) this.#parsedUri = parseUri(this.#uri) ?? null;
    return this.#parsedUri ?? undefined;
  }

  setUri(uri: string): void {
    this.#uri = uri;
    this.#parsedUri = undefined;
    this.setStartLine(`${this.method} ${uri} SIP/2.0`);
  }

  override copy(): this {
    const copy = new SipRequest(this.method, this.#uri, this.parts);
    copy.adopt(this);
    copy.#parsedUri = this.#parsedUri;
    return copy as this;
  }
}
