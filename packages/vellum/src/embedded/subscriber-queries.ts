import type {
  PublicIdentity,
  SubscriptionData,
  SubscriptionProfile,
} from '../ports/tables/subscriber-table.ts';
import type { EmbeddedStore, Query } from './embedded-store.ts';

export interface PrivateRow {
  readonly digestHa1: string;
  readonly realm: string;
  readonly plaintextPassword: string | null;
}

interface NameRow {
  readonly name: string;
}

interface SubscriptionRow {
  readonly irs: string;
  readonly impis: string;
  readonly profile: string;
  readonly serviceProfileXml: string;
  readonly impu: string | null;
  readonly publicIdentityXml: string | null;
}

type Names =
  | 'setsOfPrivate'
  | 'publicsOfPrivate'
  | 'publicsOfSet'
  | 'privatesOfSet'
  | 'publicsOfProfile'
  | 'privatesOfPublic';
type Writes =
  | 'putPrivate'
  | 'removePrivate'
  | 'associate'
  | 'dissociate'
  | 'putSet'
  | 'removeSet'
  | 'putProfile'
  | 'removeProfile'
  | 'putFilterCriteria'
  | 'putPublic'
  | 'removePublic';

export type SubscriberQueries = { readonly [Name in Names]: Query<NameRow> } & {
  readonly [Name in Writes]: Query<never>;
} & {
  readonly subscription: Query<SubscriptionRow>;
  readonly credentials: Query<PrivateRow & { readonly impus: string }>;
  readonly getPrivate: Query<PrivateRow>;
  readonly getSet: Query<NameRow>;
  readonly getProfile: Query<{ readonly irs: string; readonly serviceProfileXml: string }>;
  readonly getPublic: Query<PublicIdentity>;
  readonly listPublics: Query<Omit<PublicIdentity, 'publicIdentityXml'>>;
};

export function prepareSubscriberQueries(store: EmbeddedStore): SubscriberQueries {
  return {
    ...preparePrivates(store),
    ...prepareSets(store),
    ...preparePublics(store),
    ...prepareCallPath(store),
  };
}

type Part<Keys extends keyof SubscriberQueries> = Pick<SubscriberQueries, Keys>;

/** The two reads that registrations and calls wait for. */
function prepareCallPath(store: EmbeddedStore): Part<'subscription' | 'credentials'> {
  return {
    subscription: store.query(
      `SELECT mine.irs AS irs, p.profile AS profile, p.service_profile_xml AS serviceProfileXml,
         i.impu AS impu, i.public_identity_xml AS publicIdentityXml,
         (SELECT json_group_array(impi) FROM (SELECT impi FROM associations a WHERE a.irs = mine.irs ORDER BY impi)) AS impis
       FROM public_identities me JOIN service_profiles mine ON mine.profile = me.profile
         JOIN service_profiles p ON p.irs = mine.irs LEFT JOIN public_identities i ON i.profile = p.profile
       WHERE me.impu = ? ORDER BY p.id, i.id`,
    ),
    credentials: store.query(
      `SELECT digest_ha1 AS digestHa1, realm, plaintext_password AS plaintextPassword,
         (SELECT json_group_array(impu) FROM (SELECT impu FROM associations a JOIN service_profiles p ON p.irs = a.irs
           JOIN public_identities i ON i.profile = p.profile WHERE a.impi = private_identities.impi ORDER BY impu)) AS impus
       FROM private_identities WHERE impi = ?`,
    ),
  };
}

function preparePrivates(
  store: EmbeddedStore,
): Part<
  | 'getPrivate'
  | 'putPrivate'
  | 'removePrivate'
  | 'setsOfPrivate'
  | 'publicsOfPrivate'
  | 'associate'
  | 'dissociate'
> {
  return {
    getPrivate: store.query(
      `SELECT digest_ha1 AS digestHa1, realm, plaintext_password AS plaintextPassword
       FROM private_identities WHERE impi = ?`,
    ),
    putPrivate: store.query(
      `INSERT INTO private_identities VALUES (?, ?, ?, ?) ON CONFLICT (impi) DO UPDATE SET
       digest_ha1 = excluded.digest_ha1, realm = excluded.realm, plaintext_password = excluded.plaintext_password`,
    ),
    removePrivate: store.query('DELETE FROM private_identities WHERE impi = ?'),
    setsOfPrivate: store.query('SELECT irs AS name FROM associations WHERE impi = ? ORDER BY irs'),
    publicsOfPrivate: store.query(
      `SELECT impu AS name FROM associations a JOIN service_profiles p ON p.irs = a.irs
       JOIN public_identities i ON i.profile = p.profile WHERE a.impi = ? ORDER BY impu`,
    ),
    associate: store.query('INSERT OR IGNORE INTO associations VALUES (?, ?)'),
    dissociate: store.query('DELETE FROM associations WHERE impi = ? AND irs = ?'),
  };
}

