import type { DatagramSocket, Platform, SocketAddress } from '@clearwater/platform';
import {
  createRequest,
  createResponse,
  type HeaderList,
  parseMessage,
  type SipRequest,
  type SipResponse,
} from '../message/mod.ts';

/** A peer without a stack: sends what it is told, keeps what comes, answers nothing by itself. For tests of hostile and odd traffic. */
export class WirePeer {
  readonly requests: SipRequest[] = [];
  readonly responses: SipResponse[] = [];
  readonly #socket: DatagramSocket;
  readonly #remote: SocketAddress;

  private constructor(socket: DatagramSocket, remote: SocketAddress) {
    this.#socket = socket;
    this.#remote = remote;
  }

  /** Bound to `host`, port 5060, and talking to `remote`. */
  static async bind(platform: Platform, host: string, remote: SocketAddress): Promise<WirePeer> {
    const socket = await platform.network.bindDatagram({ host, port: 5060 }, (bytes) => {
      const parsed = parseMessage(bytes);
      if (parsed.tag === 'request') peer.requests.push(parsed.message);
      else if (parsed.tag === 'response') peer.responses.push(parsed.message);
    });
    const peer = new WirePeer(socket, remote);
    return peer;
  }

  get methods(): readonly string[] {
    return this.requests.map(({ method }) => method);
  }

  get statuses(): readonly number[] {
    return this.responses.map(({ status }) => status);
  }

  /** Sends a request; headers replace those of the same name, an empty value takes one away. */
  request(method: string, uri: string, headers: HeaderList = []): SipRequest {
    const request = createRequest({
      method,
      uri,
      headers: [
        ['Via', `SIP/2.0/UDP ${this.#socket.local.host}:5060;branch=z9hG4bK${method}`],
        ['Max-Forwards', '70'],
        ['From', '<sip:alice@example.com>;tag=a'],
        ['To', '<sip:bob@example.com>'],
        ['Call-ID', 'call-1'],
        ['CSeq', `1 ${method}`],
      ],
    });
    for (const [name, value] of headers) {
      if (value === '') request.remove(name);
      else request.set(name, value);
    }
    this.send(request);
    return request;
  }

  /** Answers the last request received of that method. */
  respond(method: string, status: number, headers: HeaderList = []): void {
    const request = this.requests.findLast((received) => received.method === method);
    if (request === undefined) throw new Error(`no ${method} received`);
    const response = createResponse(request, status, undefined, { toTag: 'b' });
    for (const [name, value] of headers) response.set(name, value);
    this.send(response);
  }

  send(message: SipRequest | SipResponse): void {
    this.#socket.send(message.serialize(), this.#remote);
  }

  stop(): Promise<void> {
    return this.#socket.close();
  }
}
