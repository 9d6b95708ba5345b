import { readFileSync } from 'node:fs';
import { loadConfig, renderConfigTable } from '@clearwater/platform';
import { expect, test } from '@jest/globals';
import { bonoConfig } from './config.ts';

test.each([
  ['the wildcard address without an advertised host', { edgeAddresses: ['0.0.0.0'] }],
  ['one address and port for phones and core', { coreAddress: '10.0.0.1', corePort: 5060 }],
  ['a name where an address is needed', { edgeAddresses: ['edge.example.com'] }],
  ['no address for phones', { edgeAddresses: [] }],
])('the start is refused with %s', (_, values) => {
  const base = { homeDomain: 'example.com', edgeAddresses: ['10.0.0.1'] };
  const load = (extra: object): unknown =>
    loadConfig(bonoConfig, [{ source: 'test', values: { ...base, ...extra } }]);
  expect(load({})).toMatchObject({ edgePort: 5060, corePort: 5058 });
  expect(() => load(values)).toThrow('config.invalid');
});

test('the README lists the settings as they are', () => {
  expect(readFileSync('packages/bono/README.md', 'utf8')).toContain(renderConfigTable(bonoConfig));
});
