import { createServer, type Server } from 'node:http';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type InjectOptions,
} from 'fastify';
import { bindError } from '../adapters/socket-error.ts';
import type { Api, ApiHeaders, ReplyHeaders } from '../api/api.ts';
import { openApiDocument } from '../api/open-api.ts';
import { apiProblem } from '../api/problem.ts';
import { codeOf } from '../errors.ts';
import type { ServicePart } from '../lifecycle/service-part.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { SocketAddress } from '../ports/network.ts';
import { bearerGuard } from './bearer-guard.ts';

/** The trails of a `RingTrace`. */
export interface TraceSource {
  trails(): readonly string[];
  read(trail: string): readonly object[];
}

export interface HttpServerOptions {
  /** Name of the part, and title of the OpenAPI document. */
  readonly name: string;
  readonly listen: readonly SocketAddress[];
  readonly log: Log;
  readonly clock: Clock;
  /** Why the service cannot serve now, undefined when it can: `/readyz`. */
  readonly readiness?: () => string | undefined;
  /** Prometheus text: `/metrics`. */
  readonly metrics?: { readonly contentType: string; text(): Promise<string> };
  /** What happened, by Call-ID: `/trace` lists the trails, `/trace/:trail` has the events of one. */
  readonly trace?: TraceSource;
  /** With a key, everything but ping, healthz and readyz asks for `Authorization: Bearer <key>`. */
  readonly bearerKey?: string;
  readonly limits?: Partial<HttpLimits>;
}

/** Bounds on what a client may ask of us, a slow one included. */
export interface HttpLimits {
  readonly bodyBytesMax: number;
  readonly headerBytesMax: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /** Between two requests on one connection. */
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
}

const LIMITS: HttpLimits = {
  bodyBytesMax: 1024 * 1024,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 15_000,
  keepAliveTimeoutMs: 65_000,
  connectionsMax: 2_000,
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** Public identities grow by percent-encoding. */
const PARAM_LENGTH_MAX = 1_024;

/** A request as a route sees it; header names in lower case, repeated headers joined by `, `. */
export interface HttpRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: ApiHeaders;
  readonly body: Buffer | undefined;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: ReplyHeaders;
  readonly body: string | Buffer;
}

export interface HttpRoute {
  readonly method: (typeof METHODS)[number];
  /** `/impi/:impi/av`; with and without a final slash is one path. */
  readonly path: string;
  handle(request: HttpRequest): Promise<HttpReply>;
}

/**
 * The HTTP server of a service, on any number of addresses: `/ping`, `/healthz`, `/readyz`, `/metrics`, `/openapi.json` and the routes
 * given before `start`. A known path with another method is answered 405 with Allow; every refusal has an `ApiProblem` body.
 */
export class HttpServer implements ServicePart {
  readonly name: string;
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #fastify: FastifyInstance;
  readonly #servers: Server[] = [];
  readonly #apis: Api[] = [];
  /** Methods by path, parameter names left out. */
  readonly #methods = new Map<string, { readonly path: string; readonly taken: Set<string> }>();
  #isSealed: boolean = false;
  #isDraining: boolean = false;
  #requestCount = 0;
  #tellIdle: (() => void) | undefined;

