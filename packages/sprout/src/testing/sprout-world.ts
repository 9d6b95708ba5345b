import { type KeyedSecret, loadConfig, type Platform } from '@clearwater/platform';
import {
  authorize,
  createRequest,
  createResponse,
  type HeaderList,
  parseChallenge,
  type Role,
  type ServerLeg,
  type SipRequest,
  type SipResponse,
  StaticResolver,
} from '@clearwater/sip';
import type { EmbeddedVellum, Timers } from '@clearwater/vellum';
import { createSprout, type Sprout, sproutConfig } from '../mod.ts';
import { FaultyRecords } from './faulty-records.ts';
import { ScriptedHomestead, type ScriptedUser } from './scripted-homestead.ts';

/** The P-CSCF of these tests: what Paths name. It lives on the same node, so all is in memory and in order. */
export class Edge implements Role {
  readonly name = 'edge';
  readonly received: SipRequest[] = [];
  readonly legs: ServerLeg[] = [];
  readonly acks: SipRequest[] = [];
  readonly cancelled: string[] = [];
  /** The status for a request to this contact; undefined = the test answers by hand. */
  statusOf: (contact: string, request: SipRequest) => number | undefined = () => 200;

  owns(host: string): boolean {
    return host === 'edge.example.com';
  }

  onRequest(leg: ServerLeg): void {
    const { request } = leg;
    this.received.push(request);
    this.legs.push(leg);
    leg.attach({
      onCancel: () => {
        this.cancelled.push(request.uri);
        leg.respond(createResponse(request, 487, undefined, { toTag: 'edge' }));
      },
    });
    const status = this.statusOf(request.uri, request);
    if (status !== undefined) this.answer(this.legs.length - 1, status);
  }

  onAck(ack: SipRequest): void {
    this.acks.push(ack);
  }

  answer(index: number, status: number): void {
    const leg = this.legs[index];
    leg?.respond(
      createResponse(leg.request, status, undefined, { toTag: `t${index}`, copyRecordRoute: true }),
    );
  }
}

export interface RegisterOptions {
  readonly impu?: string;
  readonly impi?: string;
  readonly password?: string;
  readonly contacts?: readonly string[];
  readonly headers?: HeaderList;
  readonly callId?: string;
  readonly cseq?: number;
  readonly port?: number;
  readonly isWithoutPath?: boolean;
}

/** What one request came to. */
export interface Exchange {
  readonly provisional: SipResponse[];
  readonly finals: SipResponse[];
  readonly cancel: () => void;
  /** Resolves to the final response. */
  readonly final: Promise<SipResponse>;
}

/** The same timers for a further Sprout: their pops go to the first. */
export function withoutPops(timers: Timers): Timers {
  return {
    set: (timer) => timers.set(timer),
    cancel: (id, order) => timers.cancel(id, order),
    onPop: () => undefined,
  };
}

/** One Sprout with an edge on its node, a scripted Homestead and a store to put faults before. */
export class SproutWorld {
  readonly edge: Edge = new Edge();
  readonly homestead: ScriptedHomestead;
  readonly records: FaultyRecords;
  readonly sprout: Sprout;
  #sequence = 100;

  constructor(
    platform: Platform,
    vellum: Pick<EmbeddedVellum, 'records' | 'timers'>,
    users: readonly ScriptedUser[],
    options: {
      readonly config?: Readonly<Record<string, unknown>>;
      readonly keys?: readonly KeyedSecret[];
    } = {},
  ) {
    const values = { homeDomain: 'example.com', ...options.config };
    const config = loadConfig(sproutConfig, [{ source: 'test', values }]);
    const [current = { id: 1, secret: Buffer.alloc(32, 7) }, ...previous] = options.keys ?? [];
    this.homestead = new ScriptedHomestead(users);
    this.records = new FaultyRecords(vellum.records);
    this.sprout = createSprout(config, {
      platform,
      records: this.records,
      timers: vellum.timers,
      homestead: this.homestead.client,
      nonceKeys: { current, previous },
      resolver: new StaticResolver({}),
    });
    this.sprout.node.add(this.edge);
  }

