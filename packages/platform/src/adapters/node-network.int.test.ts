import { expect, test } from '@jest/globals';
import {
  CryptoRandom,
  codeOf,
  NodeNetwork,
  type SocketAddress,
  type StreamConnection,
  WheelClock,
} from '../mod.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const network = new NodeNetwork();

/** Resolves once `condition` holds; the test's own time-out is the bound. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('datagrams travel both ways; a send to nowhere or after close is silence; a taken port is named', async () => {
  const heard: { text: string; remote: SocketAddress }[] = [];
  const a = await network.bindDatagram(LOOPBACK, (bytes, remote) =>
    heard.push({ text: bytes.toString(), remote }),
  );
  const b = await network.bindDatagram(LOOPBACK, (bytes, remote) => b.send(Buffer.from(`${bytes}!`), remote));
  for (const remote of [
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', port: 70_000 },
    { host: 'no-address', port: 5060 },
    { host: '::1', port: 5060 },
  ]) {
    a.send(Buffer.from('lost'), remote);
  }
  a.send(Buffer.alloc(70_000), b.local);
  a.send(Buffer.from('hello'), b.local);
  await until(() => heard.length > 0);
  expect(heard).toEqual([{ text: 'hello!', remote: b.local }]);
  const taken = network.bindDatagram(a.local, () => undefined);
  await expect(taken).rejects.toMatchObject({
    code: 'network.address-in-use',
    detail: { address: `127.0.0.1:${a.local.port}` },
  });
  const foreign = network.bindDatagram({ host: '192.0.2.1', port: 5060 }, () => undefined);
  await expect(foreign).rejects.toMatchObject({
    code: 'network.address-unavailable',
    detail: { address: '192.0.2.1:5060' },
  });
  await Promise.all([a.close(), a.close(), b.close()]);
  a.send(Buffer.from('late'), b.local);
});

test('a stream carries what was written before it opened, joins the writes of one turn, and ends in order', async () => {
  const chunks: string[] = [];
  const closes: string[] = [];
  const accepted: StreamConnection[] = [];
  const listener = await network.listenStream(LOOPBACK, (connection) => {
    accepted.push(connection);
    connection.attach({
      onData: (bytes) => chunks.push(bytes.toString()),
      onClose: (error) => closes.push(`server ${codeOf(error)}`),
    });
  });
  await expect(network.listenStream(listener.local, () => undefined)).rejects.toMatchObject({
    code: 'network.address-in-use',
  });
  const client = network.connectStream(listener.local, { timeoutMs: 2_000, localHost: '127.0.0.7' });
  client.attach({
    onData: (bytes) => chunks.push(`back ${bytes}`),
    onClose: (error) => closes.push(`client ${codeOf(error)}`),
  });
  client.write(Buffer.from('early '));
  expect(client.bytesQueued).toBe(6);
  await until(() => chunks.length > 0);
  expect([client.local, accepted[0]?.remote]).toEqual([
    accepted[0]?.remote,
    { host: '127.0.0.7', port: client.local.port },
  ]);
  chunks.length = 0;
  for (let index = 0; index < 20; index += 1) client.write(Buffer.from(`${index},`));
  await until(() => chunks.length > 0);
  expect(chunks).toEqual(['0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,']);

  await listener.close();
  accepted[0]?.write(Buffer.from('still open'));
  accepted[0]?.end();
  accepted[0]?.write(Buffer.from('after the end'));
  await until(() => closes.length === 2);
  expect([chunks.at(-1), closes.sort()]).toEqual(['back still open', ['client ', 'server ']]);

  const refused = network.connectStream(listener.local, { timeoutMs: 2_000 });
  const error = await new Promise<unknown>((resolve) =>
    refused.attach({ onData: () => undefined, onClose: resolve }),
  );
  expect(error).toMatchObject({ code: 'network.refused', retry: 'next-peer' });
  refused.write(Buffer.from('late'));
  refused.end();
});

test('the real clock keeps time, and what it hands out is what a process needs', async () => {
  const clock = new WheelClock();
  const startMs = clock.monotonic();
  await new Promise<void>((resolve) => clock.startTimer(35, resolve));
  const tookMs = clock.monotonic() - startMs;
  expect(tookMs).toBeGreaterThanOrEqual(35);
  expect(tookMs).toBeLessThan(500);
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
  expect(new CryptoRandom().token(5)).not.toBe(new CryptoRandom().token(5));
});
