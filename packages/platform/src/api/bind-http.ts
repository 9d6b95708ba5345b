import type { HttpReply, HttpRequest, HttpServer } from '../http/http-server.ts';
import type { Log } from '../ports/log.ts';
import {
  type AnyReply,
  type AnyRequest,
  type Api,
  type Endpoint,
  type HandlersOf,
  handlerOf,
} from './api.ts';
import { type BodyKind, isEmpty, isText } from './body.ts';
import { callHandler } from './handler-call.ts';
import { bodyReader } from './http-body.ts';
import { type Checked, InputSchema } from './input.ts';
import { apiProblem } from './problem.ts';

/** Serves an API by HTTP: input that breaks its schema is answered 400 with path and reason, before the handler sees it. */
export function bindHttp<A extends Api>(
  server: HttpServer,
  api: A,
  handlers: HandlersOf<A>,
  log?: Log,
): void {
  server.describe(api);
  for (const [name, endpoint] of Object.entries(api.endpoints)) {
    const read = requestReader(endpoint);
    const handler = handlerOf(handlers, name);
    const where = `${api.name}.${name}`;
    const handle = async (request: HttpRequest): Promise<HttpReply> => {
      const input = read(request);
      if (input.tag === 'invalid')
        return jsonReply({ status: 400, body: apiProblem('http.invalid-request', { detail: input.reason }) });
      const reply = await callHandler(handler, input.value as AnyRequest, where, log);
      return wireReply(reply, endpoint.responses[reply.status]);
    };
    server.route({ method: endpoint.method, path: endpoint.path, handle });
  }
}

/** Checks params, query and body in this order and stops at the first that is wrong. */
function requestReader(endpoint: Endpoint): (request: HttpRequest) => Checked {
  const params = endpoint.params === undefined ? undefined : new InputSchema(endpoint.params);
  const query = endpoint.query === undefined ? undefined : new InputSchema(endpoint.query);
  const readBody = bodyReader(endpoint.body);
  return (request) => {
    const path = checkOptional(params, request.params, 'path');
    if (path.tag === 'invalid') return path;
    const search = checkOptional(query, request.query, 'query');
    if (search.tag === 'invalid') return search;
    const body = readBody(request.body, request.headers['content-type'] ?? '');
    if (body.tag === 'invalid') return body;
    const value: AnyRequest = {
      params: path.value,
      query: search.value,
      body: body.value,
      headers: request.headers,
    };
    return { tag: 'valid', value };
  };
}

function checkOptional(schema: InputSchema | undefined, value: unknown, where: string): Checked {
  return schema === undefined ? { tag: 'valid', value: undefined } : schema.checkText(value, where);
}

function wireReply(reply: AnyReply, declared: BodyKind | undefined): HttpReply {
  if (declared === undefined || !(isText(declared) || isEmpty(declared))) return jsonReply(reply);
  const { status, headers = {} } = reply;
  if (isEmpty(declared)) return { status, headers, body: '' };
  return { status, headers: { 'content-type': declared.mediaType, ...headers }, body: String(reply.body) };
}

function jsonReply({ status, body, headers = {} }: AnyReply): HttpReply {
  const retryAfterS = (body as { readonly retryAfterS?: unknown } | undefined)?.retryAfterS;
  const retryAfter =
    status >= 400 && typeof retryAfterS === 'number' ? { 'retry-after': String(retryAfterS) } : {};
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...retryAfter, ...headers },
    body: body === undefined ? '' : JSON.stringify(body),
  };
}
