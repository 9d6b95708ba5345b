import type { ProvisioningContext, ProvisioningHandlers } from './provisioning-context.ts';
import { away, readReply, removalReply, updateReply } from './replies.ts';
import { createUuid } from './uuid.ts';

type SetHandlers = Pick<
  ProvisioningHandlers,
  | 'createSet'
  | 'deleteSet'
  | 'getPublicsOfSet'
  | 'getPrivatesOfSet'
  | 'associatePrivate'
  | 'dissociatePrivate'
>;

/** `/irs/…`, less the service profiles. */
export function setHandlers({ subscribers, changes, random }: ProvisioningContext): SetHandlers {
  const handlers: SetHandlers = {
    createSet: async () => {
      const irs = createUuid(random);
      const outcome = await subscribers.putSet(irs);
      return outcome.tag === 'stored' ? { status: 201, headers: { location: `/irs/${irs}` } } : away(outcome);
    },
    deleteSet: async ({ params: { irs } }) =>
      removalReply(await changes.changing({ irs }, () => subscribers.removeSet(irs))),
    getPublicsOfSet: async ({ params: { irs } }) =>
      readReply(await subscribers.publicsOfSet(irs), (impus) => ({ public_ids: [...impus] })),
    getPrivatesOfSet: async ({ params: { irs } }) =>
      readReply(await subscribers.privatesOfSet(irs), (impis) => ({ private_ids: [...impis] })),
    associatePrivate: async ({ params: { impi, irs } }) =>
      updateReply(await changes.changing({ impi, irs }, () => subscribers.associate(impi, irs))),
    dissociatePrivate: async ({ params: { impi, irs } }) =>
      removalReply(await changes.changing({ impi, irs }, () => subscribers.dissociate(impi, irs))),
  };
  return handlers;
}
