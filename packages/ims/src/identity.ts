import { parseUri, type SipUri, type TelUri, type Uri, withoutVisualSeparators } from '@clearwater/sip';
import { canonicalUser } from './canonical-user.ts';

/** A private identity, as `alice@example.com` (TS 23.003 §13.3). Made by `parseImpi`. */
export type Impi = string & { readonly impi: unique symbol };
/** A public identity in canonical form (TS 23.003 §13.4). Made by `canonicalImpu`. */
export type Impu = string & { readonly impu: unique symbol };

const IDENTITY_LENGTH_MAX = 255;
const GLOBAL_NUMBER = /^\+\d{1,15}$/;
const LOCAL_NUMBER = /^[0-9*#A-Fa-f]{1,32}$/;
const WILDCARD =
  /^(?:sips?:([^\s<>"@!]*![^\s<>"@]+![^\s<>"@!]*)@([A-Za-z0-9.-]+)|tel:([^\s<>"@;!]*![^\s<>"@;]+![^\s<>"@;!]*))$/i;
const GLOBAL_SIP = /^sip:(\+\d{1,15})@/;

/** `text` as a private identity, or undefined when it is empty, longer than 255 characters or holds spaces, quotes or brackets. */
export function parseImpi(text: string): Impi | undefined {
  return text.length <= IDENTITY_LENGTH_MAX && /^[^\s<>"\\]+$/.test(text) && isPrintable(text)
    ? (text as Impi)
    : undefined;
}

/**
 * The canonical public identity of a SIP, SIPS or tel URI (RFC 3261 §10.3 step 5 and §19.1.4, TS 23.003 §13.4): host in lower case,
 * no password, port, parameters or headers, `sips` taken as `sip`; a tel number without visual separators, of its parameters only
 * the phone-context of a local number. With `user=phone` the user part is a telephone number and treated as one. Undefined when it
 * is no such URI or longer than 255 characters.
 */
export function canonicalImpu(uri: string | Uri): Impu | undefined {
  const impu = canonicalText(uri);
  return impu !== undefined && impu.length <= IDENTITY_LENGTH_MAX && isPrintable(impu)
    ? (impu as Impu)
    : undefined;
}

function canonicalText(uri: string | Uri): string | undefined {
  const parsed = typeof uri === 'string' ? parseUri(uri) : uri;
  switch (parsed?.scheme) {
    case 'sip':
    case 'sips':
      return canonicalSip(parsed);
    case 'tel':
      return canonicalTel(parsed);
    default:
      return typeof uri === 'string' ? canonicalWildcard(uri) : undefined;
  }
}

function canonicalSip({ user, host, params }: SipUri): string {
  if (user === undefined || user === '') return `sip:${host}`;
  if (params.get('user')?.toLowerCase() !== 'phone') return `sip:${canonicalUser(user)}@${host}`;
  return `sip:${withoutVisualSeparators(canonicalUser(user).split(';', 1)[0] ?? '')}@${host}`;
}

function canonicalTel({ number, isGlobal, params }: TelUri): string | undefined {
  const digits = withoutVisualSeparators(number);
  if (isGlobal) return GLOBAL_NUMBER.test(digits) ? `tel:${digits}` : undefined;
  if (!LOCAL_NUMBER.test(digits)) return undefined;
  const context = params.get('phone-context');
  return context === undefined ? `tel:${digits}` : `tel:${digits};phone-context=${context.toLowerCase()}`;
}

/** A wildcarded identity may hold what no URI may: `sip:!room[0-9]+!@example.com`. */
function canonicalWildcard(text: string): string | undefined {
  const [, user, host = '', number] = (text.length <= IDENTITY_LENGTH_MAX ? WILDCARD.exec(text) : null) ?? [];
  if (user !== undefined) return `sip:${user}@${host.toLowerCase()}`;
  return number === undefined ? undefined : `tel:${number}`;
}

function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x21 || code === 0x7f) return false;
  }
  return true;
}

/** The private identity that goes with `impu` where none is chosen: the identity without its scheme. */
export function impiFromImpu(impu: Impu): Impi {
  return impu.slice(impu.indexOf(':') + 1) as Impi;
}

/** The identities of one number: `sip:+n@domain` and `tel:+n` for a global one, `sip:n@domain` for a local one. */
export function identitiesOfNumber(number: string, homeDomain: string): readonly Impu[] {
  const sip = canonicalImpu(`sip:${number}@${homeDomain};user=phone`);
  if (sip === undefined) return [];
  const tel = telOf(sip);
  return tel === undefined ? [sip] : [sip, tel];
}

/** `tel:+n` of `sip:+n@anywhere`; undefined when `impu` holds no global number. */
export function telOf(impu: Impu): Impu | undefined {
  const number = GLOBAL_SIP.exec(impu)?.[1];
  return number === undefined ? undefined : (`tel:${number}` as Impu);
}

/**
 * The SIP identity that a tel identity means at home: `sip:n@homeDomain`. Undefined for a SIP identity and for a local number whose
 * phone-context is another domain or prefix.
 */
export function sipOfTel(impu: Impu, homeDomain: string): Impu | undefined {
  if (!impu.startsWith('tel:')) return undefined;
  const [number = '', context] = impu.slice('tel:'.length).split(';phone-context=');
  const home = homeDomain.toLowerCase();
  return context === undefined || context === home ? (`sip:${number}@${home}` as Impu) : undefined;
}

/** Whether `impu` is a wildcarded identity (TS 23.003 §13.4A): it holds a regular expression between exclamation marks. */
export function isWildcard(impu: Impu): boolean {
  return /!.+!/.test(impu);
}
