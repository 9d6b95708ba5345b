import { AppError } from '@clearwater/platform';
import { mergeRecords } from './aor-merge.ts';
import type {
  AorRecord,
  Binding,
  BindingElement,
  BindingKey,
  NonceHistory,
  OpaqueElement,
  Registration,
} from './aor-record.ts';
import { isStamp } from './element-stamp.ts';
import type { Impi } from './identity.ts';

/** Raised when a field changes its meaning; an added field needs no new version, older nodes keep it. */
const FORMAT_VERSION = 1;

/** The record as JSON text. */
export function encodeRecord(record: AorRecord): string {
  return JSON.stringify({
    ...record.extra,
    v: FORMAT_VERSION,
    bindings: Object.fromEntries(record.bindings),
    subscriptions: Object.fromEntries(record.subscriptions),
    authentication: Object.fromEntries(record.authentication),
    registration: record.registration,
    timerSequence: record.timerSequence,
  });
}

/** A record from its text. Throws AppError `ims.record-malformed` (not our text) or `ims.record-version` (of a later format). */
export function decodeRecord(text: string): AorRecord {
  const { v, bindings, subscriptions, authentication, registration, timerSequence, ...extra } = parsed(text);
  if (v !== FORMAT_VERSION)
    throw refused(typeof v === 'number' ? 'ims.record-version' : 'ims.record-malformed');
  if (!isCount(timerSequence)) throw malformed('timerSequence');
  return {
    bindings: mapOf<BindingKey, BindingElement>(bindings, isBindingElement, 'bindings'),
    subscriptions: mapOf<string, OpaqueElement>(subscriptions, isStamped, 'subscriptions'),
    authentication: mapOf<Impi, NonceHistory>(authentication, isNonceHistory, 'authentication'),
    registration: registrationOf(registration),
    timerSequence,
    extra,
  };
}

/** `mergeRecords` on texts: what table `reg` is given. */
export function mergeRecordTexts(a: string, b: string): string {
  return a === b ? a : encodeRecord(mergeRecords(decodeRecord(a), decodeRecord(b)));
}

type Json = Readonly<Record<string, unknown>>;

function parsed(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused('ims.record-malformed', error);
  }
  if (!isObject(value)) throw malformed('root');
  return value;
}

function mapOf<K extends string, V>(
  value: unknown,
  isOne: (value: unknown) => value is V,
  what: string,
): ReadonlyMap<K, V> {
  if (!isObject(value)) throw malformed(what);
  const map = new Map<K, V>();
  for (const [key, element] of Object.entries(value)) {
    if (!isOne(element)) throw malformed(what);
    map.set(key as K, element);
  }
  return map;
}

function isBindingElement(value: unknown): value is BindingElement {
  if (!isStamped(value)) return false;
  const element = value as Partial<Record<keyof Binding | 'untilMs', unknown>>;
  if (!(isText(element.callId) && isCount(element.cseq) && isText(element.source))) return false;
  if (element.removed === true) return isCount(element.untilMs);
  return (
    isText(element.contact) &&
    isTextMap(element.parameters) &&
    isTexts(element.path) &&
    isCount(element.expiresAtMs) &&
    isCount(element.qMilli) &&
    isText(element.impi) &&
    isText(element.userAgent) &&
    (element.instance === undefined || isText(element.instance)) &&
    (element.regId === undefined || isCount(element.regId))
  );
}

function isNonceHistory(value: unknown): value is NonceHistory {
  return (
    isObject(value) &&
    isCount(value['floorMs']) &&
    isObject(value['nonces']) &&
    Object.values(value['nonces']).every(
      (use) => isObject(use) && isCount(use['nc']) && isCount(use['expiresAtMs']),
    )
  );
}

function registrationOf(value: unknown): Registration | undefined {
  if (value === undefined) return undefined;
  const registration = value as Partial<Registration>;
  const isWhole =
    isStamped(value) &&
    isText(registration.scscfUri) &&
    isTexts(registration.serviceRoute) &&
    Array.isArray(registration.associated) &&
    registration.associated.every(
      (one: unknown) => isObject(one) && isText(one['impu']) && typeof one['isBarred'] === 'boolean',
    );
  if (!isWhole) throw malformed('registration');
  return value as unknown as Registration;
}

function isStamped(value: unknown): value is OpaqueElement {
  return isObject(value) && isStamp(value['stamp']);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every(isText);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function malformed(what: string): AppError {
  return refused('ims.record-malformed', undefined, what);
}

function refused(
  code: 'ims.record-malformed' | 'ims.record-version',
  cause?: unknown,
  what = 'root',
): AppError {
  return new AppError(code, { origin: 'upstream', retry: 'never', cause, detail: { what } });
}

/** The record table of registrations, for the storage: key = default public identity, value = `encodeRecord`. */
export const REGISTRATION_TABLE: { readonly name: 'reg'; readonly merge: (a: string, b: string) => string } =
  {
    name: 'reg',
    merge: mergeRecordTexts,
  };
