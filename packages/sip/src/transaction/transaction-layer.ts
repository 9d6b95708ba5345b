import type { Counter, Platform } from '@clearwater/platform';
import {
  createResponse,
  parseMessage,
  type SipRequest,
  type SipResponse,
  serializeVia,
  type Via,
} from '../message/mod.ts';
import { type Flow, hostForUri } from '../transport/flow.ts';
import type { TransportLayer, TransportUser } from '../transport/transport-layer.ts';
import {
  ClientTransaction,
  type ClientTransactionParts,
  type ClientTransactionUser,
} from './client-transaction.ts';
import { traceMessage } from './message-trace.ts';
import { ServerTransaction, type ServerTransactionParts } from './server-transaction.ts';

/** The layer above: new requests and the ACKs of 2xx. */
export interface TransactionUser {
  onRequest(transaction: ServerTransaction, flow: Flow): void;
  onAck(ack: SipRequest, flow: Flow): void;
}

const MAGIC_COOKIE = 'z9hG4bK';
const DEFAULT_SIP_PORT = 5060;
/** Memory stays bounded under a flood. */
const SERVER_TRANSACTIONS_MAX = 200_000;

/** Matches messages to transactions (RFC 3261 §17.1.3, §17.2.3) and makes new ones; owns both tables. */
export class TransactionLayer implements TransportUser {
  readonly #platform: Platform;
  readonly #user: TransactionUser;
  readonly #serversMax: number;
  readonly #servers = new Map<string, ServerTransaction>();
  readonly #clients = new Map<string, ClientTransaction>();
  /** Client transactions by connection, to tell them when it closes. */
  readonly #byConnection = new Map<number, Set<ClientTransaction>>();
  readonly #counters;
  readonly #serverParts: ServerTransactionParts;
  readonly #clientParts: ClientTransactionParts;
  /** Set right after construction: the layers know each other. */
  #transport: TransportLayer | undefined;

