import { canonicalImpu, escapeXml, parseImpi, parseServiceProfile } from '@clearwater/ims';
import type { PublicIdentity, SubscriberTable, Unavailable } from '@clearwater/vellum';
import type { SubscriberBody } from '../api/provisioning-api.ts';
import { EMPTY_SERVICE_PROFILE } from '../homestead/subscription-xml.ts';
import { credentialsOf } from './credentials.ts';
import type { ProvisioningContext, ProvisioningHandlers } from './provisioning-context.ts';
import { away, badRequest, NOT_TOGETHER } from './replies.ts';
import { createUuid, isUuid } from './uuid.ts';

type SubscriberHandlers = Pick<ProvisioningHandlers, 'putSubscriber'>;

/** `/subscribers/…`: what takes five calls of the original API, in one durable write. */
export function subscriberHandlers({
  subscribers,
  changes,
  random,
  homeDomain,
}: ProvisioningContext): SubscriberHandlers {
  const handlers: SubscriberHandlers = {
    putSubscriber: async ({ params, body }) => {
      const { private_id: impi, irs: wantedIrs, sp: wantedProfile } = body;
      const impu = canonicalImpu(params.impu);
      if (impu === undefined || parseImpi(impi) === undefined) return badRequest('dime.invalid-identity');
      if (![wantedIrs, wantedProfile].every((id) => id === undefined || isUuid(id)))
        return badRequest('dime.invalid-uuid');
      const keepPlaintext = body.keep_plaintext === true;
      const identity = credentialsOf(impi, body, { defaultRealm: homeDomain, keepPlaintext });
      if (identity === undefined) return badRequest('dime.one-of-digest-and-password');
      const criteria = criteriaOf(body);
      if (criteria.tag === 'malformed') return badRequest('dime.malformed-xml', criteria.reason);

      const read = await subscribers.getPublic(impu);
      if (read.tag === 'unavailable') return away(read);
      const existing = read.tag === 'found' ? read.value : undefined;
      const irs = wantedIrs ?? existing?.irs ?? createUuid(random);
      const profile = wantedProfile ?? existing?.profile ?? createUuid(random);
      const serviceProfileXml =
        criteria.xml ?? (await storedCriteria(subscribers, { irs, profile }, existing));
      if (typeof serviceProfileXml === 'object') return away(serviceProfileXml);

      const publicIdentityXml =
        existing?.publicIdentityXml ??
        `<PublicIdentity><Identity>${escapeXml(impu)}</Identity></PublicIdentity>`;
      const outcome = await changes.changing({ irs, impu, impi }, () =>
        subscribers.putSubscriber({
          irs,
          profile,
          impi,
          identity,
          serviceProfileXml,
          impu,
          publicIdentityXml,
        }),
      );
      if (outcome.tag === 'mismatch') return NOT_TOGETHER;
      return outcome.tag === 'stored' ? { status: 200, body: { irs, sp: profile } } : away(outcome);
    },
  };
  return handlers;
}

type Criteria =
  | { readonly tag: 'given'; readonly xml: string | undefined }
  | { readonly tag: 'malformed'; readonly reason: string };

function criteriaOf({ filter_criteria: text }: SubscriberBody): Criteria {
  if (text === undefined) return { tag: 'given', xml: undefined };
  const profile = parseServiceProfile(text);
  if (profile.tag === 'malformed') return profile;
  const hasIdentities = profile.value.value.identities.length > 0;
  return hasIdentities
    ? { tag: 'malformed', reason: 'PublicIdentity' }
    : { tag: 'given', xml: profile.value.xml };
}

/** The criteria that stay when none are given: a new identity may join a profile that has some. */
async function storedCriteria(
  subscribers: SubscriberTable,
  path: { readonly irs: string; readonly profile: string },
  existing: PublicIdentity | undefined,
): Promise<string | Unavailable> {
  const read = await subscribers.getFilterCriteria(existing ?? path);
  if (read.tag === 'unavailable') return read;
  return read.tag === 'found' && read.value !== '' ? read.value : EMPTY_SERVICE_PROFILE;
}
