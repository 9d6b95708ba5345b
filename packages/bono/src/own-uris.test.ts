import { loadConfig } from '@clearwater/platform';
import { type Flow, parseUri } from '@clearwater/sip';
import { expect, test } from '@jest/globals';
import { bonoConfig } from './config.ts';
import { OwnUris, takeOwnRoutes } from './own-uris.ts';

function urisWith(values: Readonly<Record<string, unknown>> = {}): OwnUris {
  const base = { homeDomain: 'Example.com', edgeAddresses: ['10.0.0.1', '2001:db8::1'] };
  return new OwnUris(loadConfig(bonoConfig, [{ source: 'test', values: { ...base, ...values } }]));
}

test.each([
  ['10.0.0.1', 5060, true],
  ['10.0.0.1', undefined, true],
  ['[2001:db8::1]', 5060, true],
  ['bono.example.com', 5058, true],
  ['bono.example.com', 5060, true],
  ['bono.example.com', undefined, true],
  ['edge.example.org', undefined, true],
  ['127.0.0.1', 5058, true],
  ['10.0.0.1', 5061, false], // a phone on our machine
  ['127.0.0.1', 5054, false], // another role of the lab
  ['scscf.example.com', 5054, false],
  ['example.com', undefined, false],
])('Route to %s:%p names us: %p', (host, port, expected) => {
  expect(urisWith({ advertisedHost: 'Edge.example.org' }).owns(host, port)).toBe(expected);
});

test.each([
  ['sip:example.com', true],
  ['sip:10.0.0.1;transport=tcp', true],
  ['sip:bob@example.com', false],
  ['sip:example.net', false],
  ['tel:+1555', false],
])('%s is the server itself: %p', (uri, expected) => {
  expect(urisWith().isServerItself(parseUri(uri))).toBe(expected);
});

test.each([
  ['sip:scscf.example.com:5054;lr', true],
  ['sip:x@mmtel.sprout.example.com', true],
  ['sip:scscf.core.example.org', true],
  ['sip:cscf.example.net:5052', true], // the configured I-CSCF
  ['sip:evilexample.com', false],
  ['sip:example.com.evil.net', false],
  ['sip:10.0.0.99', false],
  ['tel:+1555', false],
])('a request within a dialog may go on to %s: %p', (uri, expected) => {
  const uris = urisWith({ coreDomains: ['core.example.org'], icscfUri: 'sip:cscf.example.net:5052' });
  expect(uris.isOfCore(parseUri(uri))).toBe(expected);
});

test('phones see the address they reached, or the advertised one, with the transport of their flow', () => {
  const udp = { transport: 'UDP', local: { host: '2001:db8::1', port: 5060 } } as Flow;
  const tcp = { transport: 'TCP', local: { host: '10.0.0.1', port: 5060 } } as Flow;
  expect(urisWith().edgeRoute(udp)).toBe('<sip:[2001:db8::1]:5060;lr>');
  expect(urisWith({ edgePort: 5070 }).edgeRoute(tcp)).toBe('<sip:10.0.0.1:5070;transport=TCP;lr>');
  expect(urisWith({ advertisedHost: 'phone.example.org' }).edgeRoute(udp)).toBe(
    '<sip:phone.example.org:5060;lr>',
  );
});

test.each([
  [[], { token: undefined, rest: [] }],
  [['sip:10.0.0.1:5060;lr'], { token: undefined, rest: [] }],
  [['sip:10.0.0.1:5060;lr', 'sip:A@b:5058;lr'], { token: 'A', rest: [] }],
  [['sip:A@b:5058;lr', 'sip:10.0.0.1:5060;lr'], { token: 'A', rest: ['sip:10.0.0.1:5060;lr'] }],
  [['sip:e;lr', 'sip:A@b;lr', 'sip:B@b;lr', 'sip:e;lr'], { token: 'A', rest: ['sip:B@b;lr', 'sip:e;lr'] }],
])('own routes %p are split behind the first token', (routes, expected) => {
  expect(takeOwnRoutes(routes)).toEqual(expected);
});
