import type { Params } from './params.ts';
import { type SipUri, unescapeUri } from './sip-uri.ts';
import { type TelUri, withoutVisualSeparators } from './tel-uri.ts';
import type { Uri } from './uri.ts';

/** Parameters that make two SIP URIs differ even when only one has them (RFC 3261 §19.1.4). */
const DECISIVE_PARAMS = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** Equality of RFC 3261 §19.1.4 for SIP, RFC 3966 §4 for tel; other URIs compare by text. */
export function uriEquals(a: Uri, b: Uri): boolean {
  if (isSip(a)) return isSip(b) && sipUriEquals(a, b);
  if (a.scheme === 'tel') return b.scheme === 'tel' && telUriEquals(a, b);
  return a.toString() === b.toString();
}

function isSip(uri: Uri): uri is SipUri {
  return uri.scheme === 'sip' || uri.scheme === 'sips';
}

function sipUriEquals(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    sameBytes(a.user, b.user) &&
    sameBytes(a.password, b.password) &&
    a.host === b.host &&
    a.port === b.port &&
    sipParamsEqual(a.params, b.params) &&
    headerMultiset(a.headers) === headerMultiset(b.headers)
  );
}

function sipParamsEqual(a: Params, b: Params): boolean {
  const other = normalized(b, false);
  const own = normalized(a, false);
  for (const [name, value] of own) {
    const match = other.get(name);
    if (match !== undefined && match !== value) return false;
  }
  return DECISIVE_PARAMS.every((name) => own.get(name) === other.get(name));
}

function telUriEquals(a: TelUri, b: TelUri): boolean {
  if (a.plainNumber !== b.plainNumber || a.params.size !== b.params.size) return false;
  const other = normalized(b.params, true);
  for (const [name, value] of normalized(a.params, true)) if (other.get(name) !== value) return false;
  return true;
}

/** Names and values without escapes and case. */
function normalized(params: Params, isTel: boolean): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of params.entries()) {
    const plain = unescapeUri(value ?? '').toLowerCase();
    const isNumber = isTel && (name === 'ext' || (name === 'phone-context' && plain.startsWith('+')));
    map.set(unescapeUri(name).toLowerCase(), isNumber ? withoutVisualSeparators(plain) : plain);
  }
  return map;
}

function sameBytes(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && unescapeUri(a) === unescapeUri(b));
}

/** URI headers may come in any order; names have no case. */
function headerMultiset(headers: string): string {
  if (headers === '') return '';
  const parts = headers.split('&').map((part) => {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    return `${unescapeUri(name).toLowerCase()}=${equals < 0 ? '' : unescapeUri(part.slice(equals + 1))}`;
  });
  return JSON.stringify(parts.sort());
}
