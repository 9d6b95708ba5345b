import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { Type } from 'typebox';
import {
  ApiProblem,
  bindHttp,
  codeOf,
  defineApi,
  directClient,
  formOrJson,
  type HandlersOf,
  HttpServer,
  httpClient,
  PinoLog,
  WheelClock,
  xmlBody,
} from '../mod.ts';

const echoApi = defineApi('echo', {
  echo: {
    method: 'PUT',
    path: '/echo/:id',
    summary: 'Echo.',
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({ tag: Type.Optional(Type.String()) }),
    body: formOrJson(Type.Object({ text: Type.String() })),
    responses: {
      200: Type.Object({ id: Type.String(), tag: Type.String(), text: Type.String() }),
      404: ApiProblem,
    },
  },
  xml: { method: 'POST', path: '/xml', summary: 'XML.', body: xmlBody, responses: { 200: xmlBody } },
  slow: { method: 'GET', path: '/slow', summary: 'Never.', responses: { 200: Type.String() } },
  wrong: { method: 'GET', path: '/wrong', summary: 'Breaks its schema.', responses: { 200: Type.Integer() } },
});

const handlers: HandlersOf<typeof echoApi> = {
  async echo({ params, query, body }) {
    if (params.id === 'boom') throw new Error('boom');
    if (params.id === 'none') return { status: 404, body: { code: 'echo.none' } };
    return { status: 200, body: { id: params.id, tag: query.tag ?? '', text: body.text } };
  },
  xml: async ({ body }) => ({ status: 200, body: `<r>${body}</r>` }),
  slow: () => new Promise(() => undefined),
  wrong: async () => ({ status: 200, body: 'text' as unknown as number }),
};

const clock = new WheelClock();

async function startServer(): Promise<{ server: HttpServer; port: number }> {
  const server = new HttpServer({
    name: 'echo',
    listen: [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.2', port: 0 },
    ],
    log: PinoLog.open({ service: 'test', level: 'silent' }),
    clock,
    bearerKey: 'key',
    limits: { headerBytesMax: 2_048, headersTimeoutMs: 200, requestTimeoutMs: 400 },
  });
  bindHttp(server, echoApi, handlers);
  await server.start();
  return { server, port: server.addresses[0]?.port ?? 0 };
}

/** Sends raw bytes and resolves to all that comes back until the server closes. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.on('error', () => undefined).on('close', () => resolve(received));
  });
}

test('the direct and the HTTP binding give the same answers', async () => {
  const { server, port } = await startServer();
  const remote = httpClient(echoApi, {
    origin: `http://127.0.0.1:${port}`,
    bearer: 'key',
    timeoutMs: 2_000,
    connectionsMax: 2,
    clock,
  });
  const direct = directClient(echoApi, handlers);
  const requests = ['sip:a@b/ü?', 'none', 'boom'].map((id) => ({
    params: { id },
    query: { tag: 'a b&c' },
    body: { text: 'x' },
  }));
  for (const request of requests) {
    const [over, near] = [await remote.echo(request), await direct.echo(request)];
    expect({ status: over.status, body: over.body }).toEqual({ status: near.status, body: near.body });
  }
  expect((await remote.xml({ body: '<a/>' })).body).toBe('<r><a/></r>');

  const codes = await Promise.all([
    remote.wrong({}).catch(codeOf),
    remote.echo({ ...requests[0], body: { text: 7 as never } } as never).catch(codeOf),
  ]);
  expect(codes).toEqual(['http.bad-reply', 'http.bad-reply']);
  await remote[Symbol.asyncDispose]();

  const impatient = httpClient(echoApi, {
    origin: `http://127.0.0.1:${port}`,
    bearer: 'key',
    timeoutMs: 60,
    connectionsMax: 1,
    callsMax: 1,
    clock,
  });
  const [slow, second] = await Promise.all([
    impatient.slow({}).catch(codeOf),
    impatient.slow({}).catch(codeOf),
  ]);
  expect([slow, second]).toEqual(['http.timeout', 'http.busy']);
  await server.stop();
  expect(await impatient.xml({ body: 'x' }).catch(codeOf)).toBe('http.unavailable');
  await impatient[Symbol.asyncDispose]();
});

test('a slow or oversized request is cut off; a taken address is named', async () => {
  const { server, port } = await startServer();
  const [slowHeaders, largeHeaders] = await Promise.all([
    exchange(port, 'GET /ping HTTP/1.1\r\nHost: a\r\nX-Slow: '),
    exchange(port, `GET /ping HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(3_000)}\r\n\r\n`),
  ]);
  expect(slowHeaders).toContain('408 Request Timeout');
  expect(largeHeaders).toContain('431 Request Header Fields Too Large');
  const other = new HttpServer({
    name: 'other',
    listen: [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port },
    ],
    log: PinoLog.open({ service: 'test', level: 'silent' }),
    clock,
  });
  await expect(other.start()).rejects.toMatchObject({
    code: 'network.address-in-use',
    detail: { address: `127.0.0.1:${port}` },
  });
  await server.drain(clock.monotonic() + 1_000);
  await server.stop();
  expect(clock.timerCount).toBe(0);
});

test('while it drains, new API requests are answered 503 and health goes on', async () => {
  const { server, port } = await startServer();
  const request = (target: string): Promise<string> =>
    exchange(
      port,
      `GET ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer key\r\nConnection: close\r\n\r\n`,
    );
  const inHand = request('/slow');
  await request('/ping');
  const drained = server.drain(clock.monotonic() + 300).then(() => 'drained');
  const [api, ping] = await Promise.all([request('/wrong'), request('/ping')]);
  expect(api).toMatch(/^HTTP\/1\.1 503 [\s\S]*http\.draining/);
  expect(ping).toContain('200 OK');
  expect(await Promise.race([drained, Promise.resolve('still draining')])).toBe('still draining');
  expect(await drained).toBe('drained');
  await server.stop();
  expect(await inHand).toBe('');
});
