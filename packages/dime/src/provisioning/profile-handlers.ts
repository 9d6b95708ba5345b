import { canonicalImpu, parsePublicIdentity, parseServiceProfile } from '@clearwater/ims';
import { apiProblem } from '@clearwater/platform';
import { EMPTY_SERVICE_PROFILE } from '../homestead/subscription-xml.ts';
import type { ProvisioningContext, ProvisioningHandlers } from './provisioning-context.ts';
import { badRequest, NOT_FOUND, NOT_TOGETHER, readReply, removalReply, updateReply } from './replies.ts';
import { createUuid } from './uuid.ts';

type ProfileHandlers = Pick<
  ProvisioningHandlers,
  | 'createProfile'
  | 'deleteProfile'
  | 'getPublicsOfProfile'
  | 'putPublic'
  | 'getPublic'
  | 'deletePublic'
  | 'putFilterCriteria'
  | 'getFilterCriteria'
>;

/** `/irs/:irs/service_profiles/…`. The table checks that a profile is of the set and an identity of the profile: 403 or 404. */
export function profileHandlers({ subscribers, changes, random }: ProvisioningContext): ProfileHandlers {
  const handlers: ProfileHandlers = {
    createProfile: async ({ params: { irs } }) => {
      const profile = createUuid(random);
      const outcome = await subscribers.putProfile({ irs, profile });
      if (outcome.tag === 'mismatch') return NOT_FOUND; // cannot be: the id is new
      const reply = updateReply(outcome);
      return reply.status === 200
        ? { status: 201, headers: { location: `/irs/${irs}/service_profiles/${profile}` } }
        : reply;
    },
    deleteProfile: async ({ params: { irs, sp } }) =>
      removalReply(await changes.changing({ irs }, () => subscribers.removeProfile({ irs, profile: sp }))),
    getPublicsOfProfile: async ({ params: { irs, sp } }) =>
      readReply(await subscribers.publicsOfProfile({ irs, profile: sp }), (impus) => ({
        public_ids: [...impus],
      })),

    putPublic: async ({ params: { irs, sp, impu: impuText }, body }) => {
      const impu = canonicalImpu(impuText);
      if (impu === undefined) return badRequest('dime.invalid-identity');
      const identity = parsePublicIdentity(body);
      if (identity.tag === 'malformed') return badRequest('dime.malformed-xml', identity.reason);
      if (identity.value.value.impu !== impu) return OTHER_IDENTITY;
      const { xml } = identity.value;
      const path = { irs, profile: sp };
      return updateReply(await changes.changing({ irs, impu }, () => subscribers.putPublic(path, impu, xml)));
    },
    getPublic: async ({ params: { irs, sp, impu: impuText } }) => {
      const impu = canonicalImpu(impuText);
      if (impu === undefined) return NOT_FOUND;
      const read = await subscribers.getPublic(impu);
      const isElsewhere = read.tag === 'found' && (read.value.irs !== irs || read.value.profile !== sp);
      return isElsewhere ? NOT_TOGETHER : readReply(read, ({ publicIdentityXml }) => publicIdentityXml);
    },
    deletePublic: async ({ params: { irs, sp, impu: impuText } }) => {
      const impu = canonicalImpu(impuText);
      if (impu === undefined) return { status: 204 };
      const path = { irs, profile: sp };
      return removalReply(await changes.changing({ irs, impu }, () => subscribers.removePublic(path, impu)));
    },

    putFilterCriteria: async ({ params: { irs, sp }, body }) => {
      const profile = parseServiceProfile(body);
      if (profile.tag === 'malformed') return badRequest('dime.malformed-xml', profile.reason);
      if (profile.value.value.identities.length > 0) return badRequest('dime.identity-in-criteria');
      const { xml } = profile.value;
      const path = { irs, profile: sp };
      return updateReply(await changes.changing({ irs }, () => subscribers.putFilterCriteria(path, xml)));
    },
    getFilterCriteria: async ({ params: { irs, sp } }) =>
      readReply(await subscribers.getFilterCriteria({ irs, profile: sp }), (xml) =>
        xml === '' ? EMPTY_SERVICE_PROFILE : xml,
      ),
  };
  return handlers;
}

const OTHER_IDENTITY = { status: 403, body: apiProblem('dime.other-identity') } as const;
