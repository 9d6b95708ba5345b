import { canonicalImpu, parseImpi } from '@clearwater/ims';
import { type ApiProblem, apiProblem, type HandlersOf } from '@clearwater/platform';
import type { AuthVector, homesteadApi, ServerSelection } from '../api/homestead-api.ts';
import type { DimeConfig } from '../config.ts';
import { type RegDataChange, RegDataView } from './reg-data-view.ts';
import type { Lookup, Subscriber, SubscriberDirectory } from './subscriber-directory.ts';

type Refused<S extends number> = { readonly status: S; readonly body: ApiProblem };

const RETRY_AFTER_S = 1;
/** Cx result codes as the API carries them (TS 29.229 §6.2.1). */
const FIRST_REGISTRATION = 2001;
const SUBSEQUENT_REGISTRATION = 2002;
const SUCCESS = 2001;

type HomesteadHandlers = HandlersOf<typeof homesteadApi>;
type VectorHandlers = Pick<HomesteadHandlers, 'getDigest' | 'getAuthVector' | 'getSchemeAuthVector'>;
type SelectionHandlers = Pick<HomesteadHandlers, 'getRegistrationStatus' | 'getLocation'>;
type RegDataHandlers = Pick<HomesteadHandlers, 'getRegData' | 'putRegData'>;

/** Homestead's signalling API on the subscriber database. */
export function createHomestead(directory: SubscriberDirectory, config: DimeConfig): HomesteadHandlers {
  return {
    ...vectorHandlers(directory),
    ...selectionHandlers(directory, config.scscfUri),
    ...regDataHandlers(directory, new RegDataView(directory, config)),
  };
}

function vectorHandlers(directory: SubscriberDirectory): VectorHandlers {
  const vector = async (
    impiText: string,
    impu: string | undefined,
  ): Promise<{ readonly status: 200; readonly body: AuthVector } | Refused<404 | 503>> => {
    const impi = parseImpi(impiText);
    if (impi === undefined) return unknownUser;
    const read = await directory.credentials(impi);
    if (read.tag !== 'found') return refusal(read);
    const { digestHa1: ha1, realm, impus } = read.value;
    if (impu !== undefined && !impus.includes(canonicalImpu(impu) ?? '')) return notTogether;
    return { status: 200, body: { digest: { ha1, realm, qop: 'auth' } } };
  };
  const handlers: VectorHandlers = {
    getDigest: async ({ params, query }) => {
      const reply = await vector(params.impi, query.public_id);
      if (reply.status === 200) return { status: 200, body: { digest_ha1: reply.body.digest.ha1 } };
      return reply;
    },
    getAuthVector: ({ params, query }) => vector(params.impi, query.impu),
    getSchemeAuthVector: async ({ params, query }) =>
      params.scheme === 'digest' ? await vector(params.impi, query.impu) : unknownScheme,
  };
  return handlers;
}

function selectionHandlers(directory: SubscriberDirectory, scscf: string): SelectionHandlers {
  const selection = (resultCode: number, query: { readonly 'auth-type'?: string }): ServerSelection => {
    const capabilities =
      query['auth-type'] === 'CAPAB' ? { 'mandatory-capabilities': [], 'optional-capabilities': [] } : {};
    return { 'result-code': resultCode, scscf, ...capabilities };
  };
  const handlers: SelectionHandlers = {
    getRegistrationStatus: async ({ params, query }) => {
      const found = await find(directory, query.impu);
      if (found.tag !== 'found') return refusal(found);
      const { impis, identities, defaultImpu } = found.value;
      if (!impis.includes(params.impi)) return await strangerRefusal(directory, params.impi);
      if (identities.every(({ isBarred }) => isBarred)) return allBarred;
      // Removing what is not registered succeeds (RFC 3261 §10.2.2), so a de-registration goes to the S-CSCF in any case.
      if (query['auth-type'] === 'DEREG') return { status: 200, body: selection(SUCCESS, query) };
      const fact = await directory.registration(defaultImpu);
      if (typeof fact === 'object') return recordsAway;
      const resultCode = fact === 'registered' ? SUBSEQUENT_REGISTRATION : FIRST_REGISTRATION;
      return { status: 200, body: selection(resultCode, query) };
    },
    getLocation: async ({ params, query }) => {
      const found = await find(directory, params.impu);
      return found.tag === 'found' ? { status: 200, body: selection(SUCCESS, query) } : refusal(found);
    },
  };
  return handlers;
}

