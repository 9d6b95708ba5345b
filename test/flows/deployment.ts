import { type Core, createCore, parseLabConfig, publishHosts } from '@clearwater/cw';
import type { ServicePart } from '@clearwater/platform';
import type { TransportName } from '@clearwater/sip';
import { createTestPlatform, TestPhone, type TestPlatform } from '@clearwater/testkit';
import { type EmbeddedVellum, openEmbeddedVellum } from '@clearwater/vellum';

/** A whole deployment of the production modules in one simulated world: Bono, Sprout, Homestead on an embedded Vellum. */
export interface Deployment {
  readonly sim: TestPlatform;
  readonly core: Core;
  readonly vellum: EmbeddedVellum;
  /** Provisions the user if need be and gives it a phone; both named by `user`. */
  phone(user: string, host: string, transport?: TransportName): Promise<TestPhone>;
  /** The timers that run, by the file that started them, sorted: to be asked when nothing is under way. `stop` would hide a leak. */
  timers(): readonly string[];
  /** Phones off, drained, stopped; what is left over. */
  end(): Promise<readonly string[]>;
}

const EDGE = '10.0.0.1';
export const PASSWORD = 'swordfish';

export async function createDeployment(seed: number, words: readonly string[] = []): Promise<Deployment> {
  const sim = createTestPlatform({ seed, traceTimers: true });
  const config = parseLabConfig(['--listen', EDGE, ...words]);
  const platform = sim.node(EDGE);
  const vellum = await openEmbeddedVellum({ directory: ':memory:', platform });
  const hosts = await publishHosts(vellum.sharedConfig, config.domain, '127.0.0.1');
  const core = await createCore({ config, platform, vellum, hosts });
  const parts: readonly ServicePart[] = [vellum.part, ...core.sprout.parts, ...core.bono.parts];
  for (const part of parts) await part.start?.();
  const phones: TestPhone[] = [];
  return {
    sim,
    core,
    vellum,
    async phone(user, host, transport = 'UDP') {
      const impu = `sip:${user}@${config.domain}`;
      const reply = await core.dime.provisioning.putSubscriber({
        params: { impu },
        body: { private_id: `${user}@${config.domain}`, plaintext_password: PASSWORD },
      });
      if (reply.status !== 200) throw new Error(`provisioning answered ${reply.status}`);
      const phone = new TestPhone(sim.node(host), {
        impu,
        password: PASSWORD,
        local: { host, port: 5060 },
        proxy: { host: EDGE, port: config.sipPort },
        transport,
      });
      await phone.start();
      phones.push(phone);
      return phone;
    },
    timers() {
      return sim.clock.pendingTimers
        .map(({ startedAt = '' }) => /([\w-]+)\.ts:/.exec(startedAt)?.[1] ?? startedAt)
        .sort();
    },
    async end() {
      const transactionCount = [
        core.sprout.node,
        core.bono.node,
        ...phones.map((phone) => phone.node),
      ].reduce((sum, node) => sum + node.transactions.transactionCount, 0);
      await Promise.all([...phones, ...parts.toReversed()].map((part) => part.stop?.()));
      await sim.clock.advance(5_000);
      return [...(transactionCount === 0 ? [] : [`${transactionCount} transactions`]), ...sim.leaks()];
    },
  };
}
