import type { HandlersOf, Random } from '@clearwater/platform';
import type { SubscriberTable } from '@clearwater/vellum';
import type { provisioningApi } from '../api/provisioning-api.ts';
import { privateHandlers } from './private-handlers.ts';
import { profileHandlers } from './profile-handlers.ts';
import { publicHandlers } from './public-handlers.ts';
import { setHandlers } from './set-handlers.ts';
import { type OnSubscriberChange, SubscriberChanges } from './subscriber-changes.ts';
import { subscriberHandlers } from './subscriber-handlers.ts';

export type ProvisioningHandlers = HandlersOf<typeof provisioningApi>;

export interface ProvisioningPorts {
  readonly subscribers: SubscriberTable;
  readonly random: Random;
  /** The realm of a private identity that is given none. */
  readonly homeDomain: string;
  readonly onChange?: OnSubscriberChange;
}

/** What each group of handlers works with. */
export interface ProvisioningContext extends Omit<ProvisioningPorts, 'onChange'> {
  readonly changes: SubscriberChanges;
}

/** The provisioning API on the subscriber database. Nothing is cached, so a change is seen by the next request of anybody. */
export function createProvisioning({ onChange, ...ports }: ProvisioningPorts): ProvisioningHandlers {
  const context: ProvisioningContext = {
    ...ports,
    changes: new SubscriberChanges(ports.subscribers, onChange),
  };
  return {
    ...privateHandlers(context),
    ...setHandlers(context),
    ...profileHandlers(context),
    ...publicHandlers(context),
    ...subscriberHandlers(context),
  };
}
