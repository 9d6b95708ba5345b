import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from './repository.ts';

const TIMEOUT_MS = 300_000; // a first compilation on a slow machine

test.each(['types', 'lint', 'knip'])(
  'npm run %s finds nothing',
  (program) => {
    const { status, stdout, stderr } = run(['scripts/bootstrap.mjs', program], ROOT);
    if (status !== 0) throw new Error(`${stdout}${stderr}`);
  },
  TIMEOUT_MS,
);

/** Biome's promise rules follow no types of the compiler, so this repository in small proves that they see what they must. */
const FIXTURE = {
  '.gitignore': 'node_modules/',
  'packages/lower/package.json': JSON.stringify({
    name: '@clearwater/lower',
    type: 'module',
    exports: {
      '.': { '@clearwater/source': './src/mod.ts', types: './src/mod.ts', default: './dist/mod.js' },
    },
  }),
  'packages/lower/src/mod.ts': "export { Store, save } from './store.ts';\n",
  'packages/lower/src/store.ts': [
    'export async function save(): Promise<void> {\n  await Promise.resolve();\n}\n',
    'export class Store {\n  async put(): Promise<void> {\n    await save();\n  }\n}\n',
    'export function inFile(): void {\n  save();\n}\n',
  ].join('\n'),
  'packages/lower/src/user.ts':
    "import { save } from './store.ts';\n\nexport function acrossFiles(): void {\n  save();\n}\n",
  'packages/upper/package.json': JSON.stringify({
    name: '@clearwater/upper',
    type: 'module',
    dependencies: { '@clearwater/lower': 'workspace:*' },
  }),
  'packages/upper/src/call.ts':
    "import { save } from '@clearwater/lower';\n\nexport function go(): void {\n  save();\n}\n",
  'packages/upper/src/method.ts':
    "import type { Store } from '@clearwater/lower';\n\nexport function go(store: Store): void {\n  store.put();\n}\n",
  'packages/upper/src/awaited.ts':
    "import { save } from '@clearwater/lower';\n\nexport async function go(): Promise<void> {\n  await save();\n}\n",
} as const;

let fixture = '';

beforeAll(() => {
  fixture = mkdtempSync(join(tmpdir(), 'clearwater-lint-'));
  for (const [path, text] of Object.entries(FIXTURE)) {
    mkdirSync(dirname(join(fixture, path)), { recursive: true });
    writeFileSync(join(fixture, path), text);
  }
  cpSync(join(ROOT, 'biome.json'), join(fixture, 'biome.json'));
  mkdirSync(join(fixture, 'packages/upper/node_modules/@clearwater'), { recursive: true });
  symlinkSync('../../../lower', join(fixture, 'packages/upper/node_modules/@clearwater/lower'));
});

afterAll(() => rmSync(fixture, { recursive: true, force: true }));

test.each([
  ['in its own file', 'packages/lower/src/store.ts', 1],
  ['of another file', 'packages/lower/src/user.ts', 1],
  ['of another package', 'packages/upper/src/call.ts', 1],
  ['of a method of another package', 'packages/upper/src/method.ts', 1],
  ['that is awaited', 'packages/upper/src/awaited.ts', 0],
])('lint counts the floating promises %s', (_where, path, count) => {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const { stdout } = run([biome, 'lint', '--reporter=json', '.'], fixture);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { category: string; location: { path: string } }[];
  };
  const found = diagnostics.filter(({ category }) => category === 'lint/nursery/noFloatingPromises');
  expect(found.filter(({ location }) => location.path === path)).toHaveLength(count);
});

/** Runs a script on the Node of this test. */
function run(args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
