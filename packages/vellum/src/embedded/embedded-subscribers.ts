import type { PageRequest, TableRead, TableRemoval, TableUpdate, TableWrite } from '../ports/outcomes.ts';
import type {
  Credentials,
  Mismatch,
  NewSubscriber,
  PrivateIdentity,
  ProfilePath,
  PublicIdentity,
  PublicPage,
  SubscriberTable,
  SubscriptionData,
} from '../ports/tables/subscriber-table.ts';
import {
  ABSENCE,
  type EmbeddedStore,
  found,
  foundOrAbsent,
  removed,
  STORED,
  updated,
} from './embedded-store.ts';
import {
  type PrivateRow,
  prepareSubscriberQueries,
  type SubscriberQueries,
  subscriptionOf,
} from './subscriber-queries.ts';

const MISMATCH: Mismatch = { tag: 'mismatch' };

/** The subscriber database in SQLite; foreign keys carry the cascades. */
export class EmbeddedSubscribers implements SubscriberTable {
  readonly #store: EmbeddedStore;
  readonly #sql: SubscriberQueries;

  constructor(store: EmbeddedStore) {
    this.#store = store;
    this.#sql = prepareSubscriberQueries(store);
  }

  subscription(impu: string): Promise<TableRead<SubscriptionData>> {
    return this.#store.read(() => foundOrAbsent(subscriptionOf(this.#sql.subscription.all(impu))));
  }

