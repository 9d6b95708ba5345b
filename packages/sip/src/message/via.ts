import { COLON, isWhiteSpace, parseDecimal, SEMICOLON, skipWhiteSpace, tokenEnd } from './characters.ts';
import { Params } from './params.ts';
import { hostReferenceEnd } from './sip-uri.ts';

/** What makes up a Via value. */
export interface ViaParts {
  readonly transport: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly params: Params;
}

/** One Via value (RFC 3261 §20.42). Immutable. */
export class Via implements ViaParts {
  /** In upper case: `UDP`, `TCP`, `TLS`, `WS`, … */
  readonly transport: string;
  /** As written; an IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: Params;

  constructor(parts: ViaParts) {
    this.transport = parts.transport;
    this.host = parts.host;
    this.port = parts.port;
    this.params = parts.params;
  }

  get branch(): string | undefined {
    return this.params.get('branch');
  }

  get received(): string | undefined {
    return this.params.get('received');
  }

  /** Undefined also when the parameter is there without a value: see `hasRport`. */
  get rport(): number | undefined {
    const port = parsePort(this.params.get('rport') ?? '');
    return port < 0 ? undefined : port;
  }

  /** The sender asked for its source port (RFC 3581 §3), or was told it. */
  get hasRport(): boolean {
    return this.params.has('rport');
  }

  /** `host` or `host:port`. */
  get sentBy(): string {
    return this.port === undefined ? this.host : `${this.host}:${this.port}`;
  }

  /** With `received` and `rport` (RFC 3261 §18.2.1, RFC 3581 §4) set or replaced. */
  withSource(source: { readonly received?: string | undefined; readonly rport?: number | undefined }): Via {
    let params = this.params;
    if (source.received !== undefined) params = params.set('received', source.received);
    if (source.rport !== undefined) params = params.set('rport', String(source.rport));
    return this.withParams(params);
  }

  withParams(params: Params): Via {
    return new Via({ transport: this.transport, host: this.host, port: this.port, params });
  }

  toString(): string {
    return serializeVia(this);
  }
}

/** `SIP/2.0/UDP host:port;params`. */
export function serializeVia({ transport, host, port, params }: ViaParts): string {
  return `SIP/2.0/${transport} ${host}${port === undefined ? '' : `:${port}`}${params.toString()}`;
}

/**
 * Parses one Via value; undefined when malformed. White space is allowed around `/` and `:`. Any SIP version is read, so that a
 * request of another one can be answered 505.
 */
export function parseVia(text: string): Via | undefined {
  const end = text.length;
  let at: number;
  if (text.startsWith('SIP/2.0/')) at = 8;
  else {
    const match = /^\s*sip\s*\/\s*\d{1,3}\.\d{1,3}\s*\/\s*/i.exec(text);
    if (match === null) return undefined;
    at = match[0].length;
  }
  const transportEnd = tokenEnd(text, at, end);
  if (transportEnd === at || !isWhiteSpace(text.charCodeAt(transportEnd))) return undefined;
  const transport = canonicalTransport(text.slice(at, transportEnd));
  const hostStart = skipWhiteSpace(text, transportEnd, end);
  const hostEnd = hostReferenceEnd(text, hostStart, end);
  if (hostEnd < 0) return undefined;
  at = skipWhiteSpace(text, hostEnd, end);
  let port: number | undefined;
  if (at < end && text.charCodeAt(at) === COLON) {
    const portStart = skipWhiteSpace(text, at + 1, end);
    at = portStart;
    while (at < end && text.charCodeAt(at) !== SEMICOLON && !isWhiteSpace(text.charCodeAt(at))) at++;
    port = parseDecimal(text, portStart, at, 5);
    if (port < 0 || port > 65_535) return undefined;
  }
  const params = Params.parse(text, at);
  return params === undefined
    ? undefined
    : new Via({ transport, host: text.slice(hostStart, hostEnd), port, params });
}

function canonicalTransport(text: string): string {
  if (text === 'UDP') return 'UDP';
  return text === 'TCP' ? 'TCP' : text.toUpperCase();
}

function parsePort(text: string): number {
  const port = parseDecimal(text, 0, text.length, 5);
  return port > 65_535 ? -1 : port;
}
