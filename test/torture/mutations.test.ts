import { assert } from '@clearwater/platform';
import {
  createResponse,
  type ParsedMessage,
  parseChallenge,
  parseContacts,
  parseCredentials,
  parseEvent,
  parseExpires,
  parseMessage,
  parseNameAddr,
  parseQValueThousandths,
  parseTokenList,
  parseUri,
  parseVia,
  type SipMessage,
  SipRequest,
  StreamFramer,
  uriEquals,
} from '@clearwater/sip';
import { SeededRandom } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import { RFC4475 } from './corpus.ts';
import { bytesOf, RFC5118_ROWS } from './rfc5118-rows.ts';

const MUTATIONS = 20_000;
/** Processor time for one message: far above what 64 kB take on a slow machine, far below what anything quadratic would. */
const SLOWEST_MS = 500;
const CORPUS = [...RFC4475.values(), ...RFC5118_ROWS.map(bytesOf)];

/** What parsers stumble over: ends of lines, quotes and lists left open, numbers out of range, bytes no text holds. */
const MORSELS = [
  '\r\n', '\r', '\n', '\r\n ', '\r\n\t', '\r\n\r\n', '\0', '"', '\\"', '<', '>', ',', ';', '=', ':', '@', '%', '%0', '%00', '[', ']', '?',
  ';;', ', ,', '\xff', '\xc3', 'l: 0\r\n', 'l: 99999999999999999999\r\n', 'Content-Length: -1\r\n', 'v: SIP/2.0/UDP h\r\n', 'SIP/2.0 200 OK\r\n',
  ';branch=z9hG4bK', ';rport', ';lr', ';lr;lr', '*', '2147483648', 'Route: <', 'Contact: *\r\n', 'sips:', 'tel:+1;phone-context=', '\x7f',
]; // biome-ignore format: one list

/** Reads every byte of it by every way there is; says what the message was. */
function readEverything(bytes: Buffer): ParsedMessage['tag'] {
  const parsed = parseMessage(bytes);
  if (parsed.tag === 'keep-alive') return parsed.tag;
  const message = parsed.tag === 'malformed' ? parsed.request : parsed.message;
  if (message !== undefined) readMessage(message, parsed.tag !== 'malformed');
  return parsed.tag;
}

function readMessage(message: SipMessage, isWhole: boolean): void {
  const { topVia, from, to, callId, cseq, maxForwards, topRoute, contacts, body, bodyBytes } = message;
  assert(bodyBytes.length === body.length, 'a body byte a char');
  assert(
    [topVia?.sentBy, topVia?.rport, callId, cseq, maxForwards, topRoute?.parsedUri, contacts].length === 7,
    'read',
  );
  for (const uri of [from?.parsedUri, to?.parsedUri])
    assert(uri === undefined || uriEquals(uri, uri), 'a URI equals itself');
  for (const name of new Set(message.headerNames)) readHeader(message, name);
  const copy = message.copy();
  assert(copy.text === message.text, 'a copy is the same text');
  if (!isWhole) return answer(message);
  editAsProxy(copy);
  // What we send on is a message to the next parser too, and the same one.
  const again = parseMessage(copy.serialize());
  assert(again.tag === (message instanceof SipRequest ? 'request' : 'response'), 'sent on as it came');
  answer(message);
}

function readHeader(message: SipMessage, name: string): void {
  for (const text of new Set([...message.headers(name), ...message.values(name)])) {
    parseNameAddr(text)?.toString();
    parseVia(text)?.toString();
    parseUri(text)?.toString();
    parseContacts([text]);
    parseCredentials(text);
    parseChallenge(text);
    parseEvent(text);
    parseExpires(text);
    parseTokenList(text);
    parseQValueThousandths(text);
  }
}

function editAsProxy(message: SipMessage): void {
  message.prepend('Via', 'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKp');
  message.set('Max-Forwards', '69');
  message.removeFirstValue('Route');
  message.prepend('Record-Route', '<sip:10.0.0.1;lr>');
}

function answer(message: SipMessage): void {
  if (!(message instanceof SipRequest)) return;
  const response = createResponse(message, 400, undefined, { toTag: 'x' }).serialize().toString('latin1');
  assert(response.startsWith('SIP/2.0 400 '), 'an answer');
  assert(response.indexOf('\r\n\r\n') === response.length - 4, 'nothing of the request ends our header');
}

