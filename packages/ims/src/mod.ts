export { decodeRecord, encodeRecord, mergeRecordTexts, REGISTRATION_TABLE } from './aor-codec.ts';
export { mergeRecords } from './aor-merge.ts';
export type {
  AorRecord,
  AssociatedIdentity,
  Binding,
  BindingElement,
  BindingKey,
  Expiry,
  KeyedBinding,
  NonceHistory,
  NonceUse,
  OpaqueElement,
  Registration,
  RemovedBinding,
} from './aor-record.ts';
export {
  activeBindings,
  EMPTY_RECORD,
  expire,
  isRegistered,
  nextExpiryMs,
  recordTtlMs,
} from './aor-record.ts';
export type { ContactChange, RegisterChange, RegisterLimits, RegisterOutcome } from './aor-register.ts';
export { applyRegister, bindingKey, REGISTER_LIMITS } from './aor-register.ts';
export { removeBinding } from './aor-removal.ts';
export type { ElementStamp, Writer } from './element-stamp.ts';
export type { Impi, Impu } from './identity.ts';
export {
  canonicalImpu,
  identitiesOfNumber,
  impiFromImpu,
  isWildcard,
  parseImpi,
  sipOfTel,
  telOf,
} from './identity.ts';
export { ParseCache } from './parse-cache.ts';
export { RecordCache } from './record-cache.ts';
export type {
  ChargingAddresses,
  RegData,
  RegDataResult,
  RegDataText,
  RegistrationState,
} from './reg-data.ts';
export { parseRegData, serializeRegData } from './reg-data.ts';
export type {
  ApplicationServer,
  ImsSubscription,
  InitialFilterCriterion,
  PublicIdentity,
  ServicePointTrigger,
  ServiceProfile,
  SessionCase,
  TriggerMatch,
  TriggerPoint,
} from './service-profile.ts';
export { isBarred, serviceProfileOf, usableIdentities } from './service-profile.ts';
export type { Fragment, FragmentResult, SubscriptionResult } from './subscription-parser.ts';
export { parsePublicIdentity, parseServiceProfile, parseSubscription } from './subscription-parser.ts';
export { escapeXml } from './xml-tree.ts';
