import { codeOf } from '@clearwater/platform';

/** What a failed call means to the operator, in one line. */
export function failureText(error: unknown, origin: string): string {
  const cause = (error as { readonly cause?: unknown } | null)?.cause;
  const code = codeOf(cause) === '' ? codeOf(error) : codeOf(cause);
  const status = statusOf(cause) ?? statusOf(error);
  if (status === 401) return `${origin} wants another key: give --api-key or set CW_API_KEY`;
  if (status === 403) return `${origin} refuses: the identity belongs to another registration set`;
  if (status === 503) return `${origin} cannot do it now (its store is away or busy); run the command again`;
  switch (code) {
    case 'http.unavailable':
      return `nothing answers at ${origin}: is the deployment running?`;
    case 'http.timeout':
      return `${origin} did not answer in time; run the command again`;
    default:
      return `${origin} failed: ${status === undefined ? code || String(error) : `status ${status}`}`;
  }
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly detail?: { readonly status?: unknown } } | null | undefined)?.detail
    ?.status;
  return typeof status === 'number' ? status : undefined;
}
