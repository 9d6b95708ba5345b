import { identitiesOfNumber } from '@clearwater/ims';

/** A directory number: global (`+` and 1 … 15 digits, E.164) or local to the home domain (1 … 20 digits). */
export const NUMBER_PATTERN = '^(\\+[1-9][0-9]{0,14}|[0-9]{1,20})$';

/** What one number gets: the identities of one implicit registration set, the default one first (TS 23.003 §13). */
export interface NumberIdentities {
  readonly impi: string;
  readonly sipUri: string;
  readonly impus: readonly [string, ...string[]];
}

export function identitiesOf(number: string, domain: string): NumberIdentities {
  const impi = `${number}@${domain}`;
  const sipUri = `sip:${impi}`;
  const [, ...aliases] = identitiesOfNumber(number, domain);
  return { impi, sipUri, impus: [sipUri, ...aliases] };
}

/** Number and domain of `sip:number@domain`, or undefined when the text is not of that form. */
export function parseNumberUri(
  uri: string,
): { readonly number: string; readonly domain: string } | undefined {
  const match = /^sip:(\+[1-9][0-9]{0,14}|[0-9]{1,20})@([a-z0-9.-]{1,255})$/.exec(uri);
  const [, number, domain] = match ?? [];
  return number === undefined || domain === undefined ? undefined : { number, domain };
}

/** For people: ten local digits as `(650) 555-0000`, everything else as it is. */
export function formatNumber(number: string): string {
  const parts = /^(\d{3})(\d{3})(\d{4})$/.exec(number);
  return parts === null ? number : `(${parts[1]}) ${parts[2]}-${parts[3]}`;
}