  /** `serversMax`: server transactions at once; a new request beyond gets a 503 that costs no transaction. */
  constructor(platform: Platform, user: TransactionUser, serversMax: number = SERVER_TRANSACTIONS_MAX) {
    this.#platform = platform;
    this.#user = user;
    this.#serversMax = serversMax;
    this.#counters = countersOf(platform);
    const { clock, trace } = platform;
    this.#serverParts = {
      clock,
      trace,
      onMisplacedResponse: () => this.#counters.misplaced.add(),
      onTerminated: (ended) => this.#servers.delete(ended.key),
    };
    this.#clientParts = {
      clock,
      trace,
      onTerminated: (ended) => {
        this.#clients.delete(ended.key);
        if (ended.flow.connection !== 0) this.#forgetConnection(ended.flow.connection, ended);
      },
    };
  }

  attachTransport(transport: TransportLayer): void {
    this.#transport = transport;
  }

  /** Transactions alive, for tests, drain and metrics. */
  get transactionCount(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** Requests that still wait for their final response. */
  get unansweredCount(): number {
    let count = 0;
    for (const server of this.#servers.values()) if (!server.isAnswered) count += 1;
    return count;
  }

  /** Ends all transactions where they are: the sockets are gone, the owners of requests hear that nothing can be reached. */
  stop(): void {
    for (const server of [...this.#servers.values()]) server.end();
    for (const client of [...this.#clients.values()]) client.end();
  }

  /** Acts as if every INVITE in set-up had been cancelled by its caller. */
  cancelAll(): void {
    for (const server of [...this.#servers.values()]) server.onCancel();
  }

  /** Answers 503 to whatever still waits. */
  refuseAll(): void {
    for (const server of [...this.#servers.values()]) {
      if (server.isAnswered) continue;
      const toTag = this.#platform.random.token(10);
      server.respond(createResponse(server.request, 503, undefined, { toTag }));
    }
  }

  /** A broken invariant of ours ends this message, not the node. */
  onBytes(bytes: Buffer, flow: Flow): void {
    try {
      this.#receive(bytes, flow);
    } catch (error) {
      this.#counters.failed.add();
      this.#platform.log.error('sip.message-failed', { error });
    }
  }

  #receive(bytes: Buffer, flow: Flow): void {
    const parsed = parseMessage(bytes);
    switch (parsed.tag) {
      case 'request':
        traceMessage(this.#platform.trace, 'received', parsed.message, flow);
        return this.#receiveRequest(parsed.message, flow);
      case 'response':
        traceMessage(this.#platform.trace, 'received', parsed.message, flow);
        return this.#receiveResponse(parsed.message);
      case 'keep-alive':
        return;
      case 'malformed':
        this.#counters.malformed.add();
        this.#platform.log.debug('sip.malformed', { reason: parsed.reason });
        if (parsed.request !== undefined) this.#reject(parsed.request, parsed.status, flow);
        return;
    }
  }

  onFlowClosed(flow: Flow): void {
    const transactions = this.#byConnection.get(flow.connection);
    this.#byConnection.delete(flow.connection);
    for (const transaction of transactions ?? []) transaction.onFlowClosed();
  }

  /** A branch of our own (§8.1.1.7). */
  newBranch(): string {
    return `${MAGIC_COOKIE}${this.#platform.random.token(16)}`;
  }

  /** The Via value of ours for a request that leaves on `flow` (§18.1.1). */
  viaFor(flow: Flow, branch: string): string {
    const rport = flow.transport === 'UDP' ? ';rport' : ''; // RFC 3581 §3
    return `SIP/2.0/${flow.transport} ${flow.sentBy};branch=${branch}${rport}`;
  }

  /** Sends `request` (its topmost Via is ours, with `branch`) on `flow` under a new client transaction. */
  send(request: SipRequest, branch: string, flow: Flow, user: ClientTransactionUser): ClientTransaction {
    const key = clientKey(branch, request.method);
    const transaction = new ClientTransaction(request, flow, key, user, this.#clientParts);
    this.#clients.set(transaction.key, transaction);
    if (flow.connection !== 0 && flow.isOpen) this.#rememberConnection(flow.connection, transaction);
    return transaction;
  }

  /** Sends the ACK of a 2xx on `flow`: no transaction, no answer (§17.1). */
  sendAck(ack: SipRequest, flow: Flow): void {
    ack.prepend('Via', this.viaFor(flow, this.newBranch()));
    traceMessage(this.#platform.trace, 'sent', ack, flow);
    flow.send(ack.serialize());
  }

  #receiveRequest(request: SipRequest, flow: Flow): void {
    const via = request.topVia;
    if (via === undefined) return; // parseMessage refuses such a request
    this.#counters.requests(request.method).add();
    const key = serverKey(request, via);
    if (request.method === 'ACK') return this.#receiveAck(request, key, flow);
    const existing = this.#servers.get(key);
    if (existing !== undefined) {
      this.#counters.retransmissions.add();
      return existing.onRetransmission();
    }
    noteSource(request, via, flow);
    if (request.method === 'CANCEL') return this.#receiveCancel(request, via, key, flow);
    if (this.#servers.size >= this.#serversMax) {
      this.#counters.overload.add();
      return this.#reject(request, 503, flow);
    }
    this.#user.onRequest(this.#newServer(request, key, flow), flow);
  }

  #receiveAck(ack: SipRequest, key: string, flow: Flow): void {
    const invite = this.#servers.get(key);
    // One of our 2xx is the transaction user's to hear, also when it comes with the INVITE's branch (RFC 6026 §7.1).
    if (invite === undefined || invite.state === 'accepted') this.#user.onAck(ack, flow);
    else invite.onAck();
  }

  /** §9.2: the CANCEL is answered here; the INVITE's owner is told. Deviates from §16.10: no match → 481, as the original. */
  #receiveCancel(cancel: SipRequest, via: Via, key: string, flow: Flow): void {
    const cancelled = this.#servers.get(serverKey(cancel, via, 'INVITE'));
    if (cancelled === undefined || !cancelled.isCancelledBy(cancel, flow))
      return this.#reject(cancel, 481, flow);
    const toTag = this.#platform.random.token(10);
    this.#newServer(cancel, key, flow).respond(createResponse(cancel, 200, undefined, { toTag }));
    cancelled.onCancel(cancel.header('Reason'));
  }

  #receiveResponse(response: SipResponse): void {
    const branch = response.topVia?.branch;
    const method = response.cseq?.method;
    if (branch === undefined || method === undefined) return;
    this.#counters.responses(response.status).add();
    const transaction = this.#clients.get(clientKey(branch, method));
    // RFC 6026 §7.2 and §8.9: a response without a transaction is dropped, never forwarded statelessly.
    if (transaction?.method !== method) return this.#counters.strays.add();
    transaction.onResponse(response);
  }

  #newServer(request: SipRequest, key: string, flow: Flow): ServerTransaction {
    const replyFlow = this.#replyFlow(request, flow);
    const transaction = new ServerTransaction(request, flow, replyFlow, key, this.#serverParts);
    this.#servers.set(key, transaction);
    return transaction;
  }

  /** Answers without a transaction: what is refused before it costs us anything. */
  #reject(request: SipRequest, status: number, flow: Flow): void {
    if (request.method === 'ACK') return;
    const via = request.topVia;
    if (via !== undefined) noteSource(request, via, flow);
    const response = createResponse(request, status, undefined, { toTag: this.#platform.random.token(10) });
    if (status === 503) response.set('Retry-After', '5');
    this.#replyFlow(request, flow).send(response.serialize());
  }

  /**
   * Where responses go: the same connection; for datagrams the source, at rport or the port of the Via (RFC 3581 §4). Deviates from
   * §18.2.2: neither to maddr, by which a sender could aim us at others, nor over a new connection when its own is gone.
   */
  #replyFlow(request: SipRequest, flow: Flow): Flow {
    const via = request.topVia;
    if (flow.transport !== 'UDP' || via === undefined) return flow;
    const port = via.rport === undefined ? (via.port ?? DEFAULT_SIP_PORT) : flow.remote.port;
    if (port === flow.remote.port) return flow;
    return this.#transport?.datagramFlow(flow.local, { host: flow.remote.host, port }) ?? flow;
  }

  #rememberConnection(connection: number, transaction: ClientTransaction): void {
    const known = this.#byConnection.get(connection);
    if (known === undefined) this.#byConnection.set(connection, new Set([transaction]));
    else known.add(transaction);
  }

  #forgetConnection(connection: number, transaction: ClientTransaction): void {
    const known = this.#byConnection.get(connection);
    if (known?.delete(transaction) && known.size === 0) this.#byConnection.delete(connection);
  }
}

function clientKey(branch: string, method: string): string {
  return method === 'CANCEL' ? `${branch} CANCEL` : branch;
}

/** §17.2.3: branch, sent-by and method; the INVITE's for its ACK. Without anything behind the magic cookie, the fields of RFC 2543. */
function serverKey(request: SipRequest, via: Via, method: string = request.method): string {
  const kind = method === 'ACK' ? 'INVITE' : method;
  if (via.branch?.startsWith(MAGIC_COOKIE) && via.branch !== MAGIC_COOKIE)
    return `${kind} ${via.branch} ${via.sentBy}`;
  const toTag = kind === 'INVITE' ? '' : request.to?.tag;
  return `${kind} ${request.uri} ${request.callId} ${request.cseq?.number} ${request.from?.tag} ${toTag} ${via.sentBy} ${via.branch}`;
}

/** §18.2.1 and RFC 3581 §4: writes down in the top Via where the request really came from. */
function noteSource(request: SipRequest, via: Via, flow: Flow): void {
  const wantsRport = via.params.has('rport');
  const source = hostForUri(flow.remote.host);
  const isForged = via.params.has('received'); // nobody before us has seen the source
  if (!wantsRport && !isForged && via.host === source) return;
  let params = via.params.set('received', flow.remote.host);
  if (wantsRport) params = params.set('rport', String(flow.remote.port));
  request.replaceFirstValue('Via', serializeVia({ ...via, params }));
}

function countersOf({ metrics }: Platform): {
  requests: (method: string) => Counter;
  responses: (status: number) => Counter;
  readonly [name: string]: Counter | ((label: never) => Counter);
  malformed: Counter;
  retransmissions: Counter;
  overload: Counter;
  strays: Counter;
  misplaced: Counter;
  failed: Counter;
} {
  const counter = (name: string, help: string): Counter => metrics.counter({ name, help });
  const requests = metrics.counter({
    name: 'sip_requests_received_total',
    help: 'Requests received, by method; unknown methods together',
    labelNames: ['method'],
  });
  const responses = metrics.counter({
    name: 'sip_responses_received_total',
    help: 'Responses received, by class',
    labelNames: ['class'],
  });
  const byMethod = new Map(METHODS.map((method) => [method, requests.labels(method)]));
  const other = requests.labels('other');
  const byClass = [1, 2, 3, 4, 5, 6].map((digit) => responses.labels(`${digit}xx`));
  return {
    requests: (method) => byMethod.get(method) ?? other,
    responses: (status) => byClass[Math.floor(status / 100) - 1] as Counter,
    malformed: counter('sip_messages_malformed_total', 'Messages that could not be understood'),
    retransmissions: counter('sip_requests_retransmitted_total', 'Requests absorbed by a server transaction'),
    overload: counter('sip_requests_refused_total', 'Requests refused because too many are in progress'),
    strays: counter('sip_responses_stray_total', 'Responses without a transaction'),
    failed: counter('sip_messages_failed_total', 'Messages that ended with a broken invariant of ours'),
    misplaced: counter('sip_responses_misplaced_total', 'Responses a role tried to send after the final one'),
  };
}

const METHODS = [
  'REGISTER', 'INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH',
  'PRACK', 'UPDATE', 'INFO', 'REFER',
]; // biome-ignore format: one list
