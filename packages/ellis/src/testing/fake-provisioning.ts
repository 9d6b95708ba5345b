import { type ProvisioningClient, provisioningApi } from '@clearwater/dime/api';
import { apiProblem } from '@clearwater/platform';

/** What becomes of one call: it is lost before it does anything, its answer is lost, or the caller dies before or after it. */
export type Fault = 'request-lost' | 'answer-lost' | 'crash-before' | 'crash-after' | undefined;

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
type Params = Readonly<Record<string, string>>;
type Body = Readonly<Record<string, string>>;

interface Profile {
  readonly irs: string;
  readonly sp: string;
  filterCriteria: string;
}

/** A subscriber database in memory that answers as Homestead's provisioning API does, and fails when told to. */
export class FakeProvisioning {
  readonly privates = new Map<string, { digest_ha1: string; realm: string; readonly sets: Set<string> }>();
  readonly publics = new Map<string, Profile>();
  readonly calls: string[] = [];
  /** Asked before each call, with its name. */
  fault: (call: string) => Fault = () => undefined;
  readonly client: ProvisioningClient;
  #uuidCount = 0;

  constructor() {
    const call =
      (name: string) =>
      async (request: { params?: Params; body?: never }): Promise<Reply> => {
        this.calls.push(name);
        const fault = this.fault(name);
        if (fault === 'request-lost') return { status: 503, body: apiProblem('store.unavailable') };
        if (fault === 'crash-before') return forever;
        const handler = this.#handlers[name];
        if (handler === undefined) throw new Error(`the fake has no ${name}`);
        const reply = handler(request.params ?? {}, request.body ?? ({} as never));
        if (fault === 'crash-after') return forever;
        return fault === undefined ? reply : { status: 503, body: apiProblem('store.unavailable') };
      };
    const names = Object.keys(provisioningApi.endpoints);
    this.client = Object.fromEntries(
      names.map((name) => [name, call(name)]),
    ) as unknown as ProvisioningClient;
  }

  readonly #handlers: Readonly<Record<string, (params: Params, body: Body & string) => Reply>> = {
    putSubscriber: ({ impu = '' }, { private_id: impi = '', digest_ha1 = '', realm = '' }) => {
      const profile = this.publics.get(impu) ?? {
        irs: this.#uuid(),
        sp: this.#uuid(),
        filterCriteria: '<ServiceProfile/>',
      };
      this.publics.set(impu, profile);
      const sets = this.privates.get(impi)?.sets ?? new Set();
      this.privates.set(impi, { digest_ha1, realm, sets: sets.add(profile.irs) });
      return { status: 200, body: { irs: profile.irs, sp: profile.sp } };
    },
    putPublic: ({ impu = '', irs = '', sp = '' }) => {
      this.publics.set(impu, { irs, sp, filterCriteria: '' });
      return { status: 200 };
    },
    putPrivate: ({ impi = '' }, { digest_ha1 = '', realm = '' }) => {
      this.privates.set(impi, { digest_ha1, realm, sets: this.privates.get(impi)?.sets ?? new Set() });
      return { status: 200 };
    },
    getPrivate: ({ impi = '' }) => {
      const found = this.privates.get(impi);
      return found === undefined
        ? absent()
        : { status: 200, body: { digest_ha1: found.digest_ha1, realm: found.realm } };
    },
    deletePrivate: ({ impi = '' }) => ({ status: this.privates.delete(impi) ? 200 : 204 }),
    getSetsOfPrivate: ({ impi = '' }) => {
      const found = this.privates.get(impi);
      const sets = [...(found?.sets ?? [])];
      return found === undefined
        ? absent()
        : { status: 200, body: { associated_implicit_registration_sets: sets } };
    },
    getPublicsOfSet: ({ irs = '' }) => ({ status: 200, body: { public_ids: this.#publicsOf(irs) } }),
    deleteSet: ({ irs = '' }) => {
      for (const impu of this.#publicsOf(irs)) this.publics.delete(impu);
      for (const { sets } of this.privates.values()) sets.delete(irs);
      return { status: 200 };
    },
    getSetOfPublic: ({ impu = '' }) => {
      const profile = this.publics.get(impu);
      return profile === undefined ? absent() : { status: 303, headers: { location: `/irs/${profile.irs}` } };
    },
    getProfileOfPublic: ({ impu = '' }) => {
      const profile = this.publics.get(impu);
      if (profile === undefined) return absent();
      return { status: 303, headers: { location: `/irs/${profile.irs}/service_profiles/${profile.sp}` } };
    },
    getFilterCriteria: ({ sp = '' }) => ({ status: 200, body: this.#profile(sp)?.filterCriteria }),
    putFilterCriteria: ({ sp = '' }, xml) => {
      const profile = this.#profile(sp);
      if (profile === undefined || !xml.startsWith('<ServiceProfile'))
        return { status: 400, body: apiProblem('xml') };
      profile.filterCriteria = xml;
      return { status: 200 };
    },
  };

  #profile(sp: string): Profile | undefined {
    return [...this.publics.values()].find((profile) => profile.sp === sp);
  }

  #publicsOf(irs: string): readonly string[] {
    return [...this.publics].filter(([, profile]) => profile.irs === irs).map(([impu]) => impu);
  }

  #uuid(): string {
    this.#uuidCount += 1;
    return `00000000-0000-4000-8000-${String(this.#uuidCount).padStart(12, '0')}`;
  }
}

/** Who waits for it does nothing any more, as if it had died. */
const forever = new Promise<never>(() => undefined);

function absent(): Reply {
  return { status: 404, body: apiProblem('absent') };
}
