import { ApiProblem, type ClientOf, defineApi, xmlBody } from '@clearwater/platform';
import { type Static, Type } from 'typebox';

const Identity = Type.String({ minLength: 1, maxLength: 255 });
const ImpiParams = Type.Object({ impi: Identity });
const ImpuParams = Type.Object({ impu: Identity });

/** Digest credentials for one private identity. `ha1` is MD5 of `impi:realm:password` (RFC 7616 §3.4.2): a secret. */
export const AuthVector = Type.Object({
  digest: Type.Object({ ha1: Type.String(), realm: Type.String(), qop: Type.Literal('auth') }),
});
export type AuthVector = Static<typeof AuthVector>;

/** DIAMETER_SUCCESS family of Cx (TS 29.229 §6.2.1): 2001 first registration, 2002 subsequent; for locations 2001. */
export const ServerSelection = Type.Object({
  'result-code': Type.Integer(),
  scscf: Type.Optional(Type.String()),
  'mandatory-capabilities': Type.Optional(Type.Array(Type.Integer())),
  'optional-capabilities': Type.Optional(Type.Array(Type.Integer())),
  'wildcard-identity': Type.Optional(Type.String()),
});
export type ServerSelection = Static<typeof ServerSelection>;

export const RegDataRequest = Type.Object({
  /** One of `reg`, `call`, `dereg-user`, `dereg-admin`, `dereg-timeout`, `dereg-auth-failed`, `dereg-auth-timeout`; else 400. */
  reqtype: Type.String(),
  server_name: Type.Optional(Type.String()),
  wildcard_identity: Type.Optional(Type.String()),
});
export type RegDataRequest = Static<typeof RegDataRequest>;

const Flag = Type.Optional(Type.Boolean());
const AuthType = Type.Optional(
  Type.Union([Type.Literal('REG'), Type.Literal('DEREG'), Type.Literal('CAPAB')]),
);
const VectorQuery = Type.Object({
  impu: Type.Optional(Identity),
  'resync-auth': Type.Optional(Type.String({ maxLength: 256 })),
  'server-name': Type.Optional(Type.String({ maxLength: 1024 })),
});
const away = { 503: ApiProblem, 504: ApiProblem };

/**
 * Homestead's signalling API (port 8888): what the original offers, on the subscriber database. 404 is said only on a certain miss;
 * a store that is away is 503.
 */
export const homesteadApi = defineApi('homestead', {
  getDigest: {
    method: 'GET',
    path: '/impi/:impi/digest',
    summary: 'HA1 of a private identity (kept for old clients; use av).',
    params: ImpiParams,
    query: Type.Object({ public_id: Type.Optional(Identity) }),
    responses: { 200: Type.Object({ digest_ha1: Type.String() }), 404: ApiProblem, ...away },
  },
  getAuthVector: {
    method: 'GET',
    path: '/impi/:impi/av',
    summary: 'Authentication vector of a private identity (Cx MAR), in the scheme of its credentials.',
    params: ImpiParams,
    query: VectorQuery,
    responses: { 200: AuthVector, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  getSchemeAuthVector: {
    method: 'GET',
    path: '/impi/:impi/av/:scheme',
    summary:
      'Authentication vector in one scheme: digest, aka or aka2. 404 for a scheme the user has no credentials for.',
    params: Type.Object({ impi: Identity, scheme: Type.String({ maxLength: 32 }) }),
    query: VectorQuery,
    responses: { 200: AuthVector, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  getRegistrationStatus: {
    method: 'GET',
    path: '/impi/:impi/registration-status',
    summary: 'Whether a user may register, and at which S-CSCF (Cx UAR).',
    params: ImpiParams,
    query: Type.Object({
      impu: Identity,
      'visited-network': Type.Optional(Type.String({ maxLength: 255 })),
      'auth-type': AuthType,
      sos: Flag,
    }),
    responses: { 200: ServerSelection, 403: ApiProblem, 404: ApiProblem, ...away },
  },
  getLocation: {
    method: 'GET',
    path: '/impu/:impu/location',
    summary: 'The S-CSCF that serves a public identity (Cx LIR). 404 when the user is unknown.',
    params: ImpuParams,
    query: Type.Object({ originating: Flag, 'auth-type': AuthType }),
    responses: { 200: ServerSelection, 404: ApiProblem, ...away },
  },
  getRegData: {
    method: 'GET',
    path: '/impu/:impu/reg-data',
    summary: 'Registration state and profile (ClearwaterRegData XML); changes nothing.',
    params: ImpuParams,
    query: Type.Object({ private_id: Type.Optional(Identity) }),
    responses: { 200: xmlBody, 404: ApiProblem, ...away },
  },
  putRegData: {
    method: 'PUT',
    path: '/impu/:impu/reg-data',
    summary: 'Server assignment (Cx SAR): registration state before and after the request, and profile.',
    params: ImpuParams,
    query: Type.Object({ private_id: Type.Optional(Identity) }),
    body: RegDataRequest,
    responses: { 200: xmlBody, 400: ApiProblem, 403: ApiProblem, 404: ApiProblem, ...away },
  },
});
export type HomesteadClient = ClientOf<typeof homesteadApi>;

/** Homestead's management API (port 8886): reading only. */
export const homesteadManagementApi = defineApi('homestead-management', {
  getRegData: homesteadApi.endpoints.getRegData,
});
