/** The headers by which a browser says where a request comes from. */
export interface OriginHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
}

/**
 * Whether a request that changes something may be believed when only a cookie speaks for it. Browsers send `Sec-Fetch-Site` or at
 * least `Origin` with every POST, PUT and DELETE; a client that sends neither is no browser, and nobody rides on its cookie.
 */
export function isOwnSite(headers: OriginHeaders): boolean {
  if (headers.secFetchSite !== undefined)
    return headers.secFetchSite === 'same-origin' || headers.secFetchSite === 'none';
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
