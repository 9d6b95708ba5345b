import { type ChargingAddresses, type RegistrationState, serializeRegData } from '@clearwater/ims';
import type { Unavailable } from '@clearwater/vellum';
import type { RegistrationFact, Subscriber, SubscriberDirectory } from './subscriber-directory.ts';
import { subscriptionXml } from './subscription-xml.ts';

/** What a caller is about to do, or has just done, to the registration. */
export type RegDataChange = 'reg' | 'call' | 'dereg' | 'authentication-ended';

export type RegDataOutcome =
  | { readonly tag: 'answered'; readonly xml: string }
  | { readonly tag: 'not-registered' }
  | Unavailable;

/**
 * The `ClearwaterRegData` of a subscriber. The state is read from the registration record and never stored here (ADR 0003): a change
 * is answered with the state it leads to, and the caller's write of the record is what makes it so.
 */
export class RegDataView {
  readonly #directory: SubscriberDirectory;
  readonly #charging: ChargingAddresses;

  constructor(directory: SubscriberDirectory, charging: ChargingAddresses) {
    this.#directory = directory;
    this.#charging = charging;
  }

  async read(subscriber: Subscriber): Promise<string | Unavailable> {
    const fact = await this.#registrationOf(subscriber);
    return typeof fact === 'object' ? fact : this.#xml(subscriber, stateOf(fact));
  }

  async change(subscriber: Subscriber, change: RegDataChange): Promise<RegDataOutcome> {
    const fact = await this.#registrationOf(subscriber);
    if (typeof fact === 'object') return fact;
    const before = stateOf(fact);
    switch (change) {
      case 'reg':
        return answered(this.#xml(subscriber, 'REGISTERED', before));
      case 'call':
        return answered(this.#xml(subscriber, fact === 'registered' ? 'REGISTERED' : 'UNREGISTERED', before));
      case 'dereg': // asked before or after the last binding was removed from the record
        if (fact === 'never') return { tag: 'not-registered' };
        return answered(this.#xml(subscriber, 'NOT_REGISTERED'));
      case 'authentication-ended':
        return answered(this.#xml(subscriber, before));
    }
  }

  #registrationOf({ defaultImpu }: Subscriber): Promise<RegistrationFact> {
    return this.#directory.registration(defaultImpu);
  }

  #xml(subscriber: Subscriber, state: RegistrationState, previous?: RegistrationState): string {
    return serializeRegData({
      registrationState: state,
      ...(previous === undefined ? {} : { previousRegistrationState: previous }),
      subscriptionXml: subscriptionXml(subscriber.data),
      charging: this.#charging,
    });
  }
}

function answered(xml: string): RegDataOutcome {
  return { tag: 'answered', xml };
}

function stateOf(fact: Exclude<RegistrationFact, Unavailable>): RegistrationState {
  return fact === 'registered' ? 'REGISTERED' : 'NOT_REGISTERED';
}
