import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Manifest, Manifests } from './layers.ts';
import { factsOf, type SourceFacts } from './source-facts.ts';

export const ROOT: string = resolve(import.meta.dirname, '../..');

/** The facts of every TypeScript source: the packages', the tests' and the tools'. */
export function readSources(): readonly SourceFacts[] {
  const paths = globSync(['packages/*/src/**/*.ts', 'test/**/*.ts', 'tools/*/*.ts'], { cwd: ROOT });
  return paths.sort().map((path) => factsOf(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function packageFolders(): readonly string[] {
  return globSync('packages/*/package.json', { cwd: ROOT }).map((path) => basename(dirname(path)));
}

export function readManifests(): Manifests {
  const folders = packageFolders().map((folder) => [folder, manifestAt(`packages/${folder}`)] as const);
  return new Map([['', manifestAt('.')], ...folders]);
}

/** Reads a JSON file; the caller says what it holds. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

function manifestAt(folder: string): Manifest {
  return readJson(`${folder}/package.json`) as Manifest;
}
