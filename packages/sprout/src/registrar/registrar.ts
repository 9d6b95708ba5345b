import {
  type AorRecord,
  applyRegister,
  type Impi,
  type Impu,
  type ImsSubscription,
  isBarred,
  isRegistered,
  parseImpi,
  REGISTER_LIMITS,
  type RegisterChange,
  type RegisterOutcome,
} from '@clearwater/ims';
import { type Clock, type Counter, type Log, type Metrics, type Random, redact } from '@clearwater/platform';
import { decodeUtf8, digestHash, type NonceMint, type SipRequest, type SipResponse } from '@clearwater/sip';
import type { SproutConfig } from '../config.ts';
import type { HomeNetwork } from '../home-network.ts';
import type { RefusalReason, Refusals } from '../refusal.ts';
import type { SubscriberData } from '../subscriber-data.ts';
import type { AorChange, AorStore } from './aor-store.ts';
import { type Answer, answerOf, isRightAnswer, judge, type Verdict } from './register-decision.ts';
import { parseRegister, type RegisterIntent } from './register-request.ts';
import { acceptRegister, challengeRegister } from './register-response.ts';

export interface RegistrarParts {
  readonly config: SproutConfig;
  readonly home: HomeNetwork;
  readonly aors: AorStore;
  readonly subscribers: SubscriberData;
  readonly nonces: NonceMint;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Writer of this node in the records. */
  readonly nodeName: string;
}

type Authenticated = Extract<Verdict, { tag: 'authenticated' }>;

