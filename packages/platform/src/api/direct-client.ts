import type { Log } from '../ports/log.ts';
import { type AnyRequest, type Api, type ClientOf, type HandlersOf, handlerOf } from './api.ts';
import { callHandler } from './handler-call.ts';

/**
 * Binds an API to handlers in the same process: nothing is serialised or validated, a throw becomes the 500 or 503 it would be over HTTP.
 * Values pass by reference: neither side changes them afterwards.
 */
export function directClient<A extends Api>(api: A, handlers: HandlersOf<A>, log?: Log): ClientOf<A> {
  const entries = Object.keys(api.endpoints).map((name) => {
    const handler = handlerOf(handlers, name);
    const where = `${api.name}.${name}`;
    return [name, (request: AnyRequest) => callHandler(handler, request, where, log)] as const;
  });
  return Object.fromEntries(entries) as unknown as ClientOf<A>;
}
