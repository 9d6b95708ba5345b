import { join } from 'node:path';
import { expect } from '@jest/globals';
import { systemTest } from '../../tools/system/system-test.ts';
import { type BaresipAccount, BaresipPhone } from './baresip-phone.ts';
import { LabProcess, labData } from './lab-process.ts';
import { toneShare } from './tone.ts';

type Transport = BaresipAccount['transport'];

const HOST = '127.0.31.1';
const ALICE = { host: '127.0.31.11', toneHz: 440 };
const BOB = { host: '127.0.31.12', toneHz: 880 };
const TALK_S = 1;

const CALLS: readonly {
  readonly from: Transport;
  readonly to: Transport;
  readonly hangsUp: 'caller' | 'callee';
}[] = [
  { from: 'udp', to: 'tcp', hangsUp: 'caller' },
  { from: 'tcp', to: 'udp', hangsUp: 'callee' },
  { from: 'udp', to: 'udp', hangsUp: 'callee' },
  { from: 'tcp', to: 'tcp', hangsUp: 'caller' },
];

systemTest(
  'baresip',
  'two baresip phones register and hear each other, over UDP and TCP, whoever hangs up',
  async (program) => {
    const data = await labData();
    try {
      await using lab = await LabProcess.start({ host: HOST, data: data.directory });
      for (const [index, call] of CALLS.entries()) {
        const directory = join(data.directory, `call-${index}`);
        await using alice = await BaresipPhone.start({
          program,
          directory: join(directory, 'alice'),
          ...ALICE,
        });
        await using bob = await BaresipPhone.start({ program, directory: join(directory, 'bob'), ...BOB });
        expect(await alice.register(account('1000', call.from))).toMatchObject({ type: 'REGISTER_OK' });
        expect(await bob.register(account('1001', call.to))).toMatchObject({ type: 'REGISTER_OK' });

        alice.dial('sip:1001@example.com');
        expect(await alice.event('CALL_ESTABLISHED', 'CALL_CLOSED')).toMatchObject({
          type: 'CALL_ESTABLISHED',
        });
        await Promise.all([alice.hears(TALK_S), bob.hears(TALK_S)]);
        (call.hangsUp === 'caller' ? alice : bob).hangUp();
        await Promise.all([alice.event('CALL_CLOSED'), bob.event('CALL_CLOSED')]);

        const [heardByAlice, heardByBob] = await Promise.all([alice.finish(), bob.finish()]);
        expect(toneShare(heardByAlice, BOB.toneHz)).toBeGreaterThan(0.9);
        expect(toneShare(heardByAlice, ALICE.toneHz)).toBeLessThan(0.01);
        expect(toneShare(heardByBob, ALICE.toneHz)).toBeGreaterThan(0.9);
        expect(toneShare(heardByBob, BOB.toneHz)).toBeLessThan(0.01);
      }
      expect(await lab.stop()).toBe(0);
    } finally {
      await data.remove();
    }
  },
  180_000,
);

systemTest('baresip', 'baresip phones are told why a call does not come about', async (program) => {
  const host = '127.0.32.1';
  const data = await labData();
  try {
    await using lab = await LabProcess.start({ host, data: join(data.directory, 'lab') });
    const open = (name: string, at: string): Promise<BaresipPhone> =>
      BaresipPhone.start({ program, directory: join(data.directory, name), host: at, toneHz: 440 });
    const own = { ...account('1000', 'udp'), proxyHost: host };
    await using mallory = await open('mallory', '127.0.32.11');
    expect(await mallory.register({ ...own, password: 'a guess' })).toMatchObject({ type: 'REGISTER_FAIL' });
    expect(await refusal(mallory, '1001')).toContain('403');

    await using alice = await open('alice', '127.0.32.12');
    expect(await alice.register(own)).toMatchObject({ type: 'REGISTER_OK' });
    expect(await refusal(alice, '1001')).toContain('480');
    expect(await refusal(alice, '7999999')).toContain('404');
    expect(await lab.stop()).toBe(0);
  } finally {
    await data.remove();
  }
});

/** What the phone shows when a call ends before it begins. */
async function refusal(phone: BaresipPhone, user: string): Promise<string> {
  phone.dial(`sip:${user}@example.com`);
  const { type, param } = await phone.event('CALL_CLOSED', 'CALL_ESTABLISHED');
  return type === 'CALL_CLOSED' ? param : 'answered';
}

function account(user: string, transport: Transport): BaresipAccount {
  return { user, domain: 'example.com', password: 'secret', transport, proxyHost: HOST };
}
