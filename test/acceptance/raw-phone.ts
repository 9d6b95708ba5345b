import { randomUUID } from 'node:crypto';
import { within } from './child.ts';
import { digestAnswer, header, headers, parseRaw, type RawMessage, response, uriOf } from './raw-sip.ts';
import { openWire, type Wire, type WireOptions } from './raw-wire.ts';

const T1_MS = 500;
const ANSWER_MS = 15_000;

export interface RawPhoneOptions extends WireOptions {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
}

/** What became of a registration: the answers to its REGISTERs in order; the last one is final. */
export interface Registration {
  readonly statuses: readonly number[];
  readonly last: RawMessage;
}

interface Outgoing {
  readonly method: string;
  readonly uri: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly fromTag: string;
  readonly extra?: readonly string[];
}

interface Waiting {
  readonly answer: PromiseWithResolvers<RawMessage>;
  timer: NodeJS.Timeout | undefined;
}

/** A phone of one user and one socket, in text. As callee it answers every call and message; `onRequest` hears of each. */
export class RawPhone {
  readonly #options: RawPhoneOptions;
  readonly #wire: Wire;
  readonly #waiting = new Map<string, Waiting>();
  readonly #callId = randomUUID();
  readonly #ringing = new Map<string, string>();
  #cseq = 0;
  /** Status line with which it answers INVITEs. */
  inviteAnswer = '200 OK';
  /** Whether it ends a call that is cancelled while it rings, as it must. */
  answersCancel = true;
  onRequest: (message: RawMessage) => void = () => undefined;

  private constructor(options: RawPhoneOptions, wire: Wire) {
    this.#options = options;
    this.#wire = wire;
  }

  static async open(options: RawPhoneOptions): Promise<RawPhone> {
    let phone: RawPhone | undefined;
    const wire = await openWire(options, {
      onText: (text) => phone?.receive(text),
      onLost: () => phone?.giveUp(),
    });
    phone = new RawPhone(options, wire);
    return phone;
  }

  get aor(): string {
    return `sip:${this.#options.user}@${this.#options.domain}`;
  }

  get user(): string {
    return this.#options.user;
  }

