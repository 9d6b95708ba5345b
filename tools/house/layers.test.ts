import { expect, test } from '@jest/globals';
import { breachesOfManifest, breachesOfSource, type Manifests } from './layers.ts';
import { packageFolders, readJson, readManifests, readSources } from './repository.ts';
import { factsOf } from './source-facts.ts';

test('every import in the repository goes the way the layers allow', () => {
  const manifests = readManifests();
  expect(readSources().flatMap((file) => breachesOfSource(file, manifests))).toEqual([]);
});

test('every manifest depends only on packages below it', () => {
  const packages = [...readManifests()].filter(([folder]) => folder !== '');
  expect(packages.flatMap(([folder, manifest]) => breachesOfManifest(folder, manifest))).toEqual([]);
});

test('the compiler is told of every package', () => {
  const { references } = readJson('tsconfig.json') as { references: readonly { path: string }[] };
  expect(references.map(({ path }) => path).sort()).toEqual(
    packageFolders()
      .map((folder) => `packages/${folder}`)
      .sort(),
  );
});

const manifests: Manifests = new Map([
  ['', { name: 'clearwater', devDependencies: { '@jest/globals': 'catalog:' } }],
  ['sip', { name: '@clearwater/sip', dependencies: { '@clearwater/platform': 'workspace:*' } }],
  [
    'sprout',
    {
      name: '@clearwater/sprout',
      dependencies: {
        '@clearwater/dime': 'workspace:*',
        '@clearwater/sip': 'workspace:*',
        typebox: 'catalog:',
      },
    },
  ],
]);

test.each([
  ['packages/sip/src/a.ts', "import { x } from '@clearwater/platform';"],
  ['packages/sip/src/proxy/a.ts', "import { x } from '../message/b.ts'; export * from './c.ts';"],
  [
    'packages/sip/src/a.test.ts',
    "import { test } from '@jest/globals'; import { x } from '@clearwater/testkit';",
  ],
  ['packages/sip/src/a.ts', '// setTimeout(f, 1) and Math.random()\nconst text = \'import("node:net")\';'],
  ['packages/sip/src/a.ts', 'const text = new Date(epochMs).toISOString(); socket.setTimeout(5);'],
  [
    'packages/sip/src/a.ts',
    "import { createHash } from 'node:crypto'; import type { Socket } from 'node:net';",
  ],
  [
    'packages/sprout/src/a.ts',
    "import { HomesteadClient } from '@clearwater/dime/api'; import Type from 'typebox';",
  ],
  ['packages/sip/src/a.ts', "import { isIP } from 'node:net';"],
  ['packages/sprout/src/main.ts', 'const home = process.env.HOME;'],
  ['packages/platform/src/adapters/a.ts', "import { createSocket } from 'node:dgram'; setTimeout(f, 1);"],
  ['packages/sip/src/a.test.ts', "import { readFileSync } from 'node:fs'; setImmediate(f);"],
  [
    'packages/sip/src/contract/a.ts',
    "import { x } from '@clearwater/testkit'; export * from '../testing/b.ts';",
  ],
  ['packages/sip/src/a.int.test.ts', "import { createSocket } from 'node:dgram';"],
  ['test/flows/a.ts', "import { sprout } from '@clearwater/sprout'; const now = Date.now();"],
])('allowed: %s with %s', (path, source) => {
  const declared = new Map(manifests).set('', {
    name: 'clearwater',
    devDependencies: { '@jest/globals': '', '@clearwater/testkit': '', '@clearwater/sprout': '' },
  });
  expect(breachesOfSource(factsOf(path, source), declared)).toEqual([]);
});

