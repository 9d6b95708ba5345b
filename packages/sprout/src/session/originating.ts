import {
  canonicalImpu,
  type Impu,
  type ImsSubscription,
  isBarred,
  isRegistered,
  telOf,
  usableIdentities,
} from '@clearwater/ims';
import type { Clock } from '@clearwater/platform';
import { parseNameAddr, type Routing, type SipRequest } from '@clearwater/sip';
import { type HomeNetwork, pushRoute } from '../home-network.ts';
import type { RefusalReason, Refusals } from '../refusal.ts';
import type { AorStore } from '../registrar/aor-store.ts';
import type { SubscriberData } from '../subscriber-data.ts';

export interface SessionParts {
  readonly home: HomeNetwork;
  readonly aors: AorStore;
  readonly subscribers: SubscriberData;
  readonly refusals: Refusals;
  readonly clock: Clock;
}

/** The originating half of the S-CSCF (TS 24.229 5.4.3.2): is the sender, whom its P-CSCF vouched for, registered and allowed to? */
export class Originating {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  async route(request: SipRequest, received: SipRequest): Promise<Routing> {
    const { aors, clock, home, refusals, subscribers } = this.#parts;
    const asserted = assertedIdentities(request);
    const [served] = asserted;
    if (served === undefined) return this.#refused(received, 'caller-unknown');
    const found = await subscribers.subscription(served);
    if (found.tag === 'unavailable') return this.#refused(received, 'subscribers-unavailable');
    if (found.tag !== 'found') return this.#refused(received, 'caller-unknown');
    const subscription = found.value;
    if (isBarred(subscription, served)) return this.#refused(received, 'caller-barred');
    const read = await aors.read(subscription.defaultImpu);
    if (read.tag === 'unavailable') return this.#refused(received, 'registrations-unavailable');
    if (!isRegistered(read.record, clock.now())) {
      return { tag: 'refused', response: refusals.registrationLost(received, home.serviceRoute) };
    }
    assertAlias(request, asserted, subscription);
    if (request.topRoute === undefined) {
      if (home.identityOf(request.parsedUri) === undefined && !home.isForNetwork(request)) {
        return this.#refused(received, 'domain-not-served');
      }
      pushRoute(request, home.icscfRoute);
    }
    return { tag: 'forward', targets: [{ request }] };
  }

  #refused(received: SipRequest, reason: RefusalReason): Routing {
    return { tag: 'refused', response: this.#parts.refusals.of(received, reason) };
  }
}

function assertedIdentities(request: SipRequest): readonly Impu[] {
  const identities: Impu[] = [];
  for (const value of request.values('P-Asserted-Identity')) {
    const impu = canonicalImpu(parseNameAddr(value)?.uri ?? '');
    if (impu !== undefined) identities.push(impu);
  }
  return identities;
}

/** Adds the other form of the caller's identity, tel beside sip or sip beside tel, when the set has it (TS 24.229 5.4.3.2). */
function assertAlias(request: SipRequest, asserted: readonly Impu[], subscription: ImsSubscription): void {
  const [served] = asserted;
  if (served === undefined || asserted.length !== 1) return;
  const isTel = served.startsWith('tel:');
  const others = usableIdentities(subscription).filter((impu) => impu.startsWith('tel:') !== isTel);
  const alias = others.find((impu) => (isTel ? telOf(impu) === served : impu === telOf(served))) ?? others[0];
  if (alias !== undefined) request.append('P-Asserted-Identity', `<${alias}>`);
}
