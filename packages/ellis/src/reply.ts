import { type ApiProblem, apiProblem, codeOf, type ReplyHeaders } from '@clearwater/platform';
import { addToQuery, sameSitePath } from './site-path.ts';

/** Every refusal of Ellis; each endpoint declares them all. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 409 | 422 | 502 | 503;
  readonly body: ApiProblem;
}

/** Where a form's browser goes next. */
export interface Redirect {
  readonly status: 303;
  readonly headers: ReplyHeaders;
}

/** The fields by which a form asks for a redirect. */
export interface RedirectFields {
  readonly onsuccess?: string;
  readonly onfailure?: string;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: ReplyHeaders;
}

/** A success; its status keeps its literal type. */
export function success<S extends 200 | 201 | 204, B>(
  status: S,
  body: B,
  headers: ReplyHeaders = {},
): { readonly status: S; readonly body: B; readonly headers: ReplyHeaders } {
  return { status, body, headers };
}

export function refusal(
  status: Refusal['status'],
  code: string,
  more: { readonly detail?: string; readonly retryAfterS?: number } = {},
): Refusal {
  return { status, body: apiProblem(code, more) };
}

/** The refusal of a throttle. */
export function throttled(retryAfterS: number): Refusal {
  return refusal(503, 'ellis.throttled', { retryAfterS });
}

/** Does the work of one request. What we called being away is 502 (Homestead) or 503 (our store). */
export async function answering<R extends Answer>(work: () => Promise<R>): Promise<R | Refusal> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'provisioning.failed')
      return refusal(502, code, { detail: 'the subscriber database did not do it' });
    if (code === 'ellis.store-unavailable') return refusal(503, code, { retryAfterS: 1 });
    throw error;
  }
}

/** As `answering`; when the form named a path of this site to go on at, the answer is a redirect there that tells how it went. */
export async function answeringForm<R extends Answer>(
  form: RedirectFields,
  work: () => Promise<R>,
): Promise<R | Refusal | Redirect> {
  const { onsuccess = '', onfailure = '' } = form;
  for (const target of [onsuccess, onfailure]) {
    if (target !== '' && sameSitePath(target) === undefined) {
      return refusal(400, 'ellis.foreign-redirect', {
        detail: 'onsuccess and onfailure are paths of this site',
      });
    }
  }
  const reply = await answering(work);
  const isSuccess = reply.status < 400;
  const target = sameSitePath(isSuccess ? onsuccess : onfailure);
  if (target === undefined) return reply;
  const message = (reply.body as Partial<ApiProblem> | undefined)?.code ?? '';
  const outcome = isSuccess ? { success: 'true' } : { error: 'true', status: String(reply.status), message };
  const headers = (reply as Answer).headers ?? {};
  return { status: 303, headers: { ...headers, location: addToQuery(target, outcome) } };
}
