import { parseImpi } from '@clearwater/ims';
import { credentialsOf } from './credentials.ts';
import type { ProvisioningContext, ProvisioningHandlers } from './provisioning-context.ts';
import { away, badRequest, OK, readReply, removalReply, updateReply } from './replies.ts';

type PrivateHandlers = Pick<
  ProvisioningHandlers,
  | 'putPrivate'
  | 'getPrivate'
  | 'deletePrivate'
  | 'getSetsOfPrivate'
  | 'getPublicsOfPrivate'
  | 'associateSet'
  | 'dissociateSet'
>;

/** `/private/…` */
export function privateHandlers({ subscribers, changes, homeDomain }: ProvisioningContext): PrivateHandlers {
  const handlers: PrivateHandlers = {
    putPrivate: async ({ params: { impi }, body }) => {
      if (parseImpi(impi) === undefined) return badRequest('dime.invalid-identity');
      const identity = credentialsOf(impi, body, { defaultRealm: homeDomain, keepPlaintext: true });
      if (identity === undefined) return badRequest('dime.one-of-digest-and-password');
      const outcome = await changes.changing({ impi }, () => subscribers.putPrivate(impi, identity));
      return outcome.tag === 'stored' ? OK : away(outcome);
    },
    getPrivate: async ({ params: { impi } }) =>
      readReply(await subscribers.getPrivate(impi), ({ digestHa1, realm, plaintextPassword }) => ({
        digest_ha1: digestHa1,
        realm,
        ...(plaintextPassword === undefined ? {} : { plaintext_password: plaintextPassword }),
      })),
    deletePrivate: async ({ params: { impi } }) =>
      removalReply(await changes.changing({ impi }, () => subscribers.removePrivate(impi))),
    getSetsOfPrivate: async ({ params: { impi } }) =>
      readReply(await subscribers.setsOfPrivate(impi), (sets) => ({
        associated_implicit_registration_sets: [...sets],
      })),
    getPublicsOfPrivate: async ({ params: { impi } }) =>
      readReply(await subscribers.publicsOfPrivate(impi), (impus) => ({ associated_public_ids: [...impus] })),
    associateSet: async ({ params: { impi, irs } }) =>
      updateReply(await changes.changing({ impi, irs }, () => subscribers.associate(impi, irs))),
    dissociateSet: async ({ params: { impi, irs } }) =>
      removalReply(await changes.changing({ impi, irs }, () => subscribers.dissociate(impi, irs))),
  };
  return handlers;
}
