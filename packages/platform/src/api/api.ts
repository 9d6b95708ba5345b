import type { Static, TSchema } from 'typebox';
import type { BodyKind, BodyOf } from './body.ts';
import type { ApiProblem } from './problem.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One operation of an API. Paths have parameters as `:name` and no final slash; HTTP takes both forms. */
export interface Endpoint {
  readonly method: HttpMethod;
  readonly path: string;
  readonly summary: string;
  /** An object schema; text from the URL is converted to the numbers and booleans it asks for. */
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: BodyKind;
  readonly responses: Readonly<Record<number, BodyKind>>;
}

export type Endpoints = Readonly<Record<string, Endpoint>>;

export interface Api<E extends Endpoints = Endpoints> {
  readonly name: string;
  readonly endpoints: E;
}

/**
 * Declares an API once; `bindHttp`, `directClient` and `httpClient` bind it. Beside its declared responses every endpoint may answer 500
 * and 503 with an `ApiProblem`: that is what a failing handler becomes.
 */
export function defineApi<const E extends Endpoints>(name: string, endpoints: E): Api<E> {
  return { name, endpoints };
}

/** Names are in lower case. */
export type ApiHeaders = Readonly<Record<string, string>>;
/** Several values are several header lines (Set-Cookie). */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What an endpoint is called with: the declared parts, and headers if the caller has any to send. */
export type RequestOf<E extends Endpoint> = (E extends { readonly params: infer S extends TSchema }
  ? { readonly params: Static<S> }
  : { readonly params?: undefined }) &
  (E extends { readonly query: infer S extends TSchema }
    ? { readonly query: Static<S> }
    : { readonly query?: undefined }) &
  (E extends { readonly body: infer B extends BodyKind }
    ? { readonly body: BodyOf<B> }
    : { readonly body?: undefined }) & { readonly headers?: ApiHeaders };

type ReplyWith<S, B> = B extends { readonly kind: 'empty' }
  ? { readonly status: S; readonly body?: undefined; readonly headers?: ReplyHeaders }
  : { readonly status: S; readonly body: BodyOf<B>; readonly headers?: ReplyHeaders };

/** A status that came in by spreading another object (`...refusals`) has become text. */
type StatusOf<S> = S extends `${infer N extends number}` ? N : S;

type FailureReply<R> = {
  [S in Exclude<500 | 503, StatusOf<keyof R>>]: ReplyWith<S, never> & { readonly body: ApiProblem };
}[Exclude<500 | 503, StatusOf<keyof R>>];

type DeclaredReply<R> = { [S in keyof R]: ReplyWith<StatusOf<S>, R[S]> }[keyof R];

/** What an endpoint answers: a union over its statuses. */
export type ReplyOf<E extends Endpoint> = DeclaredReply<E['responses']> | FailureReply<E['responses']>;

/** The functions that implement an API. */
export type HandlersOf<A extends Api> = {
  readonly [N in keyof A['endpoints']]: (
    request: RequestOf<A['endpoints'][N]>,
  ) => Promise<ReplyOf<A['endpoints'][N]>>;
};

/** The functions through which an API is called: the same, so a caller does not know which binding it has. */
export type ClientOf<A extends Api> = HandlersOf<A>;

/** A request and a reply whose parts the type system no longer knows: what the bindings work on. */
export interface AnyRequest {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly headers?: ApiHeaders;
}

export interface AnyReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: ReplyHeaders;
}

export type AnyHandler = (request: AnyRequest) => Promise<AnyReply>;

/** The handlers of an API by name, with their types forgotten; the bindings keep the types outside. */
export function handlerOf<A extends Api>(handlers: HandlersOf<A>, name: string): AnyHandler {
  return (handlers as unknown as Readonly<Record<string, AnyHandler>>)[name] as AnyHandler;
}