/** The stream cut at random: the framer says the same as of one piece, and holds no more than came. */
function frame(bytes: Buffer, random: SeededRandom): void {
  const whole = framesOf([bytes]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.integer(random.pick([1, 20, 2_000])));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  assert(framesOf(pieces).join('|') === whole.join('|'), 'framing does not depend on the cuts');
}

/** The frames, and at the end whether the stream was given up. */
function framesOf(pieces: readonly Buffer[]): readonly string[] {
  const framer = new StreamFramer();
  const frames: string[] = [];
  let received = 0;
  let verdict = 'ok';
  for (const piece of pieces) {
    received += piece.length;
    verdict = framer.push(
      piece,
      (bytes) => frames.push(bytes.toString('latin1')),
      () => undefined,
    );
    assert(framer.bytesPending <= received, 'held no more than came');
  }
  return [...frames, verdict];
}

function mutate(random: SeededRandom): Buffer {
  let bytes = random.pick(CORPUS);
  for (let left = 1 + random.integer(4); left > 0; left -= 1) bytes = mutateOnce(bytes, random);
  return bytes;
}

function mutateOnce(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.integer(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.integer(40));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(end)];
  switch (random.integer(6)) {
    case 0: // something in between, or in place of a piece
      return Buffer.concat([
        before,
        Buffer.from(random.pick(MORSELS), 'latin1'),
        random.chance(0.5) ? after : bytes.subarray(at),
      ]);
    case 1: // other bytes
      return Buffer.concat([before, random.bytes(end - at), after]);
    case 2: // a piece away
      return Buffer.concat([before, after]);
    case 3: // a piece again and again
      return Buffer.concat([
        before,
        ...Array.from({ length: 1 + random.integer(100) }, () => bytes.subarray(at, end)),
        after,
      ]);
    case 4: // cut off
      return before;
    default: {
      // joined to another message
      const other = random.pick(CORPUS);
      return Buffer.concat([before, other.subarray(random.integer(other.length))]);
    }
  }
}

/** Seed N is the same message everywhere: `SIM_SEED=N` runs that one alone. */
const seed = process.env['SIM_SEED'];
const SEEDS =
  seed === undefined ? Array.from({ length: MUTATIONS }, (_, index) => index + 1) : [Number(seed)];

test(`${MUTATIONS} mutations of the torture messages are read, copied, answered and framed without a fault`, () => {
  const tags = new Map<string, number>();
  for (const each of SEEDS) {
    const random = new SeededRandom(each);
    const bytes = mutate(random);
    try {
      const tag = readEverything(bytes);
      tags.set(tag, (tags.get(tag) ?? 0) + 1);
      frame(bytes, random);
    } catch (error) {
      throw new Error(`SIM_SEED=${each}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
  }
  if (seed !== undefined) return;
  for (const tag of ['request', 'response', 'malformed']) expect(tags.get(tag)).toBeGreaterThan(100);
}, 60_000);

test('a seed replays its message', () => {
  for (let each = 1; each <= 100; each += 1)
    expect(mutate(new SeededRandom(each))).toEqual(mutate(new SeededRandom(each)));
});

const HEADERS = ['Via', 'To', 'Contact', 'Route', 'Call-ID', 'CSeq', 'Authorization', 'X'];
const HEAD =
  'INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n';

test.each(MORSELS)('%j over and over costs no more than its bytes', (morsel) => {
  const run = morsel.repeat(Math.floor(8_000 / morsel.length));
  const flood = Buffer.from(run.repeat(8), 'latin1');
  const fields = Buffer.from(`${HEAD}${HEADERS.map((name) => `${name}: ${run}\r\n`).join('')}\r\n`, 'latin1');
  const body = Buffer.concat([Buffer.from(`${HEAD}Content-Length: ${flood.length}\r\n\r\n`), flood]);
  for (const bytes of [flood, fields, body, Buffer.concat([Buffer.from(HEAD), flood])]) {
    const before = process.cpuUsage();
    readEverything(bytes);
    framesOf(
      Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
        bytes.subarray(7 * index, 7 * index + 7),
      ),
    );
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(SLOWEST_MS);
  }
});
