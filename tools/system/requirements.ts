import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What tests need beyond Node: the program, and the Debian package that brings it. */
export const REQUIREMENTS = {
  baresip: { program: 'baresip', debianPackage: 'baresip-core' },
  sipp: { program: 'sipp', debianPackage: 'sip-tester' },
} as const;

export type Requirement = keyof typeof REQUIREMENTS;

/** The path of the program that meets the requirement, or undefined when this machine has none. */
export function findProgram(requirement: Requirement): string | undefined {
  const { program } = REQUIREMENTS[requirement];
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
