import { type Impi, type Impu, isRegistered, RecordCache } from '@clearwater/ims';
import { assert, type Clock } from '@clearwater/platform';
import type {
  Credentials,
  RecordTable,
  SubscriberTable,
  SubscriptionData,
  Unavailable,
} from '@clearwater/vellum';
import { identitiesOf, type SetIdentity } from './subscription-xml.ts';

/** A subscriber as one public identity leads to it. */
export interface Subscriber {
  readonly impis: readonly string[];
  readonly identities: readonly SetIdentity[];
  /** The first identity that is not barred, else the first: the key of the registration record. */
  readonly defaultImpu: Impu;
  readonly data: SubscriptionData;
}

export type Lookup<T> =
  | { readonly tag: 'found'; readonly value: T }
  | { readonly tag: 'absent' }
  | Unavailable;

/** `gone`: no binding is left, but there were some moments ago. */
export type RegistrationFact = 'registered' | 'gone' | 'never' | Unavailable;

/** Reads the subscriber database and the registration records; keeps nothing but what may be forgotten. */
export class SubscriberDirectory {
  readonly #subscribers: SubscriberTable;
  readonly #registrations: RecordTable;
  readonly #clock: Clock;
  readonly #records = new RecordCache();

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
    const identities = identitiesOf(read.value);
    const first = identities.find(({ isBarred }) => !isBarred) ?? identities[0];
    assert(first !== undefined, 'a set found by an identity has one');
    const { impis } = read.value;
    return { tag: 'found', value: { impis, identities, defaultImpu: first.impu, data: read.value } };
  }

  /** Whether the set is registered: a matter of its registration record alone (ADR 0003). */
  async registration(defaultImpu: Impu): Promise<RegistrationFact> {
    const read = await this.#registrations.get(defaultImpu);
    if (read.tag === 'unavailable') return read;
    if (read.tag === 'absent') return 'never';
    const record = this.#records.decode(defaultImpu, read.version, read.value);
    if (isRegistered(record, this.#clock.now())) return 'registered';
    return record.bindings.size > 0 ? 'gone' : 'never';
  }
}