  constructor(options: HttpServerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#fastify = fastify({
      bodyLimit: this.#limits.bodyBytesMax,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAM_LENGTH_MAX },
      frameworkErrors: (error, _request, reply) => sendProblem(reply, 400, error.code, error.message),
    });
    this.#fastify.removeAllContentTypeParsers();
    this.#fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    this.#fastify.setNotFoundHandler((_request, reply) => sendProblem(reply, 404, 'http.not-found'));
    this.#fastify.setErrorHandler((error, _request, reply) => this.#answerError(error, reply));
    this.#countRequests();
    if (options.bearerKey !== undefined) this.#guard(options.bearerKey);
    this.#addOwnRoutes();
  }

  /** The addresses bound, in the order of `listen`, once started. */
  get addresses(): readonly SocketAddress[] {
    return this.#servers.map((server, index) => {
      const bound = server.address();
      const host = this.#options.listen[index]?.host ?? '';
      return { host, port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
    });
  }

  /** Adds an API to `/openapi.json`; `bindHttp` does. */
  describe(api: Api): void {
    this.#apis.push(api);
  }

  route(route: HttpRoute): void {
    const key = route.path.replaceAll(/:\w+/g, ':');
    const known = this.#methods.get(key) ?? { path: route.path, taken: new Set() };
    this.#methods.set(key, known);
    known.taken.add(route.method);
    if (route.method === 'GET') known.taken.add('HEAD'); // fastify derives it
    this.#fastify.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => send(reply, await route.handle(requestOf(request))),
    });
  }

  /** Answers one request without a socket, for tests. */
  async inject(request: InjectOptions): Promise<{ status: number; headers: ApiHeaders; body: string }> {
    await this.#seal();
    const response = await this.#fastify.inject(request);
    return { status: response.statusCode, headers: response.headers as ApiHeaders, body: response.body };
  }

  async start(): Promise<void> {
    await this.#seal();
    try {
      for (const address of this.#options.listen) this.#servers.push(await this.#listen(address));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Answers new API requests with 503 while it finishes what is in hand; health and metrics go on answering. */
  async drain(deadlineMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#requestCount === 0) return;
    await new Promise<void>((resolve) => {
      const waitMs = Math.max(0, deadlineMs - this.#options.clock.monotonic());
      const timer = this.#options.clock.startTimer(waitMs, resolve);
      this.#tellIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    await this.#fastify.close();
  }

  /** Before the first request: every path answers the methods it does not have. */
  async #seal(): Promise<void> {
    if (this.#isSealed) return;
    this.#isSealed = true;
    for (const { path, taken } of this.#methods.values()) {
      const allow = METHODS.filter((method) => taken.has(method)).join(', ');
      this.#fastify.route({
        method: METHODS.filter((method) => !taken.has(method)),
        url: path,
        onRequest: async (_request, reply) =>
          sendProblem(reply.header('allow', allow), 405, 'http.method-not-allowed'),
        handler: () => undefined,
      });
    }
    await this.#fastify.ready();
  }

  #listen(address: SocketAddress): Promise<Server> {
    const limits = this.#limits;
    const server = createServer(
      {
        maxHeaderSize: limits.headerBytesMax,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => this.#fastify.routing(request, response),
    );
    server.maxConnections = limits.connectionsMax;
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(bindError(error, address)));
      server.listen({ host: address.host, port: address.port, ipv6Only: true, exclusive: true }, () => {
        server.removeAllListeners('error').on('error', () => undefined); // accept failed: the client tries again
        resolve(server);
      });
    });
  }

  #countRequests(): void {
    this.#fastify.addHook('onRequest', async (request, reply) => {
      this.#requestCount += 1;
      reply.raw.once('close', () => {
        this.#requestCount -= 1;
        if (this.#requestCount === 0) this.#tellIdle?.();
      });
      if (this.#isDraining && !OWN_PATHS.has(request.routeOptions.url ?? '')) {
        return sendProblem(reply.header('connection', 'close'), 503, 'http.draining');
      }
    });
  }

  #guard(bearerKey: string): void {
    const isGranted = bearerGuard(bearerKey);
    this.#fastify.addHook('onRequest', async (request, reply) => {
      if (OPEN_PATHS.has(request.routeOptions.url ?? '') || isGranted(request.headers.authorization)) return;
      return sendProblem(reply.header('www-authenticate', 'Bearer'), 401, 'http.unauthorized');
    });
  }

  #addOwnRoutes(): void {
    const { readiness, metrics, name, trace } = this.#options;
    const text = (path: string, body: () => Promise<HttpReply>): void => {
      this.route({ method: 'GET', path, handle: body });
    };
    text('/ping', async () => plain(200, 'OK'));
    text('/healthz', async () => plain(200, 'OK'));
    text('/readyz', async () => {
      const reason = readiness?.();
      return reason === undefined ? plain(200, 'OK') : plain(503, reason);
    });
    if (metrics !== undefined) {
      text('/metrics', async () => ({
        ...plain(200, await metrics.text()),
        headers: { 'content-type': metrics.contentType },
      }));
    }
    text('/openapi.json', async () => json(200, openApiDocument(this.#apis, { title: name, version: '1' })));
    if (trace !== undefined) this.#addTraceRoutes(trace);
  }

  #addTraceRoutes(trace: TraceSource): void {
    this.route({ method: 'GET', path: '/trace', handle: async () => json(200, trace.trails()) });
    this.route({
      method: 'GET',
      path: '/trace/:trail',
      handle: async ({ params }) => {
        const events = trace.read((params as { readonly trail: string }).trail);
        return events.length > 0 ? json(200, events) : json(404, apiProblem('http.not-found'));
      },
    });
  }

  #answerError(error: unknown, reply: FastifyReply): FastifyReply {
    const status = (error as { readonly statusCode?: unknown }).statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return sendProblem(
        reply,
        status,
        status === 413 ? 'http.body-too-large' : 'http.invalid-request',
        codeOf(error),
      );
    }
    this.#options.log.error('http.request-failed', { url: reply.request.routeOptions.url, error });
    return sendProblem(reply, 500, 'internal.error');
  }
}

const OPEN_PATHS: ReadonlySet<string> = new Set(['/ping', '/healthz', '/readyz']);
const OWN_PATHS: ReadonlySet<string> = new Set([...OPEN_PATHS, '/metrics', '/openapi.json']);

function plain(status: number, body: string): HttpReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function json(status: number, body: unknown): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}

/** Stands for a body that fastify does not read (GET), so that an endpoint can refuse it. */
const UNREAD_BODY = Buffer.from('unread');

function requestOf(request: FastifyRequest): HttpRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const hasUnreadBody =
    request.body === undefined &&
    (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined);
  const body = hasUnreadBody ? UNREAD_BODY : (request.body as Buffer | undefined);
  return { params: request.params, query: request.query, headers, body };
}

function send(reply: FastifyReply, { status, headers = {}, body }: HttpReply): FastifyReply {
  reply.code(status);
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  return reply.send(body);
}

function sendProblem(reply: FastifyReply, status: number, code: string, detail?: string): FastifyReply {
  const body = apiProblem(code, detail === undefined ? {} : { detail });
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}
