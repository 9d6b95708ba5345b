import {
  decodeRecord,
  type Impi,
  type Impu,
  type ImsSubscription,
  isRegistered,
  ParseCache,
  parseSubscription,
  type SubscriptionResult,
} from '@clearwater/ims';
import { AppError, type Clock } from '@clearwater/platform';
import type { Credentials, RecordTable, SubscriberTable, Unavailable } from '@clearwater/vellum';
import { subscriptionXml } from './subscription-xml.ts';

/** A subscriber as one public identity leads to it. */
export interface Subscriber {
  readonly impis: readonly string[];
  readonly subscription: ImsSubscription;
  /** The `IMSSubscription` element. */
  readonly xml: string;
}

export type Lookup<T> =
  | { readonly tag: 'found'; readonly value: T }
  | { readonly tag: 'absent' }
  | Unavailable;

/** `gone`: no binding is left, but there were some moments ago. */
export type RegistrationFact = 'registered' | 'gone' | 'never' | Unavailable;

const PARSED_SUBSCRIPTIONS_MAX = 4096;

/** Reads the subscriber database and the registration records; keeps nothing but what texts parse to. */
export class SubscriberDirectory {
  readonly #subscribers: SubscriberTable;
  readonly #registrations: RecordTable;
  readonly #clock: Clock;
  readonly #parsed: ParseCache<SubscriptionResult> = new ParseCache<SubscriptionResult>(
    (xml) => parseSubscription(xml),
    PARSED_SUBSCRIPTIONS_MAX,
  );

  constructor(subscribers: SubscriberTable, registrations: RecordTable, clock: Clock) {
    this.#subscribers = subscribers;
    this.#registrations = registrations;
    this.#clock = clock;
  }

  async credentials(impi: Impi): Promise<Lookup<Credentials>> {
    return await this.#subscribers.credentials(impi);
  }

  async subscriber(impu: Impu): Promise<Lookup<Subscriber>> {
    const read = await this.#subscribers.subscription(impu);
    if (read.tag !== 'found') return read;
    const xml = subscriptionXml(read.value);
    const result = this.#parsed.get(xml);
    if (result.tag === 'malformed') {
      // Provisioning lets nothing malformed in, so somebody else wrote the table.
      throw new AppError('dime.subscription-malformed', {
        origin: 'internal',
        retry: 'never',
        detail: { irs: read.value.irs, reason: result.reason },
      });
    }
    return { tag: 'found', value: { impis: read.value.impis, subscription: result.subscription, xml } };
  }

  /** Whether the set is registered: a matter of its registration record alone (ADR 0003). */
  async registration(defaultImpu: Impu): Promise<RegistrationFact> {
    const read = await this.#registrations.get(defaultImpu);
    if (read.tag === 'unavailable') return read;
    if (read.tag === 'absent') return 'never';
    const record = decodeRecord(read.value);
    if (isRegistered(record, this.#clock.now())) return 'registered';
    return record.bindings.size > 0 ? 'gone' : 'never';
  }
}
