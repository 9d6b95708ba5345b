import type { Impu } from '@clearwater/ims';
import { RecentMap } from '@clearwater/platform';
import type { Flow } from '@clearwater/sip';
import { flowKey } from './flow-token.ts';

/** A public identity as it is written into P-Asserted-Identity, and in the form in which two of them are compared. */
export interface FlowIdentity {
  readonly uri: string;
  readonly impu: Impu;
}

/** One implicit registration set that is registered over a flow. */
export interface FlowRegistration {
  /** The private identity that registered, `''` when unknown. */
  readonly impi: string;
  /** At least one, the default identity first. */
  readonly identities: readonly [FlowIdentity, ...FlowIdentity[]];
  /** Route values for what the phone originates (RFC 3608), first hop first. */
  readonly serviceRoute: readonly string[];
  readonly expiresAtMs: number;
}

export interface FlowIdentitiesLimits {
  /** Flows remembered; the longest unused is forgotten first, and read again when it is asked for. */
  readonly flowsMax: number;
  /** Registrations remembered per flow (several users behind one connection). */
  readonly registrationsPerFlowMax: number;
}

/**
 * Who is registered over which flow: a bounded cache of what the REGISTER answers said and of what was read from the registration
 * records. It may forget anything at any time; it never knows more than the records do.
 */
export class FlowIdentities {
  readonly #limits: FlowIdentitiesLimits;
  readonly #nowMs: () => number;
  /** Each list newest first. */
  readonly #flows: RecentMap<readonly FlowRegistration[]>;

  constructor(limits: FlowIdentitiesLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#flows = new RecentMap(limits.flowsMax);
    this.#nowMs = nowMs;
  }

  /** Unexpired registrations of `flow`, the newest first. */
  of(flow: Flow): readonly FlowRegistration[] {
    const key = flowKey(flow);
    const known = this.#flows.get(key);
    if (known === undefined) return [];
    const nowMs = this.#nowMs();
    const isExpired = (one: FlowRegistration): boolean => one.expiresAtMs <= nowMs;
    const live = known.some(isExpired) ? known.filter((one) => !isExpired(one)) : known;
    this.#put(key, live);
    return live;
  }

  /** Notes a registration; it replaces the one with the same default identity. */
  learn(flow: Flow, registration: FlowRegistration): void {
    const others = this.#others(flow, registration.identities[0].impu);
    this.#put(flowKey(flow), [registration, ...others].slice(0, this.#limits.registrationsPerFlowMax));
  }

  /** Drops the registration with that identity in its set. */
  forget(flow: Flow, impu: Impu): void {
    this.#put(flowKey(flow), this.#others(flow, impu));
  }

  /** Flows remembered. */
  get size(): number {
    return this.#flows.size;
  }

  #others(flow: Flow, impu: Impu): readonly FlowRegistration[] {
    return this.of(flow).filter((one) => !includesImpu(one, impu));
  }

  #put(key: string, registrations: readonly FlowRegistration[]): void {
    if (registrations.length === 0) this.#flows.delete(key);
    else this.#flows.set(key, registrations);
  }
}

/** Whether `impu` belongs to the set. */
export function includesImpu(registration: FlowRegistration, impu: Impu): boolean {
  return registration.identities.some((identity) => identity.impu === impu);
}
