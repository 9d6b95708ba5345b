import { AppError, type Random } from '@clearwater/platform';
import type { SharedConfig } from '@clearwater/vellum';
import { isLoopback, type LabConfig } from './lab-config.ts';

/** What a newcomer has to know of secrets, and prints. */
export interface LabSecrets {
  readonly apiKey: string;
  readonly demoPassword: string;
  /** What a new user of Ellis has to know. */
  readonly signUpCode: string;
  /** True when the API key has to be presented over HTTP. */
  readonly isGuarded: boolean;
}

const WELL_KNOWN = 'secret';
const SECRET_CHARS = 20;
const KEY = '/lab/secrets';

/**
 * On loopback alone everything is `secret`, as the documentation says. As soon as others can reach a port, API key, demo password
 * and sign-up code are made once, kept with the data, and printed.
 */
export async function loadLabSecrets(
  config: LabConfig,
  sharedConfig: SharedConfig,
  random: Random,
): Promise<LabSecrets> {
  const reachable = [...config.listen, config.httpListen ?? '127.0.0.1'].some((host) => !isLoopback(host));
  if (!reachable) {
    const apiKey = config.apiKey ?? WELL_KNOWN;
    const isGuarded = config.apiKey !== undefined;
    return { apiKey, demoPassword: WELL_KNOWN, signUpCode: WELL_KNOWN, isGuarded };
  }
  const create = (): string => random.token(SECRET_CHARS);
  const kept = await keepOnce(sharedConfig, KEY, () =>
    JSON.stringify({ apiKey: create(), demoPassword: create(), signUpCode: create() }),
  );
  const secrets = JSON.parse(kept) as Omit<LabSecrets, 'isGuarded'>;
  return { ...secrets, ...(config.apiKey !== undefined && { apiKey: config.apiKey }), isGuarded: true };
}

/** The value under `key`, made by `create` if there is none yet. */
async function keepOnce(sharedConfig: SharedConfig, key: string, create: () => string): Promise<string> {
  const read = await sharedConfig.read(key);
  if (read.tag === 'found') return read.value.value;
  const value = create();
  const write = read.tag === 'absent' ? await sharedConfig.compareAndSet(key, 0, value) : read;
  if (write.tag === 'stored') return value;
  throw new AppError('lab.secrets-unavailable', { origin: 'upstream', retry: 'same-peer', detail: { key } });
}
