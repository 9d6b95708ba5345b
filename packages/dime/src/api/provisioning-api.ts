import { ApiProblem, type ClientOf, defineApi, emptyBody, xmlBody } from '@clearwater/platform';
import { type Static, Type } from 'typebox';

const Identity = Type.String({ minLength: 1, maxLength: 255 });
const Password = Type.String({ minLength: 1, maxLength: 255 });
const Realm = Type.String({ minLength: 1, maxLength: 255 });
/** A malformed UUID names nothing: 404, as in the original. */
const Uuid = Type.String({ minLength: 1, maxLength: 64 });

/** Exactly one of `digest_ha1` and `plaintext_password`; from the latter the digest is computed, and it is kept. */
export const PrivateBody = Type.Object(
  {
    digest_ha1: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{32}$' })),
    plaintext_password: Type.Optional(Password),
    /** Default: the home domain. */
    realm: Type.Optional(Realm),
  },
  { additionalProperties: false },
);
export type PrivateBody = Static<typeof PrivateBody>;

const PrivateIdentityBody = Type.Object({
  digest_ha1: Type.String(),
  realm: Type.String(),
  plaintext_password: Type.Optional(Type.String()),
});

/** One subscriber in one write. A public identity that exists keeps its set and profile. */
export const SubscriberBody = Type.Object(
  {
    private_id: Identity,
    digest_ha1: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{32}$' })),
    plaintext_password: Type.Optional(Password),
    /** Whether the password itself is kept beside its digest; default false. */
    keep_plaintext: Type.Optional(Type.Boolean()),
    realm: Type.Optional(Realm),
    /** UUIDs to use; default: those of the public identity if it exists, else new ones. */
    irs: Type.Optional(Uuid),
    sp: Type.Optional(Uuid),
    /** `ServiceProfile` XML; default: without filter criteria. */
    filter_criteria: Type.Optional(Type.String({ maxLength: 65_536 })),
  },
  { additionalProperties: false },
);
export type SubscriberBody = Static<typeof SubscriberBody>;

const PublicListEntry = Type.Object({
  public_id: Type.String(),
  sp: Type.Optional(Type.String()),
  irs: Type.Optional(Type.String()),
});

const ImpiParams = Type.Object({ impi: Identity });
const ImpuParams = Type.Object({ impu: Identity });
const IrsParams = Type.Object({ irs: Uuid });
const ProfileParams = Type.Object({ irs: Uuid, sp: Uuid });
const ProfilePublicParams = Type.Object({ irs: Uuid, sp: Uuid, impu: Identity });
const PublicIds = Type.Object({ public_ids: Type.Array(Type.String()) });
const PrivateIds = Type.Object({ private_ids: Type.Array(Type.String()) });
const away = { 503: ApiProblem };
const removal = { 200: emptyBody, 204: emptyBody, ...away };
const childRemoval = { ...removal, 403: ApiProblem };

/**
 * Homestead's provisioning API (port 8889), as the original's. Outside loopback it asks for `Authorization: Bearer`. 503: nothing is
 * known to have changed; every operation may be repeated.
 */
