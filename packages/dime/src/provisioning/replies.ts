import { type ApiProblem, apiProblem } from '@clearwater/platform';
import type { Unavailable, Unknown } from '@clearwater/vellum';

/** Outcomes of the subscriber table as statuses of the provisioning API: the one place where one becomes the other. */
export interface Refused<S extends number> {
  readonly status: S;
  readonly body: ApiProblem;
}

const RETRY_AFTER_S = 1;

export const OK: { readonly status: 200 } = { status: 200 };
export const NOT_FOUND: Refused<404> = { status: 404, body: apiProblem('dime.not-found') };
export const NOT_TOGETHER: Refused<403> = { status: 403, body: apiProblem('dime.not-a-child') };

export function badRequest(code: string, detail?: string): Refused<400> {
  return { status: 400, body: apiProblem(code, detail === undefined ? {} : { detail }) };
}

/** The store did nothing, or may have: the caller repeats the operation, which is harmless. */
export function away({ tag }: Unavailable | Unknown): Refused<503> {
  const code = tag === 'unknown' ? 'dime.outcome-unknown' : 'dime.subscribers-unavailable';
  return { status: 503, body: apiProblem(code, { retryAfterS: RETRY_AFTER_S }) };
}

type Stored = { readonly tag: 'stored' } | Unavailable | Unknown;
type Absent = { readonly tag: 'absent' };
type Mismatched = { readonly tag: 'mismatch' };

export function updateReply(outcome: Stored | Absent): { readonly status: 200 } | Refused<404 | 503>;
export function updateReply(
  outcome: Stored | Absent | Mismatched,
): { readonly status: 200 } | Refused<403 | 404 | 503>;
export function updateReply(
  outcome: Stored | Absent | Mismatched,
): { readonly status: 200 } | Refused<403 | 404 | 503> {
  switch (outcome.tag) {
    case 'stored':
      return OK;
    case 'absent':
      return NOT_FOUND;
    case 'mismatch':
      return NOT_TOGETHER;
    default:
      return away(outcome);
  }
}

type Removal = { readonly tag: 'removed' } | Absent | Unavailable | Unknown;
type Removed = { readonly status: 200 } | { readonly status: 204 };

export function removalReply(outcome: Removal): Removed | Refused<503>;
export function removalReply(outcome: Removal | Mismatched): Removed | Refused<403 | 503>;
export function removalReply(outcome: Removal | Mismatched): Removed | Refused<403 | 503> {
  switch (outcome.tag) {
    case 'removed':
      return OK;
    case 'absent':
      return { status: 204 };
    case 'mismatch':
      return NOT_TOGETHER;
    default:
      return away(outcome);
  }
}

type Read<T> = { readonly tag: 'found'; readonly value: T } | Absent | Unavailable;

/** A read as 200 with what `bodyOf` makes of the value. */
export function readReply<T, B>(
  outcome: Read<T>,
  bodyOf: (value: T) => B,
): { readonly status: 200; readonly body: B } | Refused<404 | 503>;
export function readReply<T, B>(
  outcome: Read<T> | Mismatched,
  bodyOf: (value: T) => B,
): { readonly status: 200; readonly body: B } | Refused<403 | 404 | 503>;
export function readReply<T, B>(
  outcome: Read<T> | Mismatched,
  bodyOf: (value: T) => B,
): { readonly status: 200; readonly body: B } | Refused<403 | 404 | 503> {
  switch (outcome.tag) {
    case 'found':
      return { status: 200, body: bodyOf(outcome.value) };
    case 'absent':
      return NOT_FOUND;
    case 'mismatch':
      return NOT_TOGETHER;
    case 'unavailable':
      return away(outcome);
  }
}
