import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram, REQUIREMENTS, type Requirement } from './requirements.ts';

/** Jest's global setup: installs what tests need beyond Node, where that is ours to do (root on Debian). */
export default function setup(): void {
  const missing = (Object.keys(REQUIREMENTS) as Requirement[]).filter(
    (requirement) => findProgram(requirement) === undefined,
  );
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  const packages = missing.map((requirement) => REQUIREMENTS[requirement].debianPackage);
  console.error(`installing what tests need: ${packages.join(' ')}`);
  // Neither package starts a service. A failure is only reported: each test that stays without its program says so by name.
  if (!aptGet('update') || !aptGet('install', '-y', '--no-install-recommends', ...packages)) {
    console.error(`could not install ${packages.join(' ')}`);
  }
}

/** Waits while somebody else holds dpkg's lock; shows what was said only when it fails. */
function aptGet(...args: string[]): boolean {
  const result = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status !== 0) console.error(result.error?.message ?? `${result.stdout}${result.stderr}`);
  return result.status === 0;
}
