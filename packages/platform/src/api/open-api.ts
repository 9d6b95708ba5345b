import type { TSchema } from 'typebox';
import type { Api, Endpoint } from './api.ts';
import { type BodyKind, isEmpty, isFormOrJson, isText } from './body.ts';
import { ApiProblem } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of the declared APIs; TypeBox schemas are JSON Schema as they stand. */
export function openApiDocument(
  apis: readonly Api[],
  info: { readonly title: string; readonly version: string },
): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const api of apis) {
    for (const [name, endpoint] of Object.entries(api.endpoints)) {
      const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
      paths[path] = {
        ...paths[path],
        [endpoint.method.toLowerCase()]: operation(`${api.name}.${name}`, api.name, endpoint),
      };
    }
  }
  return { openapi: '3.1.0', info, paths };
}

function operation(operationId: string, tag: string, endpoint: Endpoint): Json {
  const parameters = [...parametersOf(endpoint.params, 'path'), ...parametersOf(endpoint.query, 'query')];
  const responses = { 500: ApiProblem, 503: ApiProblem, ...endpoint.responses };
  return {
    operationId,
    tags: [tag],
    summary: endpoint.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(endpoint.body === undefined || isEmpty(endpoint.body)
      ? {}
      : { requestBody: { required: true, content: contentOf(endpoint.body) } }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, body]) => [status, response(body as BodyKind)]),
    ),
  };
}

function parametersOf(schema: TSchema | undefined, place: 'path' | 'query'): readonly Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    readonly properties?: Readonly<Record<string, TSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function response(body: BodyKind): Json {
  if (isEmpty(body)) return { description: 'no body' };
  return { description: body === ApiProblem ? 'refused or failed' : 'answer', content: contentOf(body) };
}

function contentOf(body: BodyKind): Json {
  if (isText(body)) return { [body.mediaType]: { schema: { type: 'string' } } };
  if (!isFormOrJson(body)) return { 'application/json': { schema: body } };
  const content = { schema: body.schema };
  return { 'application/json': content, 'application/x-www-form-urlencoded': content };
}
