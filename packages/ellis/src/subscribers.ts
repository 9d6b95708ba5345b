import { createHash } from 'node:crypto';
import type { ProvisioningClient } from '@clearwater/dime/api';
import { AppError, type ReplyHeaders } from '@clearwater/platform';

/** One subscriber as a number needs it: its private identity, and the public identities of one set, the default one first. */
export interface SubscriberSpec {
  readonly impi: string;
  readonly impus: readonly [string, ...string[]];
}

interface ProfilePath {
  readonly irs: string;
  readonly sp: string;
}

const ATTEMPT_COUNT_MAX = 3;

/**
 * Subscribers by Homestead's provisioning API. Every method may be repeated; all reject with AppError `provisioning.failed` (upstream)
 * when the API is away, refuses or still answers 503 at the third attempt.
 */
export class Subscribers {
  readonly #api: ProvisioningClient;
  readonly #realm: string;

  /** `realm`: of the digest, the home domain. */
  constructor(api: ProvisioningClient, realm: string) {
    this.#api = api;
    this.#realm = realm;
  }

  /** Creates the subscriber, or completes it and replaces its password. The last public identity is put last. */
  async create({ impi, impus: [first, ...others] }: SubscriberSpec, password: string): Promise<void> {
    const body = { private_id: impi, ...this.#credentials(impi, password) };
    const path = await this.#putSubscriber(first, body);
    await this.#putPublics(path, others);
  }

  /** Adds a set with these public identities to a private identity that exists, whose password stays. */
  async add({ impi, impus: [first, ...others] }: SubscriberSpec): Promise<void> {
    const reply = await this.#ask(() => this.#api.getPrivate({ params: { impi } }), [200]);
    const { digest_ha1, realm, plaintext_password } = reply.body;
    const credentials =
      plaintext_password === undefined ? { digest_ha1 } : { plaintext_password, keep_plaintext: true };
    const path = await this.#putSubscriber(first, { private_id: impi, realm, ...credentials });
    await this.#putPublics(path, others);
  }

  /** Removes the private identity's sets that hold one of these public identities or none at all; without a set left, itself too. */
  async remove({ impi, impus }: SubscriberSpec): Promise<'removed' | 'absent'> {
    const sets = await this.setsOf(impi);
    if (sets === undefined) return 'absent';
    let remainingCount = sets.length;
    for (const irs of sets) {
      const publics = await this.publicsOf(irs);
      if (publics.length > 0 && !publics.some((impu) => impus.includes(impu))) continue;
      await this.#ask(() => this.#api.deleteSet({ params: { irs } }), [200, 204]);
      remainingCount -= 1;
    }
    if (remainingCount > 0) return sets.length > remainingCount ? 'removed' : 'absent';
    await this.#ask(() => this.#api.deletePrivate({ params: { impi } }), [200, 204]);
    return 'removed';
  }

  async exists(impu: string): Promise<boolean> {
    return (await this.setOf(impu)) !== undefined;
  }

  async hasPrivate(impi: string): Promise<boolean> {
    return (await this.#ask(() => this.#api.getPrivate({ params: { impi } }), [200, 404])).status === 200;
  }

  /** False when there is no such private identity. */
  async setPassword(impi: string, password: string): Promise<boolean> {
    if (!(await this.hasPrivate(impi))) return false;
    const body = this.#credentials(impi, password);
    await this.#ask(() => this.#api.putPrivate({ params: { impi }, body }), [200]);
    return true;
  }

  /** The set of a public identity. */
  async setOf(impu: string): Promise<string | undefined> {
    const reply = await this.#ask(() => this.#api.getSetOfPublic({ params: { impu } }), [303, 404]);
    return reply.status === 303 ? locationParts(reply.headers)[1] : undefined;
  }

  /** The sets of a private identity, or undefined when it is unknown. */
  async setsOf(impi: string): Promise<readonly string[] | undefined> {
    const reply = await this.#ask(() => this.#api.getSetsOfPrivate({ params: { impi } }), [200, 404]);
    return reply.status === 200 ? reply.body.associated_implicit_registration_sets : undefined;
  }

  /** The public identities of a set; none when it is unknown. */
  async publicsOf(irs: string): Promise<readonly string[]> {
    const reply = await this.#ask(() => this.#api.getPublicsOfSet({ params: { irs } }), [200, 404]);
    return reply.status === 200 ? reply.body.public_ids : [];
  }

  /** The private identities of a public one. */
  async privatesOf(impu: string): Promise<readonly string[]> {
    const reply = await this.#ask(() => this.#api.getPrivatesOfPublic({ params: { impu } }), [200, 404]);
    return reply.status === 200 ? reply.body.private_ids : [];
  }

  /** The `ServiceProfile` XML of a public identity, or undefined when it is unknown. */
  async filterCriteria(impu: string): Promise<string | undefined> {
    const path = await this.#profileOf(impu);
    if (path === undefined) return undefined;
    const reply = await this.#ask(() => this.#api.getFilterCriteria({ params: path }), [200, 404]);
    return reply.status === 200 ? reply.body : undefined;
  }

  /** `invalid`: Homestead does not take the XML. */
  async putFilterCriteria(impu: string, xml: string): Promise<'stored' | 'absent' | 'invalid'> {
    const path = await this.#profileOf(impu);
    if (path === undefined) return 'absent';
    const { status } = await this.#ask(
      () => this.#api.putFilterCriteria({ params: path, body: xml }),
      [200, 400, 404],
    );
    return status === 200 ? 'stored' : status === 400 ? 'invalid' : 'absent';
  }

  /** A page of public identities in key order; `next` is where to go on. */
  async list(
    after: string | undefined,
    limit: number,
  ): Promise<{ impus: readonly string[]; next: string | undefined }> {
    const query = { excludeuuids: true, limit, ...(after === undefined ? {} : { after }) };
    const { body } = await this.#ask(() => this.#api.listPublics({ query }), [200]);
    return { impus: body.public_ids.map((entry) => entry.public_id), next: body.next };
  }

  async #profileOf(impu: string): Promise<ProfilePath | undefined> {
    const reply = await this.#ask(() => this.#api.getProfileOfPublic({ params: { impu } }), [303, 404]);
    if (reply.status === 404) return undefined;
    const [, irs, , sp] = locationParts(reply.headers);
    return irs === undefined || sp === undefined ? undefined : { irs, sp };
  }