function prepareSets(
  store: EmbeddedStore,
): Part<
  | 'getSet'
  | 'putSet'
  | 'removeSet'
  | 'publicsOfSet'
  | 'privatesOfSet'
  | 'getProfile'
  | 'putProfile'
  | 'removeProfile'
  | 'publicsOfProfile'
  | 'putFilterCriteria'
> {
  return {
    getSet: store.query('SELECT irs AS name FROM implicit_sets WHERE irs = ?'),
    putSet: store.query('INSERT OR IGNORE INTO implicit_sets VALUES (?)'),
    removeSet: store.query('DELETE FROM implicit_sets WHERE irs = ?'),
    publicsOfSet: store.query(
      `SELECT impu AS name FROM service_profiles p JOIN public_identities i ON i.profile = p.profile
       WHERE p.irs = ? ORDER BY impu`,
    ),
    privatesOfSet: store.query('SELECT impi AS name FROM associations WHERE irs = ? ORDER BY impi'),
    getProfile: store.query(
      'SELECT irs, service_profile_xml AS serviceProfileXml FROM service_profiles WHERE profile = ?',
    ),
    putProfile: store.query('INSERT OR IGNORE INTO service_profiles (profile, irs) VALUES (?, ?)'),
    removeProfile: store.query('DELETE FROM service_profiles WHERE profile = ?'),
    publicsOfProfile: store.query(
      'SELECT impu AS name FROM public_identities WHERE profile = ? ORDER BY impu',
    ),
    putFilterCriteria: store.query('UPDATE service_profiles SET service_profile_xml = ? WHERE profile = ?'),
  };
}

function preparePublics(
  store: EmbeddedStore,
): Part<'getPublic' | 'putPublic' | 'removePublic' | 'privatesOfPublic' | 'listPublics'> {
  return {
    getPublic: store.query(
      `SELECT i.impu AS impu, i.profile AS profile, p.irs AS irs, i.public_identity_xml AS publicIdentityXml
       FROM public_identities i JOIN service_profiles p ON p.profile = i.profile WHERE i.impu = ?`,
    ),
    putPublic: store.query(
      `INSERT INTO public_identities (impu, profile, public_identity_xml) VALUES (?, ?, ?) ON CONFLICT (impu)
       DO UPDATE SET public_identity_xml = excluded.public_identity_xml WHERE profile = excluded.profile`,
    ),
    removePublic: store.query('DELETE FROM public_identities WHERE impu = ?'),
    privatesOfPublic: store.query(
      `SELECT a.impi AS name FROM public_identities i JOIN service_profiles p ON p.profile = i.profile
       JOIN associations a ON a.irs = p.irs WHERE i.impu = ? ORDER BY a.impi`,
    ),
    listPublics: store.query(
      `SELECT i.impu AS impu, i.profile AS profile, p.irs AS irs FROM public_identities i
       JOIN service_profiles p ON p.profile = i.profile WHERE i.impu > ? ORDER BY i.impu LIMIT ?`,
    ),
  };
}

/** One row per public identity of the set, those of one profile together; no row, no subscription. */
export function subscriptionOf(rows: readonly SubscriptionRow[]): SubscriptionData | undefined {
  const first = rows[0];
  if (first === undefined) return undefined;
  const profiles: (SubscriptionProfile & {
    readonly publics: { impu: string; publicIdentityXml: string }[];
  })[] = [];
  for (const { profile, serviceProfileXml, impu, publicIdentityXml } of rows) {
    if (profiles.at(-1)?.profile !== profile) profiles.push({ profile, serviceProfileXml, publics: [] });
    if (impu !== null && publicIdentityXml !== null)
      profiles.at(-1)?.publics.push({ impu, publicIdentityXml });
  }
  return { irs: first.irs, impis: JSON.parse(first.impis) as readonly string[], profiles };
}
