/** Resolving against an origin nobody owns shows whether a redirect would leave the site (RFC 2606 §2 `.invalid`). */
const ANY_SITE = 'http://site.invalid';

/**
 * The path, query and fragment of a redirect a form asked for, or undefined when it would leave this site: an absolute URL,
 * `//host`, a backslash that browsers read as a slash, or anything over 2,000 characters.
 */
export function sameSitePath(target: string): string | undefined {
  if (target.length > 2_000 || !target.startsWith('/') || !URL.canParse(target, ANY_SITE)) return undefined;
  const url = new URL(target, ANY_SITE);
  if (url.origin !== ANY_SITE) return undefined;
  const path = `${url.pathname}${url.search}${url.hash}`;
  return path.startsWith('//') ? undefined : path; // `/.//host` normalises to `//host`
}

/** A path of this site with more in its query. */
export function addToQuery(path: string, values: Readonly<Record<string, string>>): string {
  const url = new URL(path, ANY_SITE);
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
  return `${url.pathname}${url.search}${url.hash}`;
}
