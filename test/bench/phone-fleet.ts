import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

/**
 * Many cheap UDP phones for the bench: each has an address of its own and knows just enough SIP to register and to call. Written on
 * strings and node:dgram alone, so that nothing of ours is measured by itself.
 */
export class PhoneFleet {
  readonly #phones: Phone[] = [];

  /** Opens sockets for users 1 … `count`, on 127.`network`.x.y:5060. */
  static async open(count: number, network: number, proxyHost: string): Promise<PhoneFleet> {
    const fleet = new PhoneFleet();
    for (let user = 1; user <= count; user += 1) {
      const host = `127.${network}.${Math.floor(user / 250)}.${(user % 250) + 1}`;
      fleet.#phones.push(await Phone.open(String(user), host, proxyHost));
    }
    return fleet;
  }

  /** Registers every phone, `window` at a time. */
  async registerAll(window: number): Promise<void> {
    await inWindow(this.#phones, window, (phone) => phone.register());
  }

  /** `count` calls from the first half to the second, `window` at a time. */
  async callAll(count: number, window: number): Promise<void> {
    const half = this.#phones.length / 2;
    const calls = Array.from({ length: count }, (_, i) => i % half);
    await inWindow(calls, window, (i) => (this.#phones[i] as Phone).call(String(half + i + 1)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#phones.map((phone) => phone.close()));
  }
}

async function inWindow<T>(
  items: readonly T[],
  window: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      next += 1;
      await run(items[next - 1] as T);
    }
  };
  await Promise.all(Array.from({ length: window }, worker));
}

const SDP =
  'v=0\r\no=- 3890 3890 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 104 8 0 101\r\n' +
  'a=rtpmap:104 AMR-WB/16000\r\na=fmtp:104 mode-change-capability=2; max-red=220\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n';
const RESPONSE_TIMEOUT_MS = 5_000;

class Phone {
  readonly #user: string;
  readonly #host: string;
  readonly #proxy: string;
  readonly #socket: Socket;
  /** Waits for the next response with this Call-ID and CSeq. */
  readonly #waiting = new Map<string, (response: string) => void>();
  #sequence = 0;

  private constructor(user: string, host: string, proxy: string, socket: Socket) {
    this.#user = user;
    this.#host = host;
    this.#proxy = proxy;
    this.#socket = socket;
    socket.on('message', (bytes) => this.#receive(bytes.toString('latin1')));
  }

  static open(user: string, host: string, proxy: string): Promise<Phone> {
    const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
    return new Promise((done, fail) => {
      socket.once('error', fail);
      socket.bind(5060, host, () => done(new Phone(user, host, proxy, socket)));
    });
  }

  close(): Promise<void> {
    return new Promise((done) => this.#socket.close(() => done()));
  }

  async register(): Promise<void> {
    const callId = `r${this.#user}`;
    const challenge = await this.#ask(this.#registerText(callId, ''), callId, [401]);
    const nonce = /nonce="([^"]*)"/.exec(challenge)?.[1] ?? '';
    const ha1 = md5(`${this.#user}@example.com:example.com:bench`);
    const response = md5(`${ha1}:${nonce}:00000001:c:auth:${md5('REGISTER:sip:example.com')}`);
    const authorization =
      `Authorization: Digest username="${this.#user}@example.com",realm="example.com",nonce="${nonce}",uri="sip:example.com",` +
      `qop=auth,nc=00000001,cnonce="c",response="${response}",algorithm=MD5\r\n`;
    await this.#ask(this.#registerText(callId, authorization), callId, [200]);
  }

