export { type DimeConfig, dimeConfig } from './config.ts';
export { createDime, type Dime, type DimeOptions, type DimeStores } from './dime.ts';
export type { OnSubscriberChange, SubscriberChange } from './provisioning/subscriber-changes.ts';