  get contact(): string {
    const { user, host, port, transport } = this.#options;
    return `sip:${user}@${host}:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
  }

  /** Registers (or with `expiresS` 0 removes) its contact; answers each challenge at once, at most `answersMax` of them. */
  async register(expiresS: number, answersMax = 1): Promise<Registration> {
    const { user, domain, password } = this.#options;
    const uri = `sip:${domain}`;
    const statuses: number[] = [];
    let authorization: readonly string[] = [];
    for (;;) {
      this.#cseq += 1;
      const extra = [`Contact: <${this.contact}>`, `Expires: ${expiresS}`, ...authorization];
      const callId = this.#callId;
      const out = { method: 'REGISTER', uri, to: this.aor, callId, cseq: this.#cseq, fromTag: 'r', extra };
      const last = await this.#ask(out);
      statuses.push(last.status);
      if (last.status !== 401 || statuses.length > answersMax) return { statuses, last };
      const challenge = header(last.text, 'WWW-Authenticate');
      const credentials = { impi: `${user}@${domain}`, password };
      const answer = digestAnswer(challenge, credentials, { method: 'REGISTER', uri });
      authorization = [`Authorization: ${answer}`];
    }
  }

  /** The final response to a MESSAGE. */
  async message(to: string): Promise<RawMessage> {
    return this.#ask(this.#newRequest('MESSAGE', to));
  }

  /** Calls; once it is answered, hangs up. Returns the final response to the INVITE, and to the BYE if there was one. */
  async call(to: string): Promise<{ readonly invite: RawMessage; readonly bye?: RawMessage }> {
    const out = this.#newRequest('INVITE', to, [`Contact: <${this.contact}>`]);
    const invite = await this.#ask(out);
    if (invite.status >= 300) return { invite };
    const routes = headers(invite.text, 'Record-Route').flatMap((value) => value.split(/,\s*(?=<)/));
    const dialog = {
      ...out,
      uri: uriOf(header(invite.text, 'Contact')),
      to: header(invite.text, 'To'),
      extra: routes.reverse().map((route) => `Route: ${route}`),
    };
    this.#wire.send(this.#requestText({ ...dialog, method: 'ACK' }, branch()));
    const bye = await this.#ask({ ...dialog, method: 'BYE', cseq: out.cseq + 1 });
    return { invite, bye };
  }

  close(): void {
    this.#wire.close();
  }

  receive(text: string): void {
    const message = parseRaw(text);
    if (message.status !== 0) {
      const waiting = this.#waiting.get(branchOf(text));
      if (message.status >= 200) waiting?.answer.resolve(message);
      else clearTimeout(waiting?.timer);
      return;
    }
    this.onRequest(message);
    const answer = (request: string, status: string, extra: readonly string[] = []): void =>
      this.#wire.send(response(request, { status, tag: this.user, extra }));
    switch (message.method) {
      case 'ACK':
        break;
      case 'INVITE':
        this.#ringing.set(header(text, 'Call-ID'), text);
        answer(text, this.inviteAnswer, [`Contact: <${this.contact}>`]);
        break;
      case 'CANCEL':
        answer(text, '200 OK');
        if (this.answersCancel)
          answer(this.#ringing.get(header(text, 'Call-ID')) ?? text, '487 Request Terminated');
        break;
      default:
        answer(text, '200 OK');
    }
  }

  /** No answer comes any more: whoever waits for one hears so at once. */
  giveUp(): void {
    for (const { answer } of this.#waiting.values())
      answer.reject(new Error(`${this.user}: connection lost`));
  }

  #newRequest(method: string, to: string, extra: readonly string[] = []): Outgoing {
    const identity = `P-Preferred-Identity: <${this.aor}>`;
    return { method, uri: to, to, callId: randomUUID(), cseq: 1, fromTag: 'c', extra: [identity, ...extra] };
  }

  /** Sends a request, over UDP again and again (RFC 3261 §17.1) until there is a response, and returns the final one. */
  async #ask(out: Outgoing): Promise<RawMessage> {
    const id = branch();
    const text = this.#requestText(out, id);
    const waiting: Waiting = { answer: Promise.withResolvers(), timer: undefined };
    this.#waiting.set(id, waiting);
    const send = (waitMs: number): void => {
      this.#wire.send(text);
      if (this.#wire.isReliable) return;
      waiting.timer = setTimeout(() => send(Math.min(2 * waitMs, 8 * T1_MS)), waitMs);
    };
    send(T1_MS);
    try {
      const what = `final response to ${out.method} of ${this.user} to ${out.uri}`;
      const final = await within(ANSWER_MS, what, waiting.answer.promise);
      if (out.method === 'INVITE' && final.status >= 300) this.#acknowledge(out, id, final);
      return final;
    } finally {
      clearTimeout(waiting.timer);
      this.#waiting.delete(id);
    }
  }

  /** The ACK of a refusal belongs to the INVITE's transaction (RFC 3261 §17.1.1.3). */
  #acknowledge(out: Outgoing, id: string, final: RawMessage): void {
    const { extra: _, ...bare } = out;
    this.#wire.send(this.#requestText({ ...bare, method: 'ACK', to: header(final.text, 'To') }, id));
  }

  #requestText(out: Outgoing, id: string): string {
    const { host, port, transport } = this.#options;
    const lines = [
      `${out.method} ${out.uri} SIP/2.0`,
      `Via: SIP/2.0/${transport.toUpperCase()} ${host}:${port};branch=${id};rport`,
      'Max-Forwards: 70',
      `From: <${this.aor}>;tag=${out.fromTag}`,
      `To: ${out.to.includes('<') ? out.to : `<${out.to}>`}`,
      `Call-ID: ${out.callId}`,
      `CSeq: ${out.cseq} ${out.method}`,
      ...(out.extra ?? []),
    ];
    return `${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
  }
}

function branch(): string {
  return `z9hG4bK${randomUUID()}`;
}

function branchOf(text: string): string {
  return /;branch=([^;,\s]+)/i.exec(header(text, 'Via'))?.[1] ?? '';
}
