import { privateHandlers } from './private-handlers.ts';
import { profileHandlers } from './profile-handlers.ts';
import type { ProvisioningContext, ProvisioningHandlers } from './provisioning-context.ts';
import { publicHandlers } from './public-handlers.ts';
import { setHandlers } from './set-handlers.ts';
import { type OnSubscriberChange, SubscriberChanges } from './subscriber-changes.ts';
import { subscriberHandlers } from './subscriber-handlers.ts';

export interface ProvisioningPorts extends Omit<ProvisioningContext, 'changes'> {
  readonly onChange?: OnSubscriberChange;
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
