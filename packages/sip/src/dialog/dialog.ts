import {
  createRequest,
  type HeaderList,
  type MessageBody,
  parseNameAddr,
  type SipRequest,
  type SipResponse,
} from '../message/mod.ts';

/**
 * One side's state of a dialog (RFC 3261 §12): what a UA, and so a B2BUA role, keeps to send and check requests within it.
 * Pure state; sending is the owner's business.
 */
export class Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** Values for From and To of our requests, tags included. */
  readonly #local: string;
  readonly #remote: string;
  /** Route values, first hop first. */
  readonly #routeSet: readonly string[];
  #remoteTarget: string;
  #localSequence: number;
  #remoteSequence: number | undefined;
  #isConfirmed: boolean;

  private constructor(fields: DialogFields) {
    this.callId = fields.callId;
    this.localTag = fields.localTag;
    this.remoteTag = fields.remoteTag;
    this.#local = fields.local;
    this.#remote = fields.remote;
    this.#routeSet = fields.routeSet;
    this.#remoteTarget = fields.remoteTarget;
    this.#localSequence = fields.localSequence;
    this.#remoteSequence = fields.remoteSequence;
    this.#isConfirmed = fields.isConfirmed;
  }

  /** §12.1.2: from a 101–2xx response to our request; undefined without a To tag or a Contact. */
  static ofUac(request: SipRequest, response: SipResponse): Dialog | undefined {
    const remoteTarget = contactOf(response);
    const [localTag, remoteTag] = [request.from?.tag, response.to?.tag];
    if (remoteTarget === undefined || localTag === undefined || remoteTag === undefined) return undefined;
    return new Dialog({
      callId: request.callId,
      localTag,
      remoteTag,
      local: request.header('From') ?? '',
      remote: response.header('To') ?? '',
      routeSet: [...response.values('Record-Route')].reverse(),
      remoteTarget,
      localSequence: request.cseq?.number ?? 0,
      remoteSequence: undefined,
      isConfirmed: response.status >= 200,
    });
  }

  /** §12.1.1: from a request and our response to it; undefined without From tag, To tag or Contact. */
  static ofUas(request: SipRequest, response: SipResponse): Dialog | undefined {
    const remoteTarget = contactOf(request);
    const [localTag, remoteTag] = [response.to?.tag, request.from?.tag];
    if (remoteTarget === undefined || localTag === undefined || remoteTag === undefined) return undefined;
    return new Dialog({
      callId: request.callId,
      localTag,
      remoteTag,
      local: response.header('To') ?? '',
      remote: request.header('From') ?? '',
      routeSet: request.values('Record-Route'),
      remoteTarget,
      localSequence: 0,
      remoteSequence: request.cseq?.number,
      isConfirmed: response.status >= 200,
    });
  }

  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  get remoteTarget(): string {
    return this.#remoteTarget;
  }

  /** The call was answered. */
  confirm(): void {
    this.#isConfirmed = true;
  }

  /** §12.2.1.1: the next request of ours in this dialog; not for ACK and CANCEL. */
  createRequest(method: string, extra: { headers?: HeaderList; body?: MessageBody } = {}): SipRequest {
    this.#localSequence += 1;
    return this.#request(method, this.#localSequence, extra);
  }

  /** §13.2.2.4: the ACK of a 2xx to the INVITE with that CSeq number. */
  createAck(inviteSequence: number, extra: { headers?: HeaderList; body?: MessageBody } = {}): SipRequest {
    return this.#request('ACK', inviteSequence, extra);
  }

  /**
   * §12.2.2: takes note of a request of the peer; false when it is out of order and wants a 500. A target refresh request changes where
   * our next request goes.
   */
  accept(request: SipRequest): boolean {
    const sequence = request.cseq?.number ?? 0;
    if (request.method === 'ACK') return true;
    if (this.#remoteSequence !== undefined && sequence <= this.#remoteSequence) return false;
    this.#remoteSequence = sequence;
    if (request.method === 'INVITE' || request.method === 'UPDATE') this.refreshTarget(request);
    return true;
  }

  /** §12.2.1.2, §12.2.2: the Contact of a re-INVITE, an UPDATE or their 2xx. */
  refreshTarget(message: SipRequest | SipResponse): void {
    this.#remoteTarget = contactOf(message) ?? this.#remoteTarget;
  }

  #request(
    method: string,
    sequence: number,
    { headers = [], body }: { headers?: HeaderList; body?: MessageBody },
  ): SipRequest {
    const [uri, routes] = this.#requestUriAndRoutes();
    return createRequest({
      method,
      uri,
      headers: [
        ...routes.map((route): [string, string] => ['Route', route]),
        ['Max-Forwards', '70'],
        ['From', this.#local],
        ['To', this.#remote],
        ['Call-ID', this.callId],
        ['CSeq', `${sequence} ${method}`],
        ...headers,
      ],
      body,
    });
  }

  /** A strict router as first hop stands in the Request-URI, the target behind the other routes (§12.2.1.1). */
  #requestUriAndRoutes(): [uri: string, routes: readonly string[]] {
    const [first, ...rest] = this.#routeSet;
    const firstUri = first === undefined ? undefined : parseNameAddr(first)?.parsedUri;
    if (firstUri === undefined || (firstUri.scheme === 'sip' && firstUri.params.has('lr'))) {
      return [this.#remoteTarget, this.#routeSet];
    }
    return [firstUri.toString(), [...rest, `<${this.#remoteTarget}>`]];
  }
}

interface DialogFields {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly local: string;
  readonly remote: string;
  readonly routeSet: readonly string[];
  readonly remoteTarget: string;
  readonly localSequence: number;
  readonly remoteSequence: number | undefined;
  readonly isConfirmed: boolean;
}

function contactOf(message: SipRequest | SipResponse): string | undefined {
  const { contacts } = message;
  return contacts?.tag === 'list' ? contacts.contacts[0]?.uri : undefined;
}
