import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { LOAD_PORT, type LoadUser } from './load-users.ts';
import { header, headers, response, uriOf, userOf } from './raw-sip.ts';

/*
 * The called phones of the load test, a program of its own: one socket for each user of the file that it is given, on the user's
 * registered address. It says `listening`, answers calls, and on SIGTERM prints what it has seen as one line of JSON.
 */

const T1_MS = 500;
const T2_MS = 4_000;
const PROBLEMS_MAX = 20;

interface Dialog {
  /** Sent when its ACK comes. */
  readonly bye: string | undefined;
  timer: NodeJS.Timeout;
}

const seen = {
  invites: 0,
  hungUp: 0,
  wereHungUp: 0,
  repeatedInvites: 0,
  retransmissions: 0,
  problemCount: 0,
};
const problems: string[] = [];
const dialogs = new Map<string, Dialog>();
const answeredCalls = new Set<string>();

function problem(text: string): void {
  seen.problemCount += 1;
  if (problems.length < PROBLEMS_MAX) problems.push(text);
}

/** Sends until `stop` of the transaction (RFC 3261 §13.3.1.4 for the 200, §17.1.2 for the BYE). */
function repeat(
  key: string,
  socket: Socket,
  text: string,
  proxy: ProxyAddress,
  waitMs = T1_MS,
): NodeJS.Timeout {
  return setTimeout(() => {
    seen.retransmissions += 1;
    send(socket, text, proxy);
    const dialog = dialogs.get(key);
    if (dialog !== undefined) dialog.timer = repeat(key, socket, text, proxy, Math.min(2 * waitMs, T2_MS));
  }, waitMs);
}

interface ProxyAddress {
  readonly address: string;
  readonly port: number;
}

function send(socket: Socket, text: string, { address, port }: ProxyAddress): void {
  socket.send(Buffer.from(text, 'latin1'), port, address);
}

function receive(owner: LoadUser, socket: Socket, text: string, from: ProxyAddress): void {
  const method = /^(\S+)/.exec(text)?.[1];
  const key = `${owner.user} ${header(text, 'Call-ID')}`;
  const dialog = dialogs.get(key);
  switch (method) {
    case 'INVITE':
      if (dialog !== undefined || answeredCalls.has(key)) seen.repeatedInvites += 1;
      else answer(owner, socket, text, from, key);
      break;
    case 'ACK':
      if (dialog === undefined) break;
      clearTimeout(dialog.timer);
      if (dialog.bye === undefined) break;
      send(socket, dialog.bye, from);
      dialog.timer = repeat(key, socket, dialog.bye, from);
      break;
    case 'BYE':
      if (dialog === undefined) problem(`${owner.user}: BYE without a call ${key}`);
      seen.wereHungUp += 1;
      close(key, dialog);
      send(socket, response(text, { status: '200 OK', tag: 'x' }), from);
      break;
    case 'SIP/2.0':
      if (!text.startsWith('SIP/2.0 1')) {
        if (text.startsWith('SIP/2.0 200 ')) seen.hungUp += 1;
        else problem(`${owner.user}: BYE answered ${text.slice(0, 40)}`);
        close(key, dialog);
      }
      break;
    default:
      problem(`${owner.user}: ${text.slice(0, 80)}`);
  }
}

function close(key: string, dialog: Dialog | undefined): void {
  clearTimeout(dialog?.timer);
  dialogs.delete(key);
}

function answer(owner: LoadUser, socket: Socket, text: string, from: ProxyAddress, key: string): void {
  seen.invites += 1;
  answeredCalls.add(key);
  const contact = `sip:${owner.user}@${owner.host}:${LOAD_PORT}`;
  const caller = userOf(uriOf(header(text, 'From')));
  check(owner, { text, contact, caller });
  const tag = `u${owner.user}`;
  const extra = [`Contact: <${contact}>`];
  send(socket, response(text, { status: '180 Ringing', tag, extra }), from);
  const ok = response(text, { status: '200 OK', tag, extra });
  send(socket, ok, from);
  const bye = header(text, 'X-Hang-Up') === 'callee' ? byeText(owner, text, tag) : undefined;
  dialogs.set(key, { bye, timer: repeat(key, socket, ok, from) });
}

/** Is it for this phone, and does it say who calls? */
function check(
  owner: LoadUser,
  { text, contact, caller }: { readonly text: string; readonly contact: string; readonly caller: string },
): void {
  const requestUri = text.split(' ', 2)[1] ?? '';
  if (userOf(uriOf(header(text, 'To'))) !== owner.user) problem(`${owner.user}: got ${header(text, 'To')}`);
  if (requestUri !== contact) problem(`${owner.user}: Request-URI ${requestUri}, registered ${contact}`);
  const identities = headers(text, 'P-Asserted-Identity');
  if (!identities.some((identity) => uriOf(identity) === `sip:${caller}@example.com`)) {
    problem(`${owner.user}: called by ${caller}, asserted ${identities.join(', ') || 'nobody'}`);
  }
  if (header(text, 'P-Preferred-Identity') !== '')
    problem(`${owner.user}: P-Preferred-Identity came through`);
}

function byeText(owner: LoadUser, invite: string, tag: string): string {
  const lines = [
    `BYE ${uriOf(header(invite, 'Contact'))} SIP/2.0`,
    `Via: SIP/2.0/UDP ${owner.host}:${LOAD_PORT};branch=z9hG4bKb${owner.user}${header(invite, 'Call-ID').replace(/\W/g, '')};rport`,
    ...headers(invite, 'Record-Route').map((route) => `Route: ${route}`),
    'Max-Forwards: 70',
    `From: ${header(invite, 'To')};tag=${tag}`,
    `To: ${header(invite, 'From')}`,
    `Call-ID: ${header(invite, 'Call-ID')}`,
    'CSeq: 1 BYE',
  ];
  return `${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
}

const users: readonly LoadUser[] = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const sockets = await Promise.all(
  users.map(async (owner) => {
    const socket = createSocket('udp4');
    socket.on('message', (bytes, from) => receive(owner, socket, bytes.toString('latin1'), from));
    socket.bind({ port: LOAD_PORT, address: owner.host });
    await once(socket, 'listening');
    return socket;
  }),
);
process.on('SIGTERM', () => {
  for (const socket of sockets) socket.close();
  for (const dialog of dialogs.values()) clearTimeout(dialog.timer);
  console.log(JSON.stringify({ ...seen, openCalls: dialogs.size, problems }));
});
console.log('listening');
