import type { Platform, SocketAddress } from '@clearwater/platform';
import {
  authorize,
  createRequest,
  createResponse,
  type HeaderList,
  parseChallenge,
  RFC_TIMERS,
  type Role,
  type ServerLeg,
  SipNode,
  type SipRequest,
  type SipResponse,
  StaticResolver,
  type TransportName,
} from '@clearwater/sip';
import { type AnswerPlan, type CallOwner, TestCall } from './test-call.ts';

export interface TestPhoneOptions {
  /** `sip:alice@example.com`. */
  readonly impu: string;
  readonly impi?: string;
  readonly password: string;
  readonly local: SocketAddress;
  readonly proxy: SocketAddress;
  readonly transport: TransportName;
}

/** A phone for simulations: registers (answering the challenge at once), calls, answers, hangs up. Built on our own stack. */
export class TestPhone implements Role, CallOwner {
  readonly name: string = 'phone';
  readonly options: TestPhoneOptions;
  readonly node: SipNode;
  /** Every request that reached it, in order. */
  readonly received: SipRequest[] = [];
  readonly calls = new Map<string, TestCall>();
  answerPlan: AnswerPlan = { ringAfterMs: 0, answerAfterMs: 100 };
  readonly #platform: Platform;
  #registerSequence = 0;
  readonly #registerCallId: string;

  constructor(platform: Platform, options: TestPhoneOptions) {
    this.options = options;
    this.#platform = platform;
    this.#registerCallId = platform.random.token(12);
    const listeners = [
      { name: 'phone', ...options.local, transports: [options.transport], timers: RFC_TIMERS },
    ] as const;
    this.node = new SipNode(platform, { listeners, sendFrom: 'phone' }, new StaticResolver({}));
    this.node.add(this, 'phone');
  }

  start(): Promise<void> {
    return this.node.start();
  }

  stop(): Promise<void> {
    return this.node.stop();
  }

  get contact(): string {
    const { local, transport } = this.options;
    const user = this.options.impu.slice('sip:'.length).split('@')[0];
    return `sip:${user}@${local.host}:${local.port}${transport === 'TCP' ? ';transport=tcp' : ''}`;
  }

  /** The preloaded Route to the edge proxy. */
  get route(): string {
    const { proxy, transport } = this.options;
    return `<sip:${proxy.host}:${proxy.port};lr${transport === 'TCP' ? ';transport=tcp' : ''}>`;
  }

  /** Registers, answering one challenge; resolves to the last response, undefined when none came. */
  async register(expiresS = 300): Promise<SipResponse | undefined> {
    const first = await this.request(this.#registerRequest(expiresS));
    if (first?.status !== 401) return first;
    const challenge = parseChallenge(first.header('WWW-Authenticate') ?? '');
    if (challenge === undefined) return first;
    const again = this.#registerRequest(expiresS);
    const answer = authorize(again, challenge, {
      username: this.options.impi ?? this.options.impu.slice('sip:'.length),
      password: this.options.password,
      nc: 1,
      cnonce: this.#platform.random.token(8),
    });
    again.set('Authorization', answer ?? '');
    return this.request(again);
  }

  /** Starts a call; the outcome is in the returned object. */
  call(target: string, headers: HeaderList = []): TestCall {
    const call = TestCall.outgoing(this, this.#newRequest('INVITE', target, headers));
    this.calls.set(call.callId, call);
    return call;
  }

  /** Sends one request outside dialogs, e.g. MESSAGE; resolves to its final response, undefined when none came. */
  send(method: string, target: string, headers: HeaderList = []): Promise<SipResponse | undefined> {
    return this.request(this.#newRequest(method, target, headers));
  }

  request(request: SipRequest): Promise<SipResponse | undefined> {
    return new Promise((resolve) => {
      this.node.send(request, {
        onResponse: (response) => {
          if (response.status >= 200) resolve(response);
        },
        onFailure: () => resolve(undefined),
      });
    });
  }

  owns(): boolean {
    return false; // nothing is routed to a phone by name
  }

  onRequest(leg: ServerLeg): void {
    const { request } = leg;
    this.received.push(request);
    const call = this.calls.get(request.callId);
    if (request.method === 'INVITE' && request.to?.tag === undefined) {
      this.calls.set(request.callId, TestCall.incoming(this, leg, this.answerPlan));
    } else if (call !== undefined) {
      call.onRequest(leg);
    } else {
      const status = request.to?.tag === undefined ? 200 : 481;
      leg.respond(createResponse(request, status, undefined, { toTag: this.#platform.random.token(8) }));
    }
  }

  onAck(ack: SipRequest): void {
    this.received.push(ack);
    this.calls.get(ack.callId)?.onAck();
  }

  get platform(): Platform {
    return this.#platform;
  }

  #registerRequest(expiresS: number): SipRequest {
    this.#registerSequence += 1;
    const { impu } = this.options;
    const domain = impu.split('@')[1] ?? '';
    return createRequest({
      method: 'REGISTER',
      uri: `sip:${domain}`,
      headers: [
        ['Route', this.route],
        ['Max-Forwards', '70'],
        ['From', `<${impu}>;tag=${this.#platform.random.token(8)}`],
        ['To', `<${impu}>`],
        ['Call-ID', this.#registerCallId],
        ['CSeq', `${this.#registerSequence} REGISTER`],
        ['Contact', `<${this.contact}>`],
        ['Expires', String(expiresS)],
        ['Supported', 'path'],
      ],
    });
  }

  #newRequest(method: string, target: string, headers: HeaderList): SipRequest {
    return createRequest({
      method,
      uri: target,
      headers: [
        ['Route', this.route],
        ['Max-Forwards', '70'],
        ['From', `<${this.options.impu}>;tag=${this.#platform.random.token(8)}`],
        ['To', `<${target}>`],
        ['Call-ID', this.#platform.random.token(16)],
        ['CSeq', `1 ${method}`],
        ['Contact', `<${this.contact}>`],
        ...headers,
      ],
    });
  }
}
