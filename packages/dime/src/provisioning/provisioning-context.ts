import type { HandlersOf, Random } from '@clearwater/platform';
import type { SubscriberTable } from '@clearwater/vellum';
import type { provisioningApi } from '../api/provisioning-api.ts';
import type { SubscriberChanges } from './subscriber-changes.ts';

export type ProvisioningHandlers = HandlersOf<typeof provisioningApi>;

/** What each group of handlers works with. */
export interface ProvisioningContext {
  readonly subscribers: SubscriberTable;
  readonly random: Random;
  /** The realm of a private identity that is given none. */
  readonly homeDomain: string;
  readonly changes: SubscriberChanges;
}