  credentials(impi: string): Promise<TableRead<Credentials>> {
    return this.#store.read(() => {
      const row = this.#sql.credentials.one(impi);
      if (row === undefined) return ABSENCE;
      return found({ impi, ...identityOf(row), impus: JSON.parse(row.impus) as readonly string[] });
    });
  }

  putPrivate(impi: string, identity: PrivateIdentity): Promise<TableWrite> {
    return this.#store.write(() => {
      this.#putPrivate(impi, identity);
      return STORED;
    });
  }

  getPrivate(impi: string): Promise<TableRead<PrivateIdentity>> {
    return this.#store.read(() => {
      const row = this.#sql.getPrivate.one(impi);
      return row === undefined ? ABSENCE : found(identityOf(row));
    });
  }

  removePrivate(impi: string): Promise<TableRemoval> {
    return this.#store.write(() => removed(this.#sql.removePrivate.run(impi)));
  }

  setsOfPrivate(impi: string): Promise<TableRead<readonly string[]>> {
    return this.#listOf(this.#sql.getPrivate, this.#sql.setsOfPrivate, impi);
  }

  publicsOfPrivate(impi: string): Promise<TableRead<readonly string[]>> {
    return this.#listOf(this.#sql.getPrivate, this.#sql.publicsOfPrivate, impi);
  }

  associate(impi: string, irs: string): Promise<TableUpdate> {
    return this.#store.write(() => {
      const areKnown =
        this.#sql.getPrivate.one(impi) !== undefined && this.#sql.getSet.one(irs) !== undefined;
      if (!areKnown) return ABSENCE;
      this.#sql.associate.run(impi, irs);
      return STORED;
    });
  }

  dissociate(impi: string, irs: string): Promise<TableRemoval> {
    return this.#store.write(() => removed(this.#sql.dissociate.run(impi, irs)));
  }

  putSet(irs: string): Promise<TableWrite> {
    return this.#store.write(() => {
      this.#sql.putSet.run(irs);
      return STORED;
    });
  }

  removeSet(irs: string): Promise<TableRemoval> {
    return this.#store.write(() => removed(this.#sql.removeSet.run(irs)));
  }

  publicsOfSet(irs: string): Promise<TableRead<readonly string[]>> {
    return this.#listOf(this.#sql.getSet, this.#sql.publicsOfSet, irs);
  }

  privatesOfSet(irs: string): Promise<TableRead<readonly string[]>> {
    return this.#listOf(this.#sql.getSet, this.#sql.privatesOfSet, irs);
  }

  putProfile({ irs, profile }: ProfilePath): Promise<TableUpdate | Mismatch> {
    return this.#store.write(() => {
      if (this.#sql.getSet.one(irs) === undefined) return ABSENCE;
      this.#sql.putProfile.run(profile, irs);
      return this.#checkPath({ irs, profile }) ?? STORED;
    });
  }

  removeProfile(path: ProfilePath): Promise<TableRemoval | Mismatch> {
    return this.#store.write(
      () => this.#checkPath(path) ?? removed(this.#sql.removeProfile.run(path.profile)),
    );
  }

  publicsOfProfile(path: ProfilePath): Promise<TableRead<readonly string[]> | Mismatch> {
    return this.#store.read(
      () =>
        this.#checkPath(path) ?? found(this.#sql.publicsOfProfile.all(path.profile).map((row) => row.name)),
    );
  }

  getFilterCriteria(path: ProfilePath): Promise<TableRead<string> | Mismatch> {
    return this.#store.read(
      () => this.#checkPath(path) ?? foundOrAbsent(this.#sql.getProfile.one(path.profile)?.serviceProfileXml),
    );
  }

  putFilterCriteria(path: ProfilePath, serviceProfileXml: string): Promise<TableUpdate | Mismatch> {
    return this.#store.write(
      () =>
        this.#checkPath(path) ?? updated(this.#sql.putFilterCriteria.run(serviceProfileXml, path.profile)),
    );
  }

  putPublic(path: ProfilePath, impu: string, publicIdentityXml: string): Promise<TableUpdate | Mismatch> {
    return this.#store.write(() => {
      const refusal = this.#checkPath(path);
      if (refusal !== undefined) return refusal;
      // An identity that is there under another profile is left as it is: no row changes.
      return this.#sql.putPublic.run(impu, path.profile, publicIdentityXml) > 0 ? STORED : MISMATCH;
    });
  }

  removePublic(path: ProfilePath, impu: string): Promise<TableRemoval | Mismatch> {
    return this.#store.write(() => {
      const known = this.#sql.getPublic.one(impu);
      if (known !== undefined && known.profile !== path.profile) return MISMATCH;
      return this.#checkPath(path) ?? removed(this.#sql.removePublic.run(impu));
    });
  }

  getPublic(impu: string): Promise<TableRead<PublicIdentity>> {
    return this.#store.read(() => foundOrAbsent(this.#sql.getPublic.one(impu)));
  }

  privatesOfPublic(impu: string): Promise<TableRead<readonly string[]>> {
    return this.#listOf(this.#sql.getPublic, this.#sql.privatesOfPublic, impu);
  }

  listPublics({ after, limit }: PageRequest): Promise<PublicPage> {
    return this.#store.read(() => {
      const entries = this.#sql.listPublics.all(after ?? '', limit);
      const last = entries.length === limit ? entries.at(-1) : undefined;
      return found(last === undefined ? { entries } : { entries, next: last.impu });
    });
  }

  putSubscriber(subscriber: NewSubscriber): Promise<TableWrite | Mismatch> {
    return this.#store.write(() => {
      const { irs, profile, impi, impu } = subscriber;
      const known = this.#sql.getPublic.one(impu);
      const knownProfile = this.#sql.getProfile.one(profile);
      const isElsewhere = known !== undefined && (known.irs !== irs || known.profile !== profile);
      if (isElsewhere || (knownProfile !== undefined && knownProfile.irs !== irs)) return MISMATCH;
      this.#putPrivate(impi, subscriber.identity);
      this.#sql.putSet.run(irs);
      this.#sql.putProfile.run(profile, irs);
      this.#sql.putFilterCriteria.run(subscriber.serviceProfileXml, profile);
      this.#sql.putPublic.run(impu, profile, subscriber.publicIdentityXml);
      this.#sql.associate.run(impi, irs);
      return STORED;
    });
  }

  #putPrivate(impi: string, { digestHa1, realm, plaintextPassword }: PrivateIdentity): void {
    this.#sql.putPrivate.run(impi, digestHa1, realm, plaintextPassword ?? null);
  }

  /** Undefined when the profile is a child of the set. */
  #checkPath({ irs, profile }: ProfilePath): typeof ABSENCE | Mismatch | undefined {
    const known = this.#sql.getProfile.one(profile);
    if (known === undefined || this.#sql.getSet.one(irs) === undefined) return ABSENCE;
    return known.irs === irs ? undefined : MISMATCH;
  }

  #listOf(
    owner: { one(id: string): unknown },
    list: SubscriberQueries['publicsOfSet'],
    id: string,
  ): Promise<TableRead<readonly string[]>> {
    return this.#store.read(() =>
      owner.one(id) === undefined ? ABSENCE : found(list.all(id).map((row) => row.name)),
    );
  }
}

function identityOf({ digestHa1, realm, plaintextPassword }: PrivateRow): PrivateIdentity {
  return plaintextPassword === null ? { digestHa1, realm } : { digestHa1, realm, plaintextPassword };
}
