import { parseMessage, type SipResponse, StreamFramer } from '@clearwater/sip';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RFC4475 } from './corpus.ts';
import { RFC4475_ROWS } from './rfc4475-rows.ts';
import { differences, parsedAs } from './wire-outcome.ts';
import { createEdgeWorld, createProxyWorld, type TortureWorld, withCredentials } from './worlds.ts';

/** What the edge may change on top: who calls, and the contact of whom is called. */
const CHANGED_BY_EDGE = ['P-Asserted-Identity', 'P-Called-Party-ID', 'Route', 'start-line'];
const CHANGED_BY_PROXY = ['Max-Forwards', 'Record-Route', 'Via'];

let edge: TortureWorld;
let proxy: TortureWorld;

beforeAll(async () => {
  edge = await createEdgeWorld({ callees: ['user'] });
  proxy = await createProxyWorld();
});

afterAll(async () => {
  expect([...(await edge.end()), ...(await proxy.end())]).toEqual([]);
});

/** Some share a transaction identifier: to a node that still has the first, the second is a retransmission. */
const transactions = new Set<string>();
const ROWS = Object.entries(RFC4475_ROWS).map(([name, row]) => {
  const bytes = RFC4475.get(name) ?? Buffer.alloc(0);
  const via = /^via:.*branch=.*$/im.exec(bytes.toString('latin1'))?.[0] ?? name;
  const isAlone = transactions.has(via);
  transactions.add(via);
  return { name, ...row, bytes, isAlone };
});

test('every message of the corpus has a row, and every row a message', () => {
  expect(Object.keys(RFC4475_ROWS).sort()).toEqual([...RFC4475.keys()].sort());
});

test.each(ROWS)('RFC 4475 §$clause $name is read as $parsed', ({ bytes, parsed }) => {
  expect(parsedAs(parseMessage(bytes))).toBe(parsed);
});

test.each(ROWS)('§$clause $name at the edge: $edge', async ({ bytes, edge: expected, isAlone }) => {
  const world = isAlone ? await createEdgeWorld() : edge;
  const { seen, forwarded } = await world.send(bytes);
  expect(seen).toBe(expected);
  if (forwarded !== undefined)
    expect([...CHANGED_BY_EDGE, ...CHANGED_BY_PROXY]).toEqual(
      expect.arrayContaining([...differences(bytes, forwarded)]),
    );
  if (world !== edge) expect(await world.end()).toEqual([]);
});

test.each(ROWS)(
  '§$clause $name at a proxy: $proxy',
  async ({ bytes, proxy: expected, changed = [], isAlone }) => {
    const world = isAlone ? await createProxyWorld() : proxy;
    const { seen, forwarded } = await world.send(bytes);
    expect(seen).toBe(expected);
    if (forwarded !== undefined)
      expect(differences(bytes, forwarded)).toEqual([...changed, ...CHANGED_BY_PROXY].sort());
    if (world !== proxy) expect(await world.end()).toEqual([]);
  },
);

const REGISTERS = ROWS.flatMap(({ registrar, ...row }) => (registrar ? [{ ...row, registrar }] : []));

test.each(REGISTERS)(
  '§$clause $name at the registrar: $registrar',
  async ({ bytes, registrar, contacts }) => {
    const subscribers = ['watson', 'j.user', 'user', 'null-%00-null'];
    const world = await createEdgeWorld({ isRegistered: false, subscribers });
    const [unauthorized, authorized] = registrar;
    const first = await world.send(bytes);
    expect(first.seen).toBe(unauthorized);
    if (authorized !== undefined) {
      const second = await world.send(withCredentials(bytes, responseOf(first.answer)));
      expect(second.seen).toBe(authorized);
      const granted = responseOf(second.answer).contacts;
      expect(granted?.tag === 'list' && granted.contacts.map(({ uri }) => uri)).toEqual(contacts);
    }
    expect(await world.end()).toEqual([]);
  },
);

test('the missing transaction identifier of §3.2.1 does not make two requests one', async () => {
  const world = await createProxyWorld();
  const bytes = RFC4475.get('badbranch') ?? Buffer.alloc(0);
  expect((await world.send(bytes)).seen).toBe('forwarded');
  const other = Buffer.from(bytes.toString('latin1').replace('badbranch.', 'another.'), 'latin1');
  expect((await world.send(other)).seen).toBe('forwarded');
  expect(await world.end()).toEqual([]);
});

test('over a stream all are framed but those whose length is unknown or not there yet', () => {
  const unlike = ROWS.map(({ name, bytes }) => `${name} ${framedAs(bytes)}`).filter(
    (row) => !row.endsWith(' 1 framed'),
  );
  expect(unlike).toEqual([
    'dblreq 2 closed', // the second body is a byte longer than it says
    'clerr 0 waiting',
    'ncl 0 closed',
    'baddn 0 waiting', // the copy of the corpus ends before the empty line
    'mcl01 0 closed',
    'inv2543 0 closed', // no Content-Length (RFC 3261 §20.14)
  ]);
});

test('baddn is refused with its empty line too', () => {
  const whole = Buffer.concat([RFC4475.get('baddn') ?? Buffer.alloc(0), Buffer.from('\r\n')]);
  expect(framedAs(whole)).toBe('1 framed');
  expect(parseMessage(whole)).toMatchObject({ tag: 'malformed', status: 400, reason: 'From' });
});

/** How many messages came out, and whether the stream goes on, has to be closed, or waits for more. */
function framedAs(bytes: Buffer): string {
  const framer = new StreamFramer();
  let count = 0;
  const verdict = framer.push(
    bytes,
    () => (count += 1),
    () => undefined,
  );
  return `${count} ${verdict === 'malformed' ? 'closed' : framer.bytesPending > 0 ? 'waiting' : 'framed'}`;
}

function responseOf(bytes: Buffer | undefined): SipResponse {
  const parsed = parseMessage(bytes ?? Buffer.alloc(0));
  if (parsed.tag !== 'response') throw new Error(`answered with ${parsed.tag}`);
  return parsed.message;
}