  async call(callee: string): Promise<void> {
    this.#sequence += 1;
    const callId = `c${this.#user}-${this.#sequence}`;
    const invite = this.#requestText('INVITE', `sip:${callee}@example.com`, callId, 1, {
      to: `<sip:${callee}@example.com>`,
      routes: `Route: <sip:${this.#proxy}:5060;lr>\r\n`,
      body: SDP,
    });
    const answer = await this.#ask(invite, callId, [200]);
    const target = /^Contact: *<([^>]*)>/im.exec(answer)?.[1] ?? '';
    const to = /^To: *(.*)$/im.exec(answer)?.[1] ?? '';
    const routes = [...answer.matchAll(/^Record-Route: *(.*)$/gim)]
      .map((match) => `Route: ${match[1]}\r\n`)
      .reverse()
      .join('');
    this.#send(this.#requestText('ACK', target, callId, 1, { to, routes }));
    await this.#ask(this.#requestText('BYE', target, callId, 2, { to, routes }), callId, [200]);
  }

  #receive(text: string): void {
    if (text.startsWith('SIP/2.0 ')) {
      const status = Number(text.slice(8, 11));
      if (status >= 200) this.#waiting.get(keyOf(text))?.(text);
    } else if (text.startsWith('INVITE ')) {
      this.#respond(text, '180 Ringing', '');
      this.#respond(text, '200 OK', SDP);
    } else if (text.startsWith('BYE ')) {
      this.#respond(text, '200 OK', '');
    }
  }

  /** Sends, and resolves to the final response; rejects when it is none of `statuses`, or none comes. */
  #ask(text: string, callId: string, statuses: readonly number[]): Promise<string> {
    const key = keyOf(text);
    return new Promise((done, fail) => {
      const end = (response: string | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        if (response !== undefined && statuses.includes(Number(response.slice(8, 11)))) done(response);
        else
          fail(
            new Error(`${callId}: ${response?.split('\r\n')[0] ?? 'no answer'} to ${text.split('\r\n')[0]}`),
          );
      };
      const timer = setTimeout(() => end(undefined), RESPONSE_TIMEOUT_MS);
      this.#waiting.set(key, end);
      this.#send(text);
    });
  }

  #send(text: string): void {
    this.#socket.send(Buffer.from(text, 'latin1'), 5060, this.#proxy);
  }

  #respond(request: string, status: string, body: string): void {
    const copied = request
      .split('\r\n')
      .filter((line) => /^(Via|From|Call-ID|CSeq|Record-Route):/i.test(line))
      .join('\r\n');
    const to = /^To: *([^\r]*)$/im.exec(request)?.[1] ?? '';
    const tagged = to.includes(';tag=') ? to : `${to};tag=u${this.#user}`;
    this.#send(
      `SIP/2.0 ${status}\r\n${copied}\r\nTo: ${tagged}\r\nContact: <sip:${this.#user}@${this.#host}:5060>\r\n` +
        `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  #registerText(callId: string, authorization: string): string {
    this.#sequence += 1;
    return this.#requestText('REGISTER', 'sip:example.com', callId, this.#sequence, {
      to: `<sip:${this.#user}@example.com>`,
      routes: authorization,
    });
  }

  #requestText(
    method: string,
    uri: string,
    callId: string,
    sequence: number,
    { to, routes, body = '' }: { to: string; routes: string; body?: string },
  ): string {
    return (
      `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${this.#host}:5060;rport;branch=z9hG4bK${callId}-${sequence}-${method}\r\n` +
      `Max-Forwards: 70\r\n${routes}From: <sip:${this.#user}@example.com>;tag=${callId}\r\nTo: ${to}\r\nCall-ID: ${callId}\r\n` +
      `CSeq: ${sequence} ${method}\r\nContact: <sip:${this.#user}@${this.#host}:5060>\r\nUser-Agent: bench\r\n` +
      'Allow: INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, MESSAGE, OPTIONS\r\nSupported: timer, 100rel, path\r\n' +
      'P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001\r\n' +
      `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`
    );
  }
}

function keyOf(text: string): string {
  return `${/^Call-ID: *([^\r]*)/im.exec(text)?.[1]} ${/^CSeq: *([^\r]*)/im.exec(text)?.[1]}`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
