import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket as TcpSocket } from 'node:net';
import { within } from './child.ts';

const CONNECT_MS = 5_000;

/** Where a phone sits, and which proxy it talks to. */
export interface WireOptions {
  readonly host: string;
  readonly port: number;
  readonly proxy: string;
  readonly transport: 'udp' | 'tcp';
}

/** One socket to the proxy. UDP: lost datagrams are the caller's business. */
export interface Wire {
  readonly isReliable: boolean;
  send(text: string): void;
  close(): void;
}

/** What a wire tells its phone. */
export interface WireListener {
  onText(text: string): void;
  /** The connection is gone; a UDP socket never says so. */
  onLost(): void;
}

export function openWire(options: WireOptions, listener: WireListener): Promise<Wire> {
  return options.transport === 'udp' ? openUdp(options, listener) : openTcp(options, listener);
}

async function openUdp({ host, port, proxy }: WireOptions, { onText }: WireListener): Promise<Wire> {
  const socket: UdpSocket = createSocket('udp4');
  const bound = Promise.withResolvers<void>();
  // A proxy that is down answers by ICMP: no reason to lose the socket.
  socket.once('listening', bound.resolve).on('error', bound.reject);
  socket.on('message', (bytes) => onText(bytes.toString('latin1')));
  socket.bind({ port, address: host });
  await within(CONNECT_MS, `UDP socket ${host}:${port}`, bound.promise);
  return {
    isReliable: false,
    send: (text) => socket.send(Buffer.from(text, 'latin1'), 5060, proxy, () => undefined),
    close: () => socket.close(),
  };
}

async function openTcp({ host, port, proxy }: WireOptions, { onText, onLost }: WireListener): Promise<Wire> {
  const socket: TcpSocket = connect({ host: proxy, port: 5060, localAddress: host, localPort: port });
  const connected = Promise.withResolvers<void>();
  socket.once('connect', connected.resolve).on('error', connected.reject).once('close', onLost);
  let pending = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    pending = takeMessages(pending + chunk, onText);
  });
  await within(CONNECT_MS, `TCP connection from ${host}:${port}`, connected.promise);
  return {
    isReliable: true,
    send: (text) => socket.write(text, 'latin1'),
    close: () => socket.destroy(),
  };
}

/** Hands over the whole messages at the front; returns what is left. */
function takeMessages(text: string, onText: (text: string) => void): string {
  let rest = text.replace(/^(\r\n)+/, '');
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return rest;
    const bodyLength = Number(/^Content-Length\s*:\s*(\d+)/im.exec(rest.slice(0, headEnd))?.[1] ?? 0);
    const end = headEnd + 4 + bodyLength;
    if (rest.length < end) return rest;
    onText(rest.slice(0, end));
    rest = rest.slice(end).replace(/^(\r\n)+/, '');
  }
}
