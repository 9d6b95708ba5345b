import { canonicalImpu, type Impu } from '@clearwater/ims';
import { parseNameAddr, type SipRequest } from '@clearwater/sip';
import { type FlowIdentity, type FlowRegistration, includesImpu } from './flow-identities.ts';

/** Who a phone says it is. */
export type ClaimedIdentities =
  | {
      readonly tag: 'claimed';
      /** From P-Preferred-Identity, at most one SIP and one tel identity. */
      readonly preferred: readonly Impu[];
      readonly from: Impu | undefined;
    }
  /** More than one of a kind, or none at all behind the header name (RFC 3325 §9.2). */
  | { readonly tag: 'malformed' };

/** Who the network says it is. */
export interface AssertedIdentities {
  /** For P-Asserted-Identity, one or two. */
  readonly identities: readonly FlowIdentity[];
  readonly registration: FlowRegistration;
}

/** Reads P-Preferred-Identity and From. */
export function claimedIdentities(request: SipRequest): ClaimedIdentities {
  const preferred: Impu[] = [];
  for (const value of request.values('P-Preferred-Identity')) {
    const impu = canonicalImpu(parseNameAddr(value)?.uri ?? '');
    if (impu === undefined || preferred.some((other) => isTel(other) === isTel(impu)))
      return { tag: 'malformed' };
    preferred.push(impu);
  }
  return { tag: 'claimed', preferred, from: canonicalImpu(request.from?.uri ?? '') };
}

/**
 * The identity to assert for a request on a flow with these registrations (TS 24.229 5.2.6.3.2): the preferred ones that are
 * registered, else the default identity. With several users on one flow, From says which user's. Undefined without a registration.
 */
export function chooseIdentity(
  { preferred, from }: Extract<ClaimedIdentities, { tag: 'claimed' }>,
  registrations: readonly FlowRegistration[],
): AssertedIdentities | undefined {
  for (const registration of registrations) {
    const identities = registration.identities.filter(({ impu }) => preferred.includes(impu));
    if (identities.length > 0) return { identities, registration };
  }
  const registration =
    registrations.find((one) => from !== undefined && includesImpu(one, from)) ?? registrations[0];
  return registration && { identities: [registration.identities[0]], registration };
}

function isTel(impu: Impu): boolean {
  return impu.startsWith('tel:');
}
