import type { HomesteadClient } from '@clearwater/dime/api';
import {
  type Impi,
  type Impu,
  type ImsSubscription,
  ParseCache,
  parseRegData,
  type RegDataResult,
} from '@clearwater/ims';
import type { Log } from '@clearwater/platform';

/** What Homestead knows. `unknown` and `refused` are certain; `unavailable` says nothing about the user. */
export type Lookup<T> =
  | { readonly tag: 'found'; readonly value: T }
  | { readonly tag: 'unknown' | 'refused' | 'unavailable' };

export interface RegistrationQuery {
  readonly impi: Impi;
  readonly impu: Impu;
  readonly visitedNetwork: string;
  readonly isDeregistration: boolean;
}

/** Homestead as Sprout asks it: replies and failures become one of four outcomes, profiles are parsed once per change. */
export class SubscriberData {
  readonly #homestead: HomesteadClient;
  readonly #log: Log;
  readonly #profiles: ParseCache<RegDataResult>;

  constructor(homestead: HomesteadClient, log: Log, profileCacheMax: number) {
    this.#homestead = homestead;
    this.#log = log;
    this.#profiles = new ParseCache(parseRegData, profileCacheMax);
  }

  /** HA1 of a private identity (Cx MAR). */
  vector(impi: Impi): Promise<Lookup<string>> {
    return this.#lookup(
      () => this.#homestead.getAuthVector({ params: { impi }, query: {} }),
      ({ digest }) => digest.ha1,
    );
  }

  /** The S-CSCF at which a user may register (Cx UAR); undefined when none was assigned yet. */
  registrar({
    impi,
    impu,
    visitedNetwork,
    isDeregistration,
  }: RegistrationQuery): Promise<Lookup<string | undefined>> {
    const query = {
      impu,
      'visited-network': visitedNetwork,
      'auth-type': isDeregistration ? ('DEREG' as const) : ('REG' as const),
    };
    return this.#lookup(
      () => this.#homestead.getRegistrationStatus({ params: { impi }, query }),
      ({ scscf }) => scscf,
    );
  }

  /** The S-CSCF that serves a public identity (Cx LIR); undefined when none was assigned yet. */
  location(impu: Impu): Promise<Lookup<string | undefined>> {
    return this.#lookup(
      () => this.#homestead.getLocation({ params: { impu }, query: {} }),
      ({ scscf }) => scscf,
    );
  }

  /** The subscription of a public identity; with `impi`, only when that may register it. Changes nothing. */
  async subscription(impu: Impu, impi?: Impi): Promise<Lookup<ImsSubscription>> {
    const query = impi === undefined ? {} : { private_id: impi };
    const read = await this.#lookup(
      () => this.#homestead.getRegData({ params: { impu }, query }),
      (xml) => xml,
    );
    return this.#parsed(read);
  }

  /** Says that `impu` registers with `impi` (Cx SAR); `refused` when they do not belong together. */
  async assign(impu: Impu, impi: Impi, scscfUri: string): Promise<Lookup<ImsSubscription>> {
    const body = { reqtype: 'reg', server_name: scscfUri };
    const read = await this.#lookup(
      () => this.#homestead.putRegData({ params: { impu }, query: { private_id: impi }, body }),
      (xml) => xml,
    );
    return this.#parsed(read);
  }

  /** Says that the last binding of the set is gone (Cx SAR). False when Homestead could not be told. */
  async deregister(impu: Impu, cause: 'dereg-user' | 'dereg-timeout', scscfUri: string): Promise<boolean> {
    const body = { reqtype: cause, server_name: scscfUri };
    const told = await this.#lookup(
      () => this.#homestead.putRegData({ params: { impu }, query: {}, body }),
      () => true,
    );
    return told.tag !== 'unavailable';
  }

  #parsed(read: Lookup<string>): Lookup<ImsSubscription> {
    if (read.tag !== 'found') return read;
    const result = this.#profiles.get(read.value);
    if (result.tag === 'parsed' && result.regData.subscription !== undefined) {
      return { tag: 'found', value: result.regData.subscription };
    }
    this.#log.error('homestead.profile-unusable', {
      reason: result.tag === 'malformed' ? result.reason : 'absent',
    });
    return { tag: 'unavailable' };
  }

  async #lookup<R extends HomesteadReply, T>(
    ask: () => Promise<R>,
    valueIn: (body: Extract<R, { readonly status: 200 }>['body']) => T,
  ): Promise<Lookup<T>> {
    try {
      const reply = await ask();
      switch (reply.status) {
        case 200:
          return { tag: 'found', value: valueIn(reply.body as Extract<R, { readonly status: 200 }>['body']) };
        case 400: // of a de-registration: there is nothing to end
        case 404:
          return { tag: 'unknown' };
        case 403:
          return { tag: 'refused' };
        default:
          return { tag: 'unavailable' };
      }
    } catch (error) {
      this.#log.debug('homestead.unavailable', { error }); // the refusal that follows is counted
      return { tag: 'unavailable' };
    }
  }
}

interface HomesteadReply {
  readonly status: number;
  readonly body?: unknown;
}
