import { isScheme, isUriText } from './characters.ts';
import { URI_BYTES_MAX } from './limits.ts';
import { parseSipUri, type SipUri } from './sip-uri.ts';
import { parseTelUri, type TelUri } from './tel-uri.ts';

/** A URI of a scheme that SIP does not route by: kept as text. */
export class OtherUri {
  readonly scheme = 'other' as const;
  /** `mailto`, `urn`, …, in lower case. */
  readonly schemeName: string;
  /** What follows the colon, as written. */
  readonly rest: string;
  readonly #text: string;

  constructor(schemeName: string, rest: string, text: string = `${schemeName}:${rest}`) {
    this.schemeName = schemeName;
    this.rest = rest;
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** Told apart by `scheme`: `sip` and `sips`, `tel`, `other`. */
export type Uri = SipUri | TelUri | OtherUri;

/** Parses a `sip:`, `sips:`, `tel:` or other absolute URI (RFC 3261 §19.1.1, RFC 3966). Undefined when malformed or above 4,096 bytes. */
export function parseUri(text: string): Uri | undefined {
  if (text.length > URI_BYTES_MAX) return undefined;
  const colon = text.indexOf(':');
  if (colon <= 0) return undefined;
  const rawScheme = text.slice(0, colon);
  const scheme = rawScheme === 'sip' ? 'sip' : rawScheme.toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(text, scheme, colon + 1);
  if (scheme === 'tel') return parseTelUri(text, colon + 1);
  const rest = text.slice(colon + 1);
  return isScheme(scheme) && isUriText(rest) ? new OtherUri(scheme, rest, text) : undefined;
}