  async #putSubscriber(
    impu: string,
    body: Parameters<ProvisioningClient['putSubscriber']>[0]['body'],
  ): Promise<ProfilePath> {
    return (await this.#ask(() => this.#api.putSubscriber({ params: { impu }, body }), [200])).body;
  }

  async #putPublics(path: ProfilePath, impus: readonly string[]): Promise<void> {
    for (const impu of impus) {
      const body = `<PublicIdentity><Identity>${impu}</Identity></PublicIdentity>`;
      await this.#ask(() => this.#api.putPublic({ params: { ...path, impu }, body }), [200]);
    }
  }

  #credentials(impi: string, password: string): { readonly digest_ha1: string; readonly realm: string } {
    const realm = this.#realm;
    return { digest_ha1: createHash('md5').update(`${impi}:${realm}:${password}`).digest('hex'), realm };
  }

  /** Calls until the answer is not 503; one that was not expected, or none, is a failure. */
  async #ask<R extends { readonly status: number }, const S extends R['status']>(
    call: () => Promise<R>,
    expected: readonly S[],
  ): Promise<Extract<R, { readonly status: S }>> {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await call().catch((cause: unknown) => {
        throw failure({ cause });
      });
      if (isOneOf(reply, expected)) return reply;
      if (reply.status !== 503 || attempt === ATTEMPT_COUNT_MAX) throw failure({ status: reply.status });
    }
  }
}

function isOneOf<R extends { readonly status: number }, S extends R['status']>(
  reply: R,
  expected: readonly S[],
): reply is Extract<R, { readonly status: S }> {
  return (expected as readonly number[]).includes(reply.status);
}

function failure({ cause, status }: { readonly cause?: unknown; readonly status?: number }): AppError {
  return new AppError('provisioning.failed', {
    origin: 'upstream',
    retry: 'same-peer',
    cause,
    detail: { status },
  });
}

/** `/irs/A/service_profiles/B` → `irs`, `A`, `service_profiles`, `B`. */
function locationParts(headers: ReplyHeaders | undefined): readonly string[] {
  const location = headers?.['location'];
  return typeof location === 'string'
    ? location
        .replace(/^https?:\/\/[^/]+/, '')
        .split('/')
        .filter((part) => part !== '')
    : [];
}