/** The registrar in the S-CSCF (TS 24.229 5.4.1): one compare-and-set per REGISTER, and nothing stored for a challenge. */
export class Registrar {
  readonly #parts: RegistrarParts;
  /** Stands in for the HA1 of users that are not there, so that their answers take the way of all others. */
  readonly #nobodysHa1: string;
  readonly #counts: Readonly<Record<'accepted' | 'challenged' | 'wrong' | 'stale', Counter>>;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
    const total = parts.metrics.counter({
      name: 'sprout_registers_total',
      help: 'REGISTERs accepted, challenged at first, challenged anew after a wrong answer or for a stale nonce',
      labelNames: ['outcome'],
    });
    this.#counts = {
      accepted: total.labels('accepted'),
      challenged: total.labels('challenged'),
      wrong: total.labels('wrong'),
      stale: total.labels('stale'),
    };
    this.#nobodysHa1 = digestHash('MD5', parts.random.token(32));
  }

  async register(request: SipRequest): Promise<SipResponse> {
    const { home, config, refusals } = this.#parts;
    const parsed = parseRegister(request, home, config);
    if (parsed.tag === 'refused') return refusals.of(request, parsed.reason, parsed.headers);
    const { intent } = parsed;
    const answer = answerOf(request, home.domain);
    if (answer.tag === 'uri-mismatch') return refusals.of(request, 'digest-uri-mismatch');
    if (answer.tag === 'none') return this.#challenge(request, intent, { attempt: 0, isStale: false });

    const impi = parseImpi(decodeUtf8(answer.credentials.username));
    const verdict = await this.#judge(request, intent, answer, impi);
    if (verdict === 'unavailable') return refusals.of(request, 'subscribers-unavailable');
    if (verdict.tag === 'challenge') return this.#challenge(request, intent, verdict);
    if (verdict.tag === 'failed' || impi === undefined) return refusals.of(request, 'authentication-failed');
    return await this.#admit(request, intent, impi, verdict);
  }

  /** A nonce of its own making carries all that the answer will need. It is tied to the public identity, so to one record. */
  #challenge(
    request: SipRequest,
    { impu }: RegisterIntent,
    { attempt, isStale }: { readonly attempt: number; readonly isStale: boolean },
  ): SipResponse {
    const { nonces, clock, random, home } = this.#parts;
    this.#counts[isStale ? 'stale' : attempt === 0 ? 'challenged' : 'wrong'].add();
    const nonce = nonces.mint({ impi: impu, nowMs: clock.now(), attempt });
    return challengeRegister(request, { realm: home.domain, nonce, isStale, toTag: random.token(10) });
  }

  async #judge(
    request: SipRequest,
    { impu }: RegisterIntent,
    answer: Extract<Answer, { tag: 'given' }>,
    impi: Impi | undefined,
  ): Promise<Verdict | 'unavailable'> {
    const { subscribers, nonces, clock, config } = this.#parts;
    const vector = impi === undefined ? { tag: 'unknown' as const } : await subscribers.vector(impi);
    if (vector.tag === 'unavailable') return 'unavailable';
    const ha1 = vector.tag === 'found' ? vector.value : this.#nobodysHa1;
    const isRight = isRightAnswer(answer, request.method, ha1, config.allowDigestWithoutQop);
    const nowMs = clock.now();
    const check = nonces.check(answer.credentials.nonce, impu, nowMs, config.nonceReuseS * 1_000);
    return judge(answer, isRight && vector.tag === 'found', check, { ...config, nowMs });
  }

  /** The sender is who it says; may it register this identity, and does the record agree? */
  async #admit(
    request: SipRequest,
    intent: RegisterIntent,
    impi: Impi,
    verdict: Authenticated,
  ): Promise<SipResponse> {
    const { subscribers, home, refusals } = this.#parts;
    const assigned = await subscribers.assign(intent.impu, impi, home.scscfUri);
    switch (assigned.tag) {
      case 'unavailable':
        return refusals.of(request, 'subscribers-unavailable');
      case 'unknown':
      case 'refused':
        return refusals.of(request, 'identity-not-allowed');
      case 'found':
        if (isBarred(assigned.value, intent.impu)) return refusals.of(request, 'identity-not-allowed');
        return await this.#store(request, intent, impi, { verdict, subscription: assigned.value });
    }
  }

  async #store(
    request: SipRequest,
    intent: RegisterIntent,
    impi: Impi,
    { verdict, subscription }: { readonly verdict: Authenticated; readonly subscription: ImsSubscription },
  ): Promise<SipResponse> {
    const { aors, clock, config, home, nodeName, random, refusals } = this.#parts;
    const { defaultImpu } = subscription;
    const { impu: _impu, ...asked } = intent;
    const change: RegisterChange = {
      ...asked,
      impi,
      nonce: verdict.nonce,
      registration: {
        scscfUri: home.scscfUri,
        serviceRoute: [home.serviceRoute],
        associated: subscription.identities.map(({ impu, isBarred }) => ({ impu, isBarred })),
      },
    };
    const { bindingsMax } = config;
    // Devices may share a private identity: each has a nonce in use, and must not push another's out.
    const limits = { bindingsMax, noncesMax: REGISTER_LIMITS.noncesMax + bindingsMax };
    const update = await aors.update(defaultImpu, (record): AorChange<RegisterOutcome> => {
      if (verdict.isOld && !isKnown(record, impi, verdict.nonce.id))
        return { record, value: { tag: 'stale-nonce' } };
      const outcome = applyRegister(record, change, { nowMs: clock.now(), node: nodeName }, limits);
      return { record: outcome.tag === 'applied' ? outcome.record : record, value: outcome };
    });
    if (update.tag !== 'done') return refusals.of(request, REASONS[update.tag]);
    const { record, value: outcome } = update;
    if (outcome.tag === 'stale-nonce') return this.#challenge(request, intent, { attempt: 0, isStale: true });
    if (outcome.tag !== 'applied' && outcome.tag !== 'repeated') {
      return refusals.of(request, REASONS[outcome.tag]);
    }
    const nowMs = clock.now();
    if (outcome.tag === 'applied' && outcome.removed.length > 0 && !isRegistered(record, nowMs)) {
      await this.#parts.subscribers.deregister(defaultImpu, 'dereg-user', home.scscfUri);
    }
    this.#counts.accepted.add();
    if (outcome.tag === 'applied') this.#tell(defaultImpu, impi, outcome);
    const { serviceRoute } = home;
    return acceptRegister(request, {
      record,
      subscription,
      path: intent.path,
      serviceRoute,
      nowMs,
      toTag: random.token(10),
    });
  }

  /** One line when a device comes or goes; none when it refreshes. */
  #tell(impu: Impu, impi: Impi, { added, removed }: Extract<RegisterOutcome, { tag: 'applied' }>): void {
    const { log } = this.#parts;
    const who = { impu: redact(impu), impi: redact(impi) };
    for (const { userAgent } of added) log.info('registration.added', { ...who, userAgent });
    for (const { userAgent } of removed) log.info('registration.removed', { ...who, userAgent });
  }
}

const REASONS = {
  unavailable: 'registrations-unavailable',
  contended: 'contended',
  'too-large': 'registration-too-large',
  'out-of-order': 'out-of-order',
  'too-many-bindings': 'too-many-bindings',
} as const satisfies Record<string, RefusalReason>;

function isKnown(record: AorRecord, impi: Impi, nonce: string): boolean {
  const nonces = record.authentication.get(impi)?.nonces;
  return nonces !== undefined && Object.hasOwn(nonces, nonce);
}
