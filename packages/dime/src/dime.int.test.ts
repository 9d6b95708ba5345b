import { createPlatform, httpClient, loadConfig, type RealPlatform } from '@clearwater/platform';
import { type EmbeddedVellum, openEmbeddedVellum } from '@clearwater/vellum';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { homesteadApi, provisioningApi } from './api.ts';
import { createDime, type Dime, dimeConfig } from './mod.ts';

const KEY = 'a-key-of-the-test';
const config = loadConfig(dimeConfig, [
  {
    source: 'test',
    values: {
      homeDomain: 'example.com',
      scscfUri: 'sip:scscf.example.com:5054',
      apiKey: KEY,
      signallingPort: 0,
      managementPort: 0,
      provisioningPort: 0,
    },
  },
]);

let platform: RealPlatform;
let vellum: EmbeddedVellum;
let dime: Dime;

beforeEach(async () => {
  platform = createPlatform({ service: 'dime', logLevel: 'silent', withProcessMetrics: false });
  vellum = await openEmbeddedVellum({ directory: ':memory:', platform });
  dime = createDime({ config, platform, stores: vellum });
  for (const part of dime.parts) await part.start();
});

afterEach(async () => {
  for (const part of dime.parts) await part.stop();
  await vellum.part.stop?.();
});

function originOf(part: Dime['parts'][number]): string {
  return `http://127.0.0.1:${part.addresses[0]?.port}`;
}

test('the same API over sockets: provisioned by HTTP, asked by HTTP, refused without the key', async () => {
  const [signalling, , provisioning] = dime.parts;
  const options = { bearer: KEY, timeoutMs: 5_000, connectionsMax: 2 };
  await using prov = httpClient(provisioningApi, { origin: originOf(provisioning), ...options });
  await using homestead = httpClient(homesteadApi, { origin: originOf(signalling), ...options });

  const impu = 'sip:alice;day=1@example.com';
  const made = await prov.putSubscriber({
    params: { impu },
    body: { private_id: 'alice@example.com', plaintext_password: 'x' },
  });
  expect(made.status).toBe(200);
  const query = { impu };
  const vector = await homestead.getAuthVector({ params: { impi: 'alice@example.com' }, query });
  expect(vector).toMatchObject({ status: 200, body: { digest: { realm: 'example.com', qop: 'auth' } } });
  const regData = await homestead.putRegData({ params: { impu }, query: {}, body: { reqtype: 'call' } });
  expect(regData.body).toContain('<PreviousRegistrationState>NOT_REGISTERED</PreviousRegistrationState>');
  const unknown = await homestead.getLocation({ params: { impu: 'sip:bob@example.com' }, query: {} });
  expect(unknown).toMatchObject({ status: 404, body: { code: 'dime.unknown-user' } });
  const location = await prov.getSetOfPublic({ params: { impu } });
  expect(location).toMatchObject({ status: 303, headers: { location: expect.stringMatching(/^\/irs\//) } });

  await using stranger = httpClient(provisioningApi, {
    origin: originOf(provisioning),
    ...options,
    bearer: 'wrong',
  });
  await expect(stranger.createSet({})).rejects.toMatchObject({ code: 'http.bad-reply' });
});
