import { loadConfig } from '@clearwater/platform';
import { expect, test } from '@jest/globals';
import { dimeConfig } from './config.ts';

const SCSCF = 'sip:scscf.example.com:5054;transport=TCP';

test('outside loopback Dime does not start without a key', () => {
  const values = { homeDomain: 'example.com', scscfUri: SCSCF, httpHost: '192.0.2.1' };
  expect(() => loadConfig(dimeConfig, [{ source: 'test', values }])).toThrow('config.invalid');
  expect(
    loadConfig(dimeConfig, [{ source: 'test', values: { ...values, apiKey: 'secret-key' } }]).apiKey,
  ).toBe('secret-key');
});