  /** A REGISTER of alice's, as her P-CSCF passes it on. */
  registerRequest(options: RegisterOptions = {}): SipRequest {
    const { impu = 'sip:alice@example.com', contacts = ['<sip:alice@10.0.0.9:5060>'], port = 5060 } = options;
    this.#sequence += 1;
    return createRequest({
      method: 'REGISTER',
      uri: 'sip:example.com',
      headers: [
        ['Via', 'SIP/2.0/TCP edge.example.com:5058;branch=z9hG4bKedge'],
        ['Via', `SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bKphone;received=10.0.0.9;rport=${port}`],
        ['Route', '<sip:icscf.example.com:5052;transport=TCP;lr>'],
        ['Max-Forwards', '69'],
        ['From', `<${impu}>;tag=f`],
        ['To', `<${impu}>`],
        ['Call-ID', options.callId ?? 'register-call'],
        ['CSeq', `${options.cseq ?? this.#sequence} REGISTER`],
        ...contacts.map((contact) => ['Contact', contact] as const),
        ...(options.isWithoutPath ? [] : [['Path', `<sip:flow-${port}@edge.example.com;lr>`] as const]),
        ['User-Agent', 'test'],
        ...(options.headers ?? []),
      ],
    });
  }

  /** Puts the answer to a 401 into a request. */
  answerTo(
    challenge: SipResponse,
    request: SipRequest,
    {
      impi = 'alice@example.com',
      password = 'secret',
      nc = 1,
    }: { impi?: string; password?: string; nc?: number } = {},
  ): SipRequest {
    const parsed = parseChallenge(challenge.header('WWW-Authenticate') ?? '');
    if (parsed === undefined) throw new Error(`no challenge in ${challenge.text}`);
    request.set(
      'Authorization',
      authorize(request, parsed, { username: impi, password, nc, cnonce: 'c' }) ?? '',
    );
    return request;
  }

  /** Registers as a phone does: asks, answers the challenge at once; resolves to the last response. */
  async register(options: RegisterOptions = {}): Promise<SipResponse> {
    const challenge = await this.send(this.registerRequest(options)).final;
    if (challenge.status !== 401) return challenge;
    return await this.send(this.answerTo(challenge, this.registerRequest(options), options)).final;
  }

  /** An initial request from alice's phone as her P-CSCF passes it on; without `from` it comes from elsewhere, straight to the I-CSCF. */
  request(method: string, uri: string, options: { from?: string; headers?: HeaderList } = {}): SipRequest {
    this.#sequence += 1;
    const { from } = options;
    return createRequest({
      method,
      uri,
      headers: [
        ['Via', 'SIP/2.0/TCP edge.example.com:5058;branch=z9hG4bKedge'],
        [
          'Route',
          from === undefined
            ? '<sip:icscf.example.com:5052;transport=TCP;lr>'
            : '<sip:scscf.example.com:5054;transport=TCP;lr;orig>',
        ],
        ['Record-Route', '<sip:edge.example.com:5058;lr>'],
        ['Max-Forwards', '69'],
        ['From', `<${from ?? 'sip:somebody@elsewhere.net'}>;tag=f`],
        ['To', `<${uri}>`],
        ['Call-ID', `call-${this.#sequence}`],
        ['CSeq', `1 ${method}`],
        ...(from === undefined ? [] : [['P-Asserted-Identity', `<${from}>`] as const]),
        ['Contact', '<sip:alice@10.0.0.9:5060>'],
        ...(options.headers ?? []),
      ],
    });
  }

  send(request: SipRequest): Exchange {
    const provisional: SipResponse[] = [];
    const finals: SipResponse[] = [];
    let settle: (response: SipResponse) => void = () => undefined;
    const final = new Promise<SipResponse>((resolve) => {
      settle = resolve;
    });
    const leg = this.sprout.node.send(request, {
      onResponse: (response) => {
        (response.status < 200 ? provisional : finals).push(response);
        if (response.status >= 200) settle(response);
      },
      onFailure: (failure) => settle(createResponse(request, 408, failure)),
    });
    return { provisional, finals, final, cancel: () => leg.cancel() };
  }

  /** The final response to an initial request. */
  ask(
    method: string,
    uri: string,
    options: { from?: string; headers?: HeaderList } = {},
  ): Promise<SipResponse> {
    return this.send(this.request(method, uri, options)).final;
  }
}