test.each([
  ['packages/sip/src/a.ts', "import { x } from '@clearwater/vellum';", 'may not import @clearwater/vellum'],
  ['packages/sip/src/a.ts', "import type { X } from '@clearwater/ims';", 'may not import @clearwater/ims'],
  ['packages/sip/src/a.ts', "export * from '@clearwater/bono';", 'may not import @clearwater/bono'],
  ['packages/sip/src/a.ts', "await import('@clearwater/vellum');", 'may not import @clearwater/vellum'],
  ['packages/sip/src/a.ts', "type X = import('@clearwater/ims').X;", 'may not import @clearwater/ims'],
  ['packages/sip/src/a.ts', "import { x } from '@clearwater/testkit';", 'may not import @clearwater/testkit'],
  ['packages/vellum/src/a.test.ts', "import { x } from '@clearwater/ims';", 'may not import @clearwater/ims'],
  ['packages/sprout/src/a.ts', "import { x } from '@clearwater/cw';", 'may not import @clearwater/cw'],
  [
    'packages/sprout/src/a.ts',
    "import { x } from '@clearwater/dime';",
    'may import only the api of another service: @clearwater/dime',
  ],
  [
    'packages/sprout/src/a.ts',
    "import { x } from '@clearwater/sip/src/proxy/b.ts';",
    'imports past the entry: @clearwater/sip/src/proxy/b.ts',
  ],
  [
    'packages/sprout/src/a.ts',
    "import { x } from '@clearwater/dime/dist/mod.js';",
    'imports past the entry: @clearwater/dime/dist/mod.js',
  ],
  [
    'packages/sip/src/a.ts',
    "import { x } from '../../platform/src/mod.ts';",
    'climbs out of its package: ../../platform/src/mod.ts',
  ],
  [
    'packages/sip/src/a.ts',
    "import { x } from '../package.json';",
    'climbs out of its package: ../package.json',
  ],
  [
    'test/flows/a.ts',
    "import { x } from '../../packages/sip/src/mod.ts';",
    'climbs out of its package: ../../packages/sip/src/mod.ts',
  ],
  [
    'packages/sip/src/a.ts',
    "import { x } from './testing/fake.ts';",
    'imports what is for tests alone: ./testing/fake.ts',
  ],
  [
    'packages/sip/src/a.ts',
    "import Type from 'typebox';",
    'imports typebox, which its manifest does not declare',
  ],
  [
    'packages/sip/src/a.ts',
    "import { createSocket } from 'node:dgram';",
    'touches the world outside an adapter: node:dgram',
  ],
  [
    'packages/sip/src/a.ts',
    "import { setTimeout } from 'node:timers/promises';",
    'touches the world outside an adapter: node:timers/promises',
  ],
  [
    'packages/sip/src/a.ts',
    "import { randomBytes } from 'node:crypto';",
    'touches the world outside an adapter: randomBytes',
  ],
  ['packages/sip/src/a.ts', 'const at = Date.now();', 'touches the world outside an adapter: Date.now'],
  ['packages/sip/src/a.ts', 'const at = new Date();', 'touches the world outside an adapter: new Date'],
  [
    'packages/sip/src/a.ts',
    'shuffle(cards, Math.random);',
    'touches the world outside an adapter: Math.random',
  ],
  ['packages/sip/src/a.ts', 'setTimeout(() => {}, 5);', 'touches the world outside an adapter: setTimeout'],
  [
    'packages/sip/src/a.ts',
    'const wait = promisify(setTimeout);',
    'touches the world outside an adapter: setTimeout',
  ],
  [
    'packages/sip/src/a.ts',
    'const ci = process.env.CI;',
    'touches the world outside an adapter: process.env',
  ],
  [
    'packages/sip/src/a.test.ts',
    'await new Promise((wake) => setTimeout(wake, 5));',
    'touches the world outside an adapter: setTimeout',
  ],
])('caught: %s with %s', (path, source, reason) => {
  expect(breachesOfSource(factsOf(path, source), manifests)).toEqual([`${path}: ${reason}`]);
});

test('caught: a manifest that reaches upwards, opens a second entry, or belongs to no layer', () => {
  const manifest = {
    name: '@clearwater/sip',
    exports: { '.': {}, './src/*': {} },
    dependencies: { '@clearwater/testkit': 'workspace:*', '@clearwater/vellum': 'workspace:*' },
  };
  expect(breachesOfManifest('sip', manifest)).toEqual([
    'packages/sip/package.json: exports ./src/*',
    'packages/sip/package.json: may not depend on @clearwater/testkit',
    'packages/sip/package.json: may not depend on @clearwater/vellum',
  ]);
  expect(breachesOfManifest('misc', { name: '@clearwater/misc' })).toEqual([
    'packages/misc/package.json: the layer table does not know this package',
  ]);
});
