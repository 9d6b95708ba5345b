import { expect, test } from '@jest/globals';
import { Type } from 'typebox';
import {
  ApiProblem,
  AppError,
  apiProblem,
  bindHttp,
  type ClientOf,
  defineApi,
  directClient,
  emptyBody,
  formOrJson,
  type HandlersOf,
  HttpServer,
  PinoLog,
  WheelClock,
  xmlBody,
} from '../mod.ts';

const libraryApi = defineApi('library', {
  book: {
    method: 'GET',
    path: '/shelf/:shelf/book/:id',
    summary: 'One book.',
    params: Type.Object({ shelf: Type.String(), id: Type.Integer({ minimum: 1 }) }),
    query: Type.Object({ deep: Type.Optional(Type.Boolean()) }),
    responses: {
      200: Type.Object({ shelf: Type.String(), id: Type.Integer(), deep: Type.Boolean() }),
      404: ApiProblem,
    },
  },
  addBook: {
    method: 'PUT',
    path: '/shelf/:shelf/book/:id',
    summary: 'Adds a book.',
    params: Type.Object({ shelf: Type.String(), id: Type.Integer() }),
    body: Type.Object({ title: Type.String({ minLength: 2 }) }),
    responses: { 204: emptyBody },
  },
  profile: {
    method: 'POST',
    path: '/profile',
    summary: 'Echoes XML.',
    body: xmlBody,
    responses: { 200: xmlBody },
  },
  session: {
    method: 'POST',
    path: '/session',
    summary: 'Logs in and sends the browser on.',
    body: formOrJson(Type.Object({ email: Type.String(), days: Type.Optional(Type.Integer()) })),
    responses: {
      201: Type.Object({ email: Type.String(), days: Type.Integer() }),
      303: emptyBody,
      429: ApiProblem,
    },
  },
});

const handlers: HandlersOf<typeof libraryApi> = {
  async book({ params, query }) {
    if (params.id === 404) return { status: 404, body: apiProblem('library.unknown') };
    if (params.id === 500) throw new Error('secret detail');
    if (params.id === 503)
      throw new AppError('store.unavailable', { origin: 'upstream', retry: 'next-peer' });
    return { status: 200, body: { ...params, deep: query.deep ?? false } };
  },
  async addBook() {
    return { status: 204 };
  },
  async profile({ body }) {
    return { status: 200, body };
  },
  async session({ body, headers }) {
    if (headers?.['cookie'] === 'busy=1')
      return { status: 429, body: apiProblem('library.busy', { retryAfterS: 7 }) };
    if (body.email === 'go')
      return { status: 303, headers: { location: '/next', 'set-cookie': ['a=1', 'b=2'] } };
    return { status: 201, body: { email: body.email, days: body.days ?? 0 } };
  },
};

function createServer(
  options: { readonly bearerKey?: string; readonly readiness?: () => string | undefined } = {},
): HttpServer {
  const log = PinoLog.open({ service: 'test', level: 'silent' });
  const server = new HttpServer({
    name: 'library',
    listen: [],
    log,
    clock: new WheelClock(),
    metrics: { contentType: 'text/plain', text: async () => 'up 1\n' },
    limits: { bodyBytesMax: 1_000 },
    ...options,
  });
  bindHttp(server, libraryApi, handlers);
  return server;
}

const JSON_TYPE = { 'content-type': 'application/json' };

