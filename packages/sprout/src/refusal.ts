import { type Log, type Platform, type Random, redact } from '@clearwater/platform';
import { createResponse, type HeaderList, type SipRequest, type SipResponse } from '@clearwater/sip';

/** Why Sprout itself refuses a request. */
export type RefusalReason =
  | 'malformed'
  | 'digest-uri-mismatch'
  | 'extension-required'
  | 'interval-too-brief'
  | 'too-many-bindings'
  | 'registration-too-large'
  | 'out-of-order'
  | 'authentication-failed'
  | 'identity-not-allowed'
  | 'caller-unknown'
  | 'caller-barred'
  | 'registration-lost'
  | 'callee-unknown'
  | 'callee-barred'
  | 'callee-not-registered'
  | 'domain-not-served'
  | 'no-such-dialog'
  | 'event-not-served'
  | 'publication-not-served'
  | 'subscribers-unavailable'
  | 'registrations-unavailable'
  | 'contended'
  | 'internal';

interface Answer {
  readonly status: number;
  /** The store is away, which says nothing about the user: try again (never 403, 404 or 480). */
  readonly isTemporary?: true;
  readonly headers?: HeaderList;
}

/** Value of Allow: the methods a home user without an application server can be sent. */
export const ALLOW =
  'INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, MESSAGE, INFO, REFER, SUBSCRIBE, NOTIFY';
/** Event packages that are left to the phones themselves. */
const ALLOW_EVENTS = 'refer, conference';

/** The one place where outcomes of ours, of Homestead and of the stores become SIP statuses. */
const ANSWERS: Readonly<Record<RefusalReason, Answer>> = {
  malformed: { status: 400 },
  'digest-uri-mismatch': { status: 400 }, // RFC 7616 §3.4.6
  'extension-required': { status: 420 },
  'interval-too-brief': { status: 423 },
  'too-many-bindings': { status: 403 },
  'registration-too-large': { status: 413 },
  'out-of-order': { status: 500 }, // RFC 3261 §10.3 step 7: the request fails
  'authentication-failed': { status: 403 },
  'identity-not-allowed': { status: 403 },
  'caller-unknown': { status: 403 },
  'caller-barred': { status: 403 },
  'registration-lost': { status: 504 },
  'callee-unknown': { status: 404 },
  'callee-barred': { status: 404 },
  'callee-not-registered': { status: 480 },
  'domain-not-served': { status: 404 },
  'no-such-dialog': { status: 481 },
  'event-not-served': { status: 489, headers: [['Allow-Events', ALLOW_EVENTS]] },
  'publication-not-served': { status: 405, headers: [['Allow', ALLOW]] },
  'subscribers-unavailable': { status: 504, isTemporary: true },
  'registrations-unavailable': { status: 504, isTemporary: true },
  contended: { status: 503, isTemporary: true },
  internal: { status: 500 },
};

/** Retry-After is 2 to 9 s, so that phones do not come back all at once. */
const RETRY_AFTER_MIN_S = 2;
const RETRY_AFTER_SPREAD_S = 8;

/** Makes refusals and counts them by reason. */
export class Refusals {
  readonly #random: Random;
  readonly #log: Log;
  readonly #counters: ReadonlyMap<RefusalReason, { add(): void }>;

  constructor({ random, metrics, log }: Pick<Platform, 'random' | 'metrics' | 'log'>) {
    this.#random = random;
    this.#log = log;
    const total = metrics.counter({
      name: 'sprout_requests_refused_total',
      help: 'Requests that Sprout refused, by reason',
      labelNames: ['reason'],
    });
    const reasons = Object.keys(ANSWERS) as RefusalReason[];
    this.#counters = new Map(reasons.map((reason) => [reason, total.labels(reason)]));
  }

  of(request: SipRequest, reason: RefusalReason, headers: HeaderList = []): SipResponse {
    this.#counters.get(reason)?.add();
    const { status, isTemporary, headers: own = [] } = ANSWERS[reason];
    this.#tell(request, reason, status);
    const response = createResponse(request, status, undefined, {
      toTag: this.#random.token(10),
      headers: [...own, ...headers],
    });
    if (isTemporary) {
      const seconds = RETRY_AFTER_MIN_S + this.#random.integer(RETRY_AFTER_SPREAD_S);
      response.set('Retry-After', String(seconds));
    }
    return response;
  }

  /** A phone that cannot register is somebody's trouble call; that nobody answers is everyday life. */
  #tell({ method, callId, from, to }: SipRequest, reason: RefusalReason, status: number): void {
    const fields = {
      method,
      reason,
      status,
      callId,
      from: redact(from?.uri ?? ''),
      to: redact(to?.uri ?? ''),
    };
    if (method === 'REGISTER') this.#log.info('register.refused', fields);
    else this.#log.debug('request.refused', fields);
  }

  /**
   * The registration of the served user is gone: 504 with a body that makes the phone register again at once (TS 24.229 5.4.3.2).
   * `scscf` is the value of our Service-Route, by which the phone knows that its own S-CSCF says so.
   */
  registrationLost(request: SipRequest, scscf: string): SipResponse {
    const response = this.of(request, 'registration-lost', [['P-Asserted-Identity', scscf]]);
    response.setBody('application/3gpp-ims+xml', RESTORATION);
    return response;
  }
}

/** TS 24.229 7.6. */
const RESTORATION =
  '<?xml version="1.0" encoding="UTF-8"?>\n<ims-3gpp version="1"><alternative-service><type>restoration</type>' +
  '<reason>Registration lost</reason><action>initial-registration</action></alternative-service></ims-3gpp>\n';
