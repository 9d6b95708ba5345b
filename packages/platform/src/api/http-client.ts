import { Pool } from 'undici';
import { WheelClock } from '../adapters/wheel-clock.ts';
import { AppError, codeOf, type ErrorRetry } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { AnyReply, AnyRequest, Api, ClientOf, Endpoint, ReplyHeaders } from './api.ts';
import { isEmpty, isText } from './body.ts';
import { parseJson } from './http-body.ts';
import { type Checked, InputSchema } from './input.ts';
import { ApiProblem } from './problem.ts';

export interface HttpClientOptions {
  /** `http://host:port`; an IPv6 host in brackets. */
  readonly origin: string;
  /** The key sent as `Authorization: Bearer`. */
  readonly bearer?: string;
  /** From the call to the last byte of the answer, waiting for a connection included. */
  readonly timeoutMs: number;
  readonly connectionsMax: number;
  /** Calls under way and waiting; one more fails at once. */
  readonly callsMax?: number;
  /** Largest answer taken. */
  readonly bodyBytesMax?: number;
  readonly clock?: Clock;
}

/**
 * Binds an API to a server by HTTP over a bounded pool of kept connections. Calls reject with AppError `http.timeout`, `http.unavailable`,
 * `http.busy` (more than `callsMax` at once) or `http.bad-reply` (a status or body the API does not declare), all of origin upstream.
 * Dispose of it with `await client[Symbol.asyncDispose]()`, which lets running calls end.
 */
export function httpClient<A extends Api>(api: A, options: HttpClientOptions): ClientOf<A> & AsyncDisposable {
  const caller = new HttpCaller(options);
  const entries = Object.entries(api.endpoints).map(([name, endpoint]) => {
    const readReply = replyReader(endpoint);
    return [name, (request: AnyRequest) => caller.call(endpoint, request, readReply)] as const;
  });
  const client = Object.fromEntries(entries) as unknown as ClientOf<A>;
  return Object.assign(client, { [Symbol.asyncDispose]: () => caller.close() });
}

type ReplyReader = (status: number, headers: ReplyHeaders, text: string) => AnyReply | undefined;

class HttpCaller {
  readonly #options: HttpClientOptions;
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #callsMax: number;
  #callCount = 0;

  constructor(options: HttpClientOptions) {
    const {
      origin,
      connectionsMax,
      timeoutMs,
      bodyBytesMax = 4 * 1024 * 1024,
      callsMax = 1_024,
      clock = new WheelClock(),
    } = options;
    this.#options = options;
    this.#clock = clock;
    this.#callsMax = callsMax;
    // The deadline below covers all; undici's own time-outs tick coarsely and would each start anew.
    this.#pool = new Pool(origin, {
      connections: connectionsMax,
      connect: { timeout: timeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: bodyBytesMax,
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async call(endpoint: Endpoint, request: AnyRequest, readReply: ReplyReader): Promise<AnyReply> {
    if (this.#callCount >= this.#callsMax) throw this.#failure('http.busy', endpoint, 'next-peer');
    const abort = new AbortController();
    const deadline = this.#clock.startTimer(this.#options.timeoutMs, () => abort.abort());
    this.#callCount += 1;
    try {
      return await this.#exchange(endpoint, request, readReply, abort.signal);
    } catch (error) {
      if (codeOf(error) === 'http.bad-reply') throw error;
      throw this.#failure(
        abort.signal.aborted ? 'http.timeout' : 'http.unavailable',
        endpoint,
        'next-peer',
        error,
      );
    } finally {
      this.#callCount -= 1;
      deadline.cancel();
    }
  }

  async #exchange(
    endpoint: Endpoint,
    request: AnyRequest,
    readReply: ReplyReader,
    signal: AbortSignal,
  ): Promise<AnyReply> {
    const body = bodyText(endpoint, request.body);
    const response = await this.#pool.request({
      method: endpoint.method,
      path: pathOf(endpoint.path, request),
      headers: this.#headers(endpoint, request, body !== undefined),
      body: body ?? null,
      signal,
    });
    const headers = replyHeaders(response.headers);
    const reply = readReply(response.statusCode, headers, await response.body.text());
    if (reply === undefined)
      throw this.#failure('http.bad-reply', endpoint, 'never', undefined, response.statusCode);
    return reply;
  }

  #headers(endpoint: Endpoint, request: AnyRequest, hasBody: boolean): Record<string, string> {
    const { bearer } = this.#options;
    const declared = endpoint.body;
    const mediaType = declared !== undefined && isText(declared) ? declared.mediaType : 'application/json';
    return {
      ...(hasBody ? { 'content-type': mediaType } : {}),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...request.headers,
    };
  }

  #failure(code: string, endpoint: Endpoint, retry: ErrorRetry, cause?: unknown, status?: number): AppError {
    const detail = { origin: this.#options.origin, endpoint: `${endpoint.method} ${endpoint.path}`, status };
    return new AppError(code, { origin: 'upstream', retry, cause, detail });
  }
}

/** Fills in the parameters, percent-encoded, and the query; undefined values are left out. */
function pathOf(pattern: string, request: AnyRequest): string {
  const params = (request.params ?? {}) as Readonly<Record<string, unknown>>;
  const path = pattern.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) search.append(name, String(item));
    }
  }
  return search.size === 0 ? path : `${path}?${search}`;
}

function bodyText({ body: declared }: Endpoint, body: unknown): string | undefined {
  if (declared === undefined || isEmpty(declared)) return undefined;
  return isText(declared) ? String(body) : JSON.stringify(body);
}

/** Reads an answer as declared; undefined when it is not. */
function replyReader(endpoint: Endpoint): ReplyReader {
  const schemas = new Map<number, InputSchema>();
  for (const [status, declared] of Object.entries({
    500: ApiProblem,
    503: ApiProblem,
    ...endpoint.responses,
  })) {
    if (!(isText(declared) || isEmpty(declared)))
      schemas.set(Number(status), new InputSchema(declared as never));
  }
  return (status, headers, text) => {
    const declared = endpoint.responses[status];
    if (declared !== undefined && isText(declared)) return { status, headers, body: text };
    if (declared !== undefined && isEmpty(declared)) return { status, headers };
    const schema = schemas.get(status);
    if (schema === undefined) return undefined;
    const parsed = parseJson(text);
    const checked: Checked = parsed.tag === 'valid' ? schema.check(parsed.value, 'body') : parsed;
    return checked.tag === 'valid' ? { status, headers, body: checked.value } : undefined;
  };
}

function replyHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): ReplyHeaders {
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
