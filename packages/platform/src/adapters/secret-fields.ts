import { types } from 'node:util';
import { codeOf } from '../errors.ts';
import type { LogFields } from '../ports/log.ts';

/** Field names whose values never reach a log, in lower case, without `-` and `_`. */
const SECRET_NAMES: ReadonlySet<string> = new Set(
  'password sippassword ha1 digestha1 authorization proxyauthorization wwwauthenticate proxyauthenticate nonce cnonce response secret apikey bearer cookie setcookie token recoverytoken cryptkey integritykey ck ik'.split(
    ' ',
  ),
);
const DEPTH_MAX = 6;

/** The fields as they may be written: secrets replaced at any depth, errors spread into plain objects. */
export function withoutSecrets(fields: LogFields): LogFields {
  return cleanRecord(fields, 0);
}

function cleanRecord(record: object, depth: number): Record<string, unknown> {
  const cleaned: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const isSecret = SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
    cleaned[name] = isSecret ? '[secret]' : cleanValue(value, depth + 1);
  }
  return cleaned;
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return '[deep]';
  if (types.isNativeError(value)) {
    const { name, message, stack, cause } = value;
    const own = cleanRecord(value, depth);
    return {
      ...own,
      name,
      message,
      code: codeOf(value),
      stack,
      ...(cause === undefined ? {} : { cause: cleanValue(cause, depth + 1) }),
    };
  }
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, depth + 1));
  if (Buffer.isBuffer(value)) return `[${value.length} bytes]`;
  return cleanRecord(value, depth);
}
