import type { Impu } from '@clearwater/ims';
import type { SubscriptionData, SubscriptionProfile } from '@clearwater/vellum';

/** What is stored for a profile without filter criteria. */
export const EMPTY_SERVICE_PROFILE = '<ServiceProfile></ServiceProfile>';

/**
 * The `IMSSubscription` of an implicit registration set (TS 29.228 annex E). The stored pieces were brought into one spelling when they
 * were provisioned (`parsePublicIdentity`, `parseServiceProfile` of ims), so joining them is all there is to do.
 */
export function subscriptionXml({ profiles }: SubscriptionData): string {
  let xml = '<IMSSubscription><PrivateID>Unspecified</PrivateID>';
  for (const profile of profiles) if (profile.publics.length > 0) xml += profileXml(profile);
  return `${xml}</IMSSubscription>`;
}

function profileXml({ serviceProfileXml, publics }: SubscriptionProfile): string {
  let xml = '<ServiceProfile>';
  for (const { publicIdentityXml } of publics) xml += publicIdentityXml;
  const criteria = serviceProfileXml === '' ? EMPTY_SERVICE_PROFILE : serviceProfileXml;
  return xml + criteria.slice('<ServiceProfile>'.length);
}

export interface SetIdentity {
  readonly impu: Impu;
  readonly isBarred: boolean;
}

/** The identities of a set in the order of the document, read without parsing it: the pieces have one spelling. */
export function identitiesOf({ profiles }: SubscriptionData): readonly SetIdentity[] {
  return profiles.flatMap(({ publics }) =>
    publics.map(({ impu, publicIdentityXml }) => ({
      impu: impu as Impu,
      isBarred: BARRED.test(publicIdentityXml),
    })),
  );
}

const BARRED = /<BarringIndication>(?:1|true)<\/BarringIndication>/;
