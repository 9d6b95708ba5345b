import { test } from '@jest/globals';
import { findProgram, REQUIREMENTS, type Requirement } from './requirements.ts';

/**
 * A test that needs a program of the system. Jest's global setup (setup.ts) has installed it where it may. Where it could not,
 * the test is skipped by name, and under CI=true it fails: nobody shall take a green run for a complete one.
 */
export function systemTest(
  requirement: Requirement,
  name: string,
  run: (program: string) => Promise<void>,
  timeoutMs = 60_000,
): void {
  const program = findProgram(requirement);
  if (program !== undefined) {
    test(name, () => run(program), timeoutMs);
    return;
  }
  const { debianPackage } = REQUIREMENTS[requirement];
  const skippedName = `${name} (needs ${requirement}: apt-get install ${debianPackage})`;
  if (process.env['CI'] === 'true') {
    test(skippedName, () => {
      throw new Error(`${requirement} is not installed, and CI=true allows no skipped test`);
    });
    return;
  }
  // biome-ignore lint/suspicious/noSkippedTests: skipped by name where the machine lacks the program; with CI=true it fails instead
  test.skip(skippedName, () => undefined); // the reason is in the name: what it needs is not installed, and we may not install it
}
