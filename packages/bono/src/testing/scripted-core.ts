import {
  type AssociatedIdentity,
  applyRegister,
  canonicalImpu,
  EMPTY_RECORD,
  encodeRecord,
  type Impi,
  type Impu,
} from '@clearwater/ims';
import {
  createResponse,
  type HeaderList,
  type ProxyPolicy,
  parseCredentials,
  prepareAck,
  proxyRequest,
  type Role,
  type RoleHost,
  type RouteContext,
  type Routing,
  type ServerLeg,
  type SipRequest,
  type SipResponse,
} from '@clearwater/sip';
import { ABSENT, createVersion, type RecordRead, type Records } from '@clearwater/vellum';

/** The S-CSCF's Route URI. */
export const SCSCF = 'sip:scscf.example.com:5054;transport=TCP;lr';

/** Registration records that can be taken away. */
export class TestRecords implements Records {
  readonly values = new Map<string, string>();
  isAway = false;

  table(): ReturnType<Records['table']> {
    const refuse = () => Promise.resolve({ tag: 'unavailable', reason: 'read only' } as const);
    return { get: (key) => Promise.resolve(this.#read(key)), compareAndSet: refuse, remove: refuse };
  }

  #read(key: string): RecordRead {
    const value = this.values.get(key);
    if (this.isAway) return { tag: 'unavailable', reason: 'away' };
    const version = createVersion(1, 1);
    return value === undefined
      ? { tag: 'absent', version: ABSENT, order: ABSENT }
      : { tag: 'found', value, version, order: version };
  }
}

/** I-CSCF and S-CSCF in a few lines: challenges once, stores bindings and records, routes by them. */
export class TestCore implements Role, ProxyPolicy {
  readonly name = 'core';
  readonly requests: SipRequest[] = [];
  readonly responses: SipResponse[] = [];
  readonly bindings = new Map<string, { contact: string; path: readonly string[] }>();
  recordsRoute = true;
  /** A binding that every user has besides. */
  otherContact = '<sip:other-device@192.0.2.99>;expires=3600';
  readonly #host: RoleHost;
  readonly #records: TestRecords;

  constructor(host: RoleHost, records: TestRecords) {
    this.#host = host;
    this.#records = records;
  }

  owns(host: string): boolean {
    return host === 'icscf.example.com' || host === 'scscf.example.com';
  }

  onRequest(leg: ServerLeg): void {
    this.requests.push(leg.request);
    if (leg.request.method === 'REGISTER') this.#register(leg);
    else proxyRequest(leg, this, this.#host);
  }

  onAck(ack: SipRequest): void {
    const prepared = prepareAck(ack, this);
    if (prepared !== undefined) this.#host.sendAck(prepared.request);
  }

  route(request: SipRequest, { received }: RouteContext): Routing {
    const hooks = { onResponse: (response: SipResponse) => void this.responses.push(response.copy()) };
    if (request.to?.tag !== undefined) return { tag: 'forward', targets: [{ request }], hooks };
    const binding = this.bindings.get(received.uri);
    if (binding === undefined) return { tag: 'forward', targets: [], statusIfNone: 480 };
    request.set('P-Called-Party-ID', `<${received.uri}>`);
    request.setUri(binding.contact);
    for (const path of binding.path) request.append('Route', path);
    if (this.recordsRoute && request.method === 'INVITE') request.prepend('Record-Route', `<${SCSCF}>`);
    return { tag: 'forward', targets: [{ request }], hooks };
  }

  last(method: string): SipRequest {
    const request = this.requests.findLast((one) => one.method === method);
    if (request === undefined) throw new Error(`the core saw no ${method}`);
    return request;
  }

  #register(leg: ServerLeg): void {
    const { request } = leg;
    const credentials = parseCredentials(request.header('Authorization') ?? '');
    const isTrusted = credentials?.others.get('integrity-protected') === 'ip-assoc-yes';
    if (!isTrusted && (credentials === undefined || credentials.response === '')) {
      const challenge = 'Digest realm="example.com",nonce="abc",qop="auth",algorithm=MD5,ck="0",ik="1"';
      return leg.respond(
        createResponse(request, 401, undefined, { toTag: 'c', headers: [['WWW-Authenticate', challenge]] }),
      );
    }
    const impu = canonicalImpu(request.to?.uri ?? '') as Impu;
    const asked = request.contacts?.tag === 'list' ? request.contacts.contacts[0] : undefined;
    const contact = asked?.uri;
    const expiresS = Number(asked?.params.get('expires') ?? request.header('Expires'));
    if (expiresS === 0 || contact === undefined) this.bindings.delete(impu);
    else this.#bind(request, { impu, contact, expiresS });
    const bound = expiresS === 0 ? [] : [['Contact', `<${contact}>;expires=${expiresS}`] as const];
    const headers: HeaderList = [
      ...bound,
      ['Contact', this.otherContact],
      ['Service-Route', `<${SCSCF};orig>`],
      [
        'P-Associated-URI',
        this.#associated(impu)
          .map((one) => `<${one.impu}>`)
          .join(', '),
      ],
      ['P-Charging-Function-Addresses', 'ccf=ccf.example.com'],
    ];
    leg.respond(createResponse(request, 200, undefined, { toTag: 'c', headers }));
  }

  #bind(
    request: SipRequest,
    { impu, contact, expiresS }: { impu: Impu; contact: string; expiresS: number },
  ): void {
    const path = request.values('Path');
    this.bindings.set(impu, { contact, path });
    const change = {
      impi: impu.slice(4) as Impi,
      callId: request.callId,
      cseq: request.cseq?.number ?? 0,
      contacts: [{ uri: contact, parameters: {}, expiresS, qMilli: 1_000 }],
      path,
      userAgent: '',
      source: '',
      registration: {
        scscfUri: SCSCF,
        serviceRoute: [`<${SCSCF};orig>`],
        associated: this.#associated(impu),
      },
    };
    const outcome = applyRegister(EMPTY_RECORD, change, { nowMs: this.#host.clock.now(), node: 'test' });
    if (outcome.tag === 'applied') this.#records.values.set(impu, encodeRecord(outcome.record));
  }

  #associated(impu: Impu): readonly AssociatedIdentity[] {
    const tel = `tel:+1555${impu.length}` as Impu;
    return [
      { impu, isBarred: false },
      { impu: tel, isBarred: false },
    ];
  }
}
