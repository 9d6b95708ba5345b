import { parseMessage } from '@clearwater/sip';
import { expect, test } from '@jest/globals';
import { bytesOf, RFC5118_ROWS } from './rfc5118-rows.ts';
import { differences, parsedAs } from './wire-outcome.ts';
import { createEdgeWorld, createProxyWorld } from './worlds.ts';

const ROWS = RFC5118_ROWS.map((row) => ({ ...row, bytes: bytesOf(row) }));

test.each(ROWS)('RFC 5118 §$clause $name is read as $parsed', ({ bytes, parsed }) => {
  expect(parsedAs(parseMessage(bytes))).toBe(parsed);
});

test.each(ROWS)('§$clause $name at the edge: $edge', async ({ bytes, edge }) => {
  const world = await createEdgeWorld({ callees: ['user'] }); // the RFC gives all the same Call-ID
  expect((await world.send(bytes)).seen).toBe(edge);
  expect(await world.end()).toEqual([]);
});

test.each(ROWS)('§$clause $name at a proxy: $proxy', async ({ bytes, proxy }) => {
  const world = await createProxyWorld();
  const { seen, forwarded } = await world.send(bytes);
  expect(seen).toBe(proxy);
  if (forwarded !== undefined)
    expect(differences(bytes, forwarded)).toEqual(['Max-Forwards', 'Record-Route', 'Via']);
  expect(await world.end()).toEqual([]);
});
