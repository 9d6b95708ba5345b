import { mkdir } from 'node:fs/promises';
import { createEllis, ellisConfig } from '@clearwater/ellis';
import { loadConfig, type RealPlatform, type ServicePart } from '@clearwater/platform';
import { openEmbeddedVellum } from '@clearwater/vellum';
import { banner, inUri } from './banner.ts';
import { createCore } from './core.ts';
import { ensureDemoUsers } from './demo-users.ts';
import { coreAddress, type LabConfig } from './lab-config.ts';
import { publishHosts } from './lab-hosts.ts';
import { loadLabSecrets } from './lab-secrets.ts';

export interface Lab {
  readonly parts: readonly ServicePart[];
  /** What to print once everything runs. */
  readonly banner: string;
}

/**
 * The whole deployment in one process on the embedded store. Resolves when it is wired; nothing listens yet. `readiness` says why the
 * deployment cannot serve, undefined when it can.
 */
export async function createLab(
  config: LabConfig,
  platform: RealPlatform,
  readiness: () => string | undefined,
): Promise<Lab> {
  const { domain } = config;
  const httpHost = config.httpListen ?? coreAddress(config);
  const { metrics, trace } = platform;
  trace.watch(config.trace);
  const http = { readiness, metrics, ...(config.trace && { trace }) };

  await mkdir(config.data, { recursive: true, mode: 0o700 });
  const vellum = await openEmbeddedVellum({ directory: config.data, platform });
  try {
    const secrets = await loadLabSecrets(config, vellum.sharedConfig, platform.random);
    const hosts = await publishHosts(vellum.sharedConfig, domain, coreAddress(config));
    const guard = secrets.isGuarded ? { apiKey: secrets.apiKey } : {};
    const core = await createCore({ config, platform, vellum, hosts, http, ...guard });
    const ellis = createEllis(
      loadConfig(ellisConfig, [
        {
          source: 'lab',
          values: {
            homeDomain: domain,
            listenHost: httpHost,
            port: config.ellisPort,
            publicUrl: `http://${inUri(config.advertise ?? httpHost)}:${config.ellisPort}`,
            signUpCode: secrets.signUpCode,
            apiKey: secrets.apiKey,
          },
        },
      ]),
      platform,
      { ...vellum, provisioning: core.dime.provisioning, http: { readiness, metrics } },
    );
    const users = await ensureDemoUsers(core.dime.provisioning, { domain, password: secrets.demoPassword });
    return {
      parts: [vellum.part, ...core.parts, ...ellis.parts],
      banner: banner(config, secrets, users, config.advertise ?? httpHost),
    };
  } catch (error) {
    await vellum.part.stop?.();
    throw error;
  }
}
