export {
  type EmbeddedVellum,
  type EmbeddedVellumOptions,
  openEmbeddedVellum,
} from './embedded/embedded-vellum.ts';
export { type KeyRingOptions, SharedKeyRing } from './key-ring.ts';
export type {
  Member,
  MemberKey,
  MemberSpec,
  MemberState,
  Membership,
} from './ports/membership.ts';
export type {
  Page,
  PageRequest,
  Subscription,
  TableList,
  TableRead,
  TableRemoval,
  TableUpdate,
  TableWrite,
  Unavailable,
  Unknown,
} from './ports/outcomes.ts';
export type {
  RecordOptions,
  RecordRead,
  Records,
  RecordTable,
  RecordTableDefinition,
  RecordVersion,
  RecordWrite,
} from './ports/records.ts';
export {
  ABSENT,
  compareVersions,
  createVersion,
  nextVersion,
  parseVersion,
  RECORD_KEY_BYTES_MAX,
  RECORD_VALUE_BYTES_MAX,
} from './ports/records.ts';
export type { ConfigChange, ConfigEntry, ConfigWrite, SharedConfig } from './ports/shared-config.ts';
export type { Account, AccountTable, Recovery, RecoveryRequest } from './ports/tables/account-table.ts';
export type {
  Allocation,
  NumberClaim,
  NumberTable,
  OwnedNumber,
  PoolNumber,
  SpecificClaim,
} from './ports/tables/number-table.ts';
export type { Session, SessionTable } from './ports/tables/session-table.ts';
export type {
  Credentials,
  Mismatch,
  NewSubscriber,
  PrivateIdentity,
  ProfilePath,
  PublicIdentity,
  PublicPage,
  SubscriberTable,
  SubscriptionData,
  SubscriptionProfile,
} from './ports/tables/subscriber-table.ts';
export type {
  Pop,
  PopHandler,
  PopOutcome,
  StoreOutcome,
  TimerSpec,
  Timers,
} from './ports/timers.ts';
export { TIMER_ID_BYTES_MAX, TIMER_OPAQUE_BYTES_MAX } from './ports/timers.ts';
