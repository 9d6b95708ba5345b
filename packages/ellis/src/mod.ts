export { ellisApi } from './api.ts';
export { type EllisConfig, ellisConfig } from './config.ts';
export { createEllis, type Ellis, type EllisPorts } from './create-ellis.ts';
export { identitiesOf, type NumberIdentities } from './number-identity.ts';
export type { RecoveryMail, RecoveryMailer } from './recovery-mail.ts';
export { createSipPassword } from './sip-password.ts';
export { type SubscriberSpec, Subscribers } from './subscribers.ts';