test('params, query and every kind of body reach the handler as declared', async () => {
  const server = createServer();
  const shelf = encodeURIComponent('sip:650@example.com');
  const book = await server.inject({ method: 'GET', url: `/shelf/${shelf}/book/7/?deep=true` });
  expect([book.status, JSON.parse(book.body)]).toEqual([
    200,
    { shelf: 'sip:650@example.com', id: 7, deep: true },
  ]);
  const tel = await server.inject({ method: 'GET', url: `/shelf/${'x'.repeat(600)}tel%3A%2B1650/book/7` });
  expect(JSON.parse(tel.body)).toMatchObject({ shelf: `${'x'.repeat(600)}tel:+1650` });

  const xml = {
    method: 'POST',
    url: '/profile',
    headers: { 'content-type': 'text/xml' },
    payload: '<a/>',
  } as const;
  const echoed = await server.inject(xml);
  expect([echoed.status, echoed.headers['content-type'], echoed.body]).toEqual([
    200,
    'application/xml',
    '<a/>',
  ]);

  const form = {
    method: 'POST',
    url: '/session/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  } as const;
  const fromForm = await server.inject({ ...form, payload: 'email=a%40b&days=3' });
  const fromJson = await server.inject({
    method: 'POST',
    url: '/session',
    headers: JSON_TYPE,
    payload: '{"email":"a@b","days":3}',
  });
  expect(fromForm.body).toBe(fromJson.body);
  expect(JSON.parse(fromForm.body)).toEqual({ email: 'a@b', days: 3 });

  const redirect = await server.inject({ ...form, payload: 'email=go' });
  expect([redirect.status, redirect.headers['location'], redirect.headers['set-cookie']]).toEqual([
    303,
    '/next',
    ['a=1', 'b=2'],
  ]);
  const busy = await server.inject({
    ...form,
    headers: { ...form.headers, cookie: 'busy=1' },
    payload: 'email=x',
  });
  expect([busy.status, busy.headers['retry-after']]).toEqual([429, '7']);
});

test('input that breaks its schema is answered 400 with path and reason', async () => {
  const server = createServer();
  const put = { method: 'PUT', url: '/shelf/a/book/1', headers: JSON_TYPE } as const;
  const cases = [
    [{ method: 'GET', url: '/shelf/a/book/0' }, /^path\.id: must be >= 1$/],
    [{ method: 'GET', url: '/shelf/a/book/x' }, /^path\.id: must be integer$/],
    [{ method: 'GET', url: '/shelf/a/book/1?deep=perhaps' }, /^query\.deep: must be boolean$/],
    [{ ...put, payload: '{"title":"x"}' }, /^body\.title: /],
    [{ ...put, payload: '{"title":' }, /^body: not JSON$/],
    [{ ...put, payload: '{"__proto__":{}}' }, /^body: not allowed: __proto__$/],
    [put, /^body: not JSON$/],
    [
      { method: 'GET', url: '/shelf/a/book/1', headers: JSON_TYPE, payload: '{}' },
      /^body: no body is allowed here$/,
    ],
    [{ method: 'POST', url: '/profile' }, /^body: text is missing$/],
    [{ method: 'GET', url: '/shelf/%E0%A4%A/book/1' }, /not a valid url/],
  ] as const;
  for (const [request, reason] of cases) {
    const { status, body } = await server.inject(request);
    expect([request, status]).toEqual([request, 400]);
    expect((JSON.parse(body) as ApiProblem).detail).toMatch(reason);
  }
});

test('what is unknown, not allowed or too large has its status and a JSON body', async () => {
  const server = createServer();
  const wrongMethod = await server.inject({
    method: 'POST',
    url: '/shelf/a/book/1/',
    payload: 'x',
    headers: { 'content-type': 'a/b' },
  });
  expect([wrongMethod.status, wrongMethod.headers['allow']]).toEqual([405, 'GET, HEAD, PUT']);
  expect((await server.inject({ method: 'DELETE', url: '/ping' })).status).toBe(405);
  expect((await server.inject({ method: 'HEAD', url: '/ping' })).status).toBe(200);
  const unknown = await server.inject({
    method: 'POST',
    url: '/nothing',
    payload: 'x',
    headers: { 'content-type': 'a/b' },
  });
  expect([unknown.status, JSON.parse(unknown.body)]).toEqual([404, { code: 'http.not-found' }]);
  const large = await server.inject({ method: 'POST', url: '/profile', payload: 'x'.repeat(1_001) });
  expect([large.status, (JSON.parse(large.body) as ApiProblem).code]).toEqual([413, 'http.body-too-large']);
});

test('a handler that throws is a 500, one whose upstream is away a 503, over HTTP and directly; nothing of the error leaks', async () => {
  const server = createServer();
  const direct: ClientOf<typeof libraryApi> = directClient(libraryApi, handlers);
  for (const id of [500, 503, 404, 8]) {
    const overHttp = await server.inject({ method: 'GET', url: `/shelf/a/book/${id}` });
    const directly = await direct.book({ params: { shelf: 'a', id }, query: {} });
    expect([directly.status, directly.body]).toEqual([overHttp.status, JSON.parse(overHttp.body)]);
    expect(overHttp.body).not.toContain('secret');
  }
  expect((await direct.book({ params: { shelf: 'a', id: 503 }, query: {} })).body).toEqual({
    code: 'store.unavailable',
  });
});

test('a key guards everything but ping, healthz and readyz', async () => {
  const server = createServer({ bearerKey: 'k3y' });
  const status = async (url: string, authorization?: string): Promise<number> =>
    (
      await server.inject({
        method: 'GET',
        url,
        headers: authorization === undefined ? {} : { authorization },
      })
    ).status;
  for (const url of ['/ping', '/ping/', '/healthz', '/readyz'])
    expect([url, await status(url)]).toEqual([url, 200]);
  for (const url of ['/metrics', '/openapi.json', '/shelf/a/book/1', '/nothing']) {
    expect([url, await status(url)]).toEqual([url, 401]);
    expect([url, await status(url, 'Bearer k3y!')]).toEqual([url, 401]);
    expect([url, await status(url, 'Bearer k3y')]).toEqual([url, url === '/nothing' ? 404 : 200]);
  }
});

test('ping, readyz, metrics and the OpenAPI document answer', async () => {
  let reason: string | undefined = 'starting';
  const server = createServer({ readiness: () => reason });
  const get = async (url: string): Promise<string> => {
    const { status, body } = await server.inject({ method: 'GET', url });
    return `${status} ${body}`;
  };
  expect([await get('/ping'), await get('/healthz'), await get('/metrics')]).toEqual([
    '200 OK',
    '200 OK',
    '200 up 1\n',
  ]);
  expect(await get('/readyz')).toBe('503 starting');
  reason = undefined;
  expect(await get('/readyz')).toBe('200 OK');
  const document = JSON.parse((await server.inject({ method: 'GET', url: '/openapi.json' })).body);
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths['/shelf/{shelf}/book/{id}'])).toEqual(['get', 'put']);
  expect(document.paths['/session'].post.requestBody.content).toHaveProperty([
    'application/x-www-form-urlencoded',
    'schema',
    'properties',
    'email',
  ]);
  expect(document.paths['/shelf/{shelf}/book/{id}'].get.parameters).toMatchObject([
    { name: 'shelf', in: 'path', required: true },
    { name: 'id' },
    { name: 'deep', in: 'query', required: false },
  ]);
});
