import type {
  Page,
  PageRequest,
  TableRead,
  TableRemoval,
  TableUpdate,
  TableWrite,
  Unavailable,
} from '../outcomes.ts';

/**
 * The subscriber database: private identities, implicit registration sets (IRS), their service profiles and public identities
 * (TS 23.228 §4.3.3). Ids of sets and profiles are UUIDs made by the caller, so that a retry is harmless. No method rejects.
 */
export interface SubscriberTable {
  /** All that answers a server assignment or a location query for one public identity, in one query. */
  subscription(impu: string): Promise<TableRead<SubscriptionData>>;
  /** All that answers an authentication query for one private identity, in one query. */
  credentials(impi: string): Promise<TableRead<Credentials>>;

  putPrivate(impi: string, identity: PrivateIdentity): Promise<TableWrite>;
  getPrivate(impi: string): Promise<TableRead<PrivateIdentity>>;
  /** Removes the identity and its associations; the sets stay. */
  removePrivate(impi: string): Promise<TableRemoval>;
  /** `absent` when the private identity is unknown. */
  setsOfPrivate(impi: string): Promise<TableRead<readonly string[]>>;
  publicsOfPrivate(impi: string): Promise<TableRead<readonly string[]>>;
  /** `absent` when either side is unknown; associating twice is harmless. */
  associate(impi: string, irs: string): Promise<TableUpdate>;
  dissociate(impi: string, irs: string): Promise<TableRemoval>;

  putSet(irs: string): Promise<TableWrite>;
  /** Removes the set with its profiles, public identities and associations. */
  removeSet(irs: string): Promise<TableRemoval>;
  publicsOfSet(irs: string): Promise<TableRead<readonly string[]>>;
  privatesOfSet(irs: string): Promise<TableRead<readonly string[]>>;

  /** `absent` when the set is unknown, `mismatch` when the profile id is in use in another. */
  putProfile(path: ProfilePath): Promise<TableUpdate | Mismatch>;
  /** Removes the profile with its public identities. */
  removeProfile(path: ProfilePath): Promise<TableRemoval | Mismatch>;
  publicsOfProfile(path: ProfilePath): Promise<TableRead<readonly string[]> | Mismatch>;
  /** The `ServiceProfile` XML, `''` when none was put. */
  getFilterCriteria(path: ProfilePath): Promise<TableRead<string> | Mismatch>;
  putFilterCriteria(path: ProfilePath, serviceProfileXml: string): Promise<TableUpdate | Mismatch>;

  /** `mismatch` also when the identity already belongs to another profile. */
  putPublic(path: ProfilePath, impu: string, publicIdentityXml: string): Promise<TableUpdate | Mismatch>;
  removePublic(path: ProfilePath, impu: string): Promise<TableRemoval | Mismatch>;
  getPublic(impu: string): Promise<TableRead<PublicIdentity>>;
  privatesOfPublic(impu: string): Promise<TableRead<readonly string[]>>;
  /** Public identities in key order, without their XML. */
  listPublics(page: PageRequest): Promise<PublicPage>;

  /**
   * Everything one subscriber needs in one durable write, or nothing of it; what of it is there already is overwritten. `mismatch`
   * when the public identity belongs to another set.
   */
  putSubscriber(subscriber: NewSubscriber): Promise<TableWrite | Mismatch>;
}

/** The parts exist but do not belong together. */
export interface Mismatch {
  readonly tag: 'mismatch';
}

export interface ProfilePath {
  readonly irs: string;
  readonly profile: string;
}

export interface PrivateIdentity {
  /** MD5 of `impi:realm:password`, 32 lower-case hex digits (RFC 7616 §3.4.2). A secret. */
  readonly digestHa1: string;
  readonly realm: string;
  /** Kept only when the operator asked for it. */
  readonly plaintextPassword?: string;
}

export interface PublicIdentity extends ProfilePath {
  readonly impu: string;
  readonly publicIdentityXml: string;
}

export interface Credentials extends PrivateIdentity {
  readonly impi: string;
  /** Public identities this private identity may register, in key order. */
  readonly impus: readonly string[];
}

/** The implicit registration set of one public identity, everything in key order (public identities in the order they were put). */
export interface SubscriptionData {
  readonly irs: string;
  readonly impis: readonly string[];
  readonly profiles: readonly SubscriptionProfile[];
}

export interface SubscriptionProfile {
  readonly profile: string;
  readonly serviceProfileXml: string;
  readonly publics: readonly { readonly impu: string; readonly publicIdentityXml: string }[];
}

export interface NewSubscriber extends ProfilePath {
  readonly impi: string;
  readonly identity: PrivateIdentity;
  readonly serviceProfileXml: string;
  readonly impu: string;
  readonly publicIdentityXml: string;
}

export type PublicPage =
  | { readonly tag: 'found'; readonly value: Page<Omit<PublicIdentity, 'publicIdentityXml'>> }
  | Unavailable;
