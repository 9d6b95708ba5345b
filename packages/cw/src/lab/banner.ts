import { isIP } from 'node:net';
import type { DemoUser } from './demo-users.ts';
import { isLoopback, type LabConfig } from './lab-config.ts';
import type { LabSecrets } from './lab-secrets.ts';

/** What a newcomer needs to point a phone at the lab: plain text, one blank line at each end. */
export function banner(
  config: LabConfig,
  secrets: LabSecrets,
  users: readonly DemoUser[],
  http: string,
): string {
  const proxies = config.listen.map((host) => `${inUri(config.advertise ?? host)}:${config.sipPort}`);
  const [first, second] = users;
  const lines = [
    '',
    `  Outbound proxy   ${proxies.join(', ')} (UDP or TCP)`,
    `  Domain           ${config.domain}`,
    '',
    '  User   Authentication name    Password',
    ...users.map(({ user, impi, password }) => `  ${user.padEnd(6)} ${impi.padEnd(22)} ${password}`),
    '',
    `  Register both phones, then let ${first?.user} call ${second?.user}.`,
    '',
    `  Self-care API    http://${inUri(http)}:${config.ellisPort}   (sign-up code: ${secrets.signUpCode})`,
    `  Provisioning     http://${inUri(http)}:8889${secrets.isGuarded ? '' : '   (no key needed on loopback)'}`,
    ...(secrets.isGuarded ? [`  API key          ${secrets.apiKey}`] : []),
    `  Data             ${config.data}`,
    '',
  ];
  if (config.listen.every(isLoopback)) {
    lines.push('  Phones on other machines: start with  npm start -- --listen <address of this machine>', '');
  }
  return lines.join('\n');
}

/** An IPv6 address needs brackets before a port. */
export function inUri(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