export const provisioningApi = defineApi('homestead-prov', {
  putPrivate: {
    method: 'PUT',
    path: '/private/:impi',
    summary: 'Creates or replaces the credentials of a private identity.',
    params: ImpiParams,
    body: PrivateBody,
    responses: { 200: emptyBody, 400: ApiProblem, ...away },
  },
  getPrivate: {
    method: 'GET',
    path: '/private/:impi',
    summary: 'The credentials of a private identity.',
    params: ImpiParams,
    responses: { 200: PrivateIdentityBody, 404: ApiProblem, ...away },
  },
  deletePrivate: {
    method: 'DELETE',
    path: '/private/:impi',
    summary: 'Removes a private identity.',
    params: ImpiParams,
    responses: removal,
  },
  getSetsOfPrivate: {
    method: 'GET',
    path: '/private/:impi/associated_implicit_registration_sets',
    summary: 'The implicit registration sets a private identity may register.',
    params: ImpiParams,
    responses: {
      200: Type.Object({ associated_implicit_registration_sets: Type.Array(Type.String()) }),
      404: ApiProblem,
      ...away,
    },
  },
  associateSet: {
    method: 'PUT',
    path: '/private/:impi/associated_implicit_registration_sets/:irs',
    summary: 'Lets a private identity register a set.',
    params: Type.Object({ impi: Identity, irs: Uuid }),
    responses: { 200: emptyBody, 404: ApiProblem, ...away },
  },
  dissociateSet: {
    method: 'DELETE',
    path: '/private/:impi/associated_implicit_registration_sets/:irs',
    summary: 'Ends that.',
    params: Type.Object({ impi: Identity, irs: Uuid }),
    responses: removal,
  },
  getPublicsOfPrivate: {
    method: 'GET',
    path: '/private/:impi/associated_public_ids',
    summary: 'The public identities a private identity may register.',
    params: ImpiParams,
    responses: {
      200: Type.Object({ associated_public_ids: Type.Array(Type.String()) }),
      404: ApiProblem,
      ...away,
    },
  },
  createSet: {
    method: 'POST',
    path: '/irs',
    summary: 'Creates an implicit registration set; Location: /irs/{uuid}.',
    responses: { 201: emptyBody, ...away },
  },
  deleteSet: {
    method: 'DELETE',
    path: '/irs/:irs',
    summary: 'Removes a set with its service profiles and public identities.',
    params: IrsParams,
    responses: removal,
  },
  getPublicsOfSet: {
    method: 'GET',
    path: '/irs/:irs/public_ids',
    summary: 'The public identities of a set.',
    params: IrsParams,
    responses: { 200: PublicIds, 404: ApiProblem, ...away },
  },
  getPrivatesOfSet: {
    method: 'GET',
    path: '/irs/:irs/private_ids',
    summary: 'The private identities that may register a set.',
    params: IrsParams,
    responses: { 200: PrivateIds, 404: ApiProblem, ...away },
  },
  associatePrivate: {
    method: 'PUT',
    path: '/irs/:irs/private_ids/:impi',
    summary: 'Lets a private identity register a set.',
    params: Type.Object({ irs: Uuid, impi: Identity }),
    responses: { 200: emptyBody, 404: ApiProblem, ...away },
  },
  dissociatePrivate: {
    method: 'DELETE',
    path: '/irs/:irs/private_ids/:impi',
    summary: 'Ends that.',
    params: Type.Object({ irs: Uuid, impi: Identity }),
    responses: removal,
  },
  createProfile: {
    method: 'POST',
    path: '/irs/:irs/service_profiles',
    summary: 'Creates a service profile in a set; Location: /irs/{uuid}/service_profiles/{uuid}.',
    params: IrsParams,
    responses: { 201: emptyBody, 404: ApiProblem, ...away },
  },
  deleteProfile: {
    method: 'DELETE',
    path: '/irs/:irs/service_profiles/:sp',
    summary: 'Removes a service profile with its public identities.',
    params: ProfileParams,
    responses: childRemoval,
  },
  getPublicsOfProfile: {
    method: 'GET',
    path: '/irs/:irs/service_profiles/:sp/public_ids',
    summary: 'The public identities of a service profile.',
    params: ProfileParams,
    responses: { 200: PublicIds, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  putPublic: {
    method: 'PUT',
    path: '/irs/:irs/service_profiles/:sp/public_ids/:impu',
    summary:
      'Creates or replaces a public identity (PublicIdentity XML whose Identity is the one in the path).',
    params: ProfilePublicParams,
    body: xmlBody,
    responses: { 200: emptyBody, 400: ApiProblem, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  getPublic: {
    method: 'GET',
    path: '/irs/:irs/service_profiles/:sp/public_ids/:impu',
    summary: 'A public identity (PublicIdentity XML).',
    params: ProfilePublicParams,
    responses: { 200: xmlBody, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  deletePublic: {
    method: 'DELETE',
    path: '/irs/:irs/service_profiles/:sp/public_ids/:impu',
    summary: 'Removes a public identity.',
    params: ProfilePublicParams,
    responses: childRemoval,
  },
  putFilterCriteria: {
    method: 'PUT',
    path: '/irs/:irs/service_profiles/:sp/filter_criteria',
    summary: 'Replaces the filter criteria of a service profile (ServiceProfile XML).',
    params: ProfileParams,
    body: xmlBody,
    responses: { 200: emptyBody, 400: ApiProblem, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  getFilterCriteria: {
    method: 'GET',
    path: '/irs/:irs/service_profiles/:sp/filter_criteria',
    summary: 'The filter criteria of a service profile (ServiceProfile XML).',
    params: ProfileParams,
    responses: { 200: xmlBody, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  getProfileOfPublic: {
    method: 'GET',
    path: '/public/:impu/service_profile',
    summary:
      'Where the service profile of a public identity is; Location: /irs/{uuid}/service_profiles/{uuid}.',
    params: ImpuParams,
    responses: { 303: emptyBody, 404: ApiProblem, ...away },
  },
  getSetOfPublic: {
    method: 'GET',
    path: '/public/:impu/irs',
    summary: 'Where the implicit registration set of a public identity is; Location: /irs/{uuid}.',
    params: ImpuParams,
    responses: { 303: emptyBody, 404: ApiProblem, ...away },
  },
  getPrivatesOfPublic: {
    method: 'GET',
    path: '/public/:impu/associated_private_ids',
    summary: 'The private identities that may register a public identity.',
    params: ImpuParams,
    responses: { 200: PrivateIds, 404: ApiProblem, ...away },
  },
  listPublics: {
    method: 'GET',
    path: '/public',
    summary:
      'Public identities: all, one chunk of chunk-proportion, or a page (after, limit) whose end names the next.',
    query: Type.Object({
      excludeuuids: Type.Optional(Type.Boolean()),
      'chunk-proportion': Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536 })),
      chunk: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
      after: Type.Optional(Identity),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    }),
    responses: {
      200: Type.Object({ public_ids: Type.Array(PublicListEntry), next: Type.Optional(Type.String()) }),
      400: ApiProblem,
      ...away,
    },
  },
  putSubscriber: {
    method: 'PUT',
    path: '/subscribers/:impu',
    summary:
      'Private identity, set, profile and public identity in one write (an addition to the original API).',
    params: ImpuParams,
    body: SubscriberBody,
    responses: {
      200: Type.Object({ irs: Type.String(), sp: Type.String() }),
      400: ApiProblem,
      403: ApiProblem,
      ...away,
    },
  },
});
export type ProvisioningClient = ClientOf<typeof provisioningApi>;