function regDataHandlers(directory: SubscriberDirectory, regData: RegDataView): RegDataHandlers {
  const handlers: RegDataHandlers = {
    getRegData: async ({ params, query }) => {
      const found = await find(directory, params.impu);
      if (found.tag !== 'found') return refusal(found);
      if (isStranger(found.value, query.private_id)) return notTogether;
      const xml = await regData.read(found.value);
      return typeof xml === 'string' ? { status: 200, body: xml } : recordsAway;
    },
    putRegData: async ({ params, query, body }) => {
      const change = changeOf(body.reqtype);
      if (change === undefined) return badRequest('dime.unknown-reqtype');
      const found = await find(directory, params.impu);
      if (found.tag !== 'found') return refusal(found);
      if (isStranger(found.value, query.private_id)) return notTogether;
      const outcome = await regData.change(found.value, change);
      switch (outcome.tag) {
        case 'answered':
          return { status: 200, body: outcome.xml };
        case 'not-registered':
          return badRequest('dime.not-registered');
        case 'unavailable':
          return recordsAway;
      }
    },
  };
  return handlers;
}

async function find(directory: SubscriberDirectory, impuText: string): Promise<Lookup<Subscriber>> {
  const impu = canonicalImpu(impuText);
  return impu === undefined ? { tag: 'absent' } : await directory.subscriber(impu);
}

function isStranger({ impis }: Subscriber, impi: string | undefined): boolean {
  return impi !== undefined && !impis.includes(impi);
}

/** A private identity that is none of the set: unknown altogether, or somebody else's. */
async function strangerRefusal(
  directory: SubscriberDirectory,
  impiText: string,
): Promise<Refused<404 | 503>> {
  const impi = parseImpi(impiText);
  if (impi === undefined) return unknownUser;
  const read = await directory.credentials(impi);
  return read.tag === 'found' ? notTogether : refusal(read);
}

function refusal(lookup: Exclude<Lookup<unknown>, { readonly tag: 'found' }>): Refused<404 | 503> {
  return lookup.tag === 'absent' ? unknownUser : storeAway;
}

function changeOf(reqtype: string): RegDataChange | undefined {
  switch (reqtype) {
    case 'reg':
    case 'call':
      return reqtype;
    case 'dereg-user':
    case 'dereg-admin':
    case 'dereg-timeout':
      return 'dereg';
    case 'dereg-auth-failed':
    case 'dereg-auth-timeout':
      return 'authentication-ended';
    default:
      return undefined;
  }
}

const unknownUser: Refused<404> = { status: 404, body: apiProblem('dime.unknown-user') };
const unknownScheme: Refused<404> = { status: 404, body: apiProblem('dime.unknown-scheme') };
/** DIAMETER_ERROR_IDENTITIES_DONT_MATCH (5002), which the original tells as 404. */
const notTogether: Refused<404> = { status: 404, body: apiProblem('dime.identities-do-not-match') };
const allBarred: Refused<403> = { status: 403, body: apiProblem('dime.barred') };
const storeAway: Refused<503> = {
  status: 503,
  body: apiProblem('dime.subscribers-unavailable', { retryAfterS: RETRY_AFTER_S }),
};
const recordsAway: Refused<504> = {
  status: 504,
  body: apiProblem('dime.registrations-unavailable', { retryAfterS: RETRY_AFTER_S }),
};

function badRequest(code: string): Refused<400> {
  return { status: 400, body: apiProblem(code) };
}
