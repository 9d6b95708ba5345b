/** Who is to blame: the caller (downstream), what we called (upstream), or ourselves. */
export type ErrorOrigin = 'downstream' | 'upstream' | 'internal';
/** What a caller may try after this failure. */
export type ErrorRetry = 'never' | 'same-peer' | 'next-peer';

export interface AppErrorOptions {
  readonly origin: ErrorOrigin;
  readonly retry: ErrorRetry;
  readonly cause?: unknown;
  /** Facts for the log; no secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * A failure of the world (a store away, a port taken). Protocol outcomes are values, not errors; broken invariants of our own are
 * `assert`. Recognise it by `code`, never by `instanceof`: realms differ under the test runner.
 */
export class AppError extends Error {
  readonly code: string;
  readonly origin: ErrorOrigin;
  readonly retry: ErrorRetry;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: string, options: AppErrorOptions) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.origin = options.origin;
    this.retry = options.retry;
    this.detail = options.detail ?? {};
  }
}

/** The `code` of anything thrown, or `''`. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
