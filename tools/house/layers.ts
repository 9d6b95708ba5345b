import { posix } from 'node:path';
import type { Import, SourceFacts } from './source-facts.ts';

/** Who may import whom: downwards only (docs/architecture.md). A new package starts with a line here. */
const BELOW_SERVICES = ['platform', 'sip', 'diameter', 'ims', 'vellum'];
const SERVICES = ['bono', 'sprout', 'dime', 'homer', 'memento', 'ellis', 'chronos', 'astaire'];
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  sip: ['platform'],
  diameter: ['platform'],
  ims: ['platform', 'sip'],
  vellum: ['platform'],
  ...Object.fromEntries(SERVICES.map((service) => [service, BELOW_SERVICES])),
  cw: [...BELOW_SERVICES, ...SERVICES],
  testkit: ['platform', 'sip', 'diameter'],
};

/** Where time, randomness, files, processes and sockets may be touched. Everywhere else they come in through a port. */
const MAY_TOUCH_THE_WORLD: readonly RegExp[] = [
  /^packages\/platform\/src\/(adapters|http|config)\//, // the ports' real side
  /^packages\/vellum\/src\/(embedded|sqlite)\//, // SQLite and the timer log
  /^packages\/[^/]+\/src\/main\.ts$/, // wiring
  /^packages\/cw\//, // the operator's command
  /^packages\/testkit\//, // never part of a product
  /\.int\.test\.ts$/,
];
const WORLD_MODULES =
  /^node:(child_process|cluster|dgram|dns|fs|http|http2|https|net|os|process|sqlite|timers|tls|tty|worker_threads)(\/|$)/;
const WORLD_GLOBALS =
  /^(setTimeout|setInterval|setImmediate|fetch|Date\.now|new Date|Math\.random|performance\.now|process\.\w+|crypto\.\w+)$/;
const RANDOM_FUNCTIONS = /^(random(Bytes|Int|UUID|Fill|FillSync)|getRandomValues|webcrypto)$/;
/** Suites that several adapters pass, and fakes that several tests share. */
const TEST_CODE = /\.test\.ts$|^packages\/[^/]+\/src\/(contract|testing)\//;
const PURE_FUNCTIONS = /^isIP(v4|v6)?$/; // they live in node:net all the same
/** A unit test reads its vectors and its seed, and lets promises settle; it does not wait, and it opens no socket. */
const UNIT_TEST_MAY = /^(node:fs|node:os|setImmediate|process\.)/;

export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The manifests by folder name under `packages/`; the root's own under `''`. */
export type Manifests = ReadonlyMap<string, Manifest>;

/** Every breach of the import rule in one source file, as `path: what is wrong`. */
export function breachesOfSource(file: SourceFacts, manifests: Manifests): readonly string[] {
  const importer = packageOf(file.path);
  const isTest = importer === '' || TEST_CODE.test(file.path);
  const reasons = file.imports.map((each) => {
    if (each.specifier.startsWith('.')) return stray(file.path, importer, isTest, each.specifier);
    if (each.specifier.startsWith('node:')) return undefined;
    return (
      crossing(importer, isTest, each.specifier) ?? undeclared(importer, isTest, each.specifier, manifests)
    );
  });
  return [...reasons, ...worldReasons(file, isTest)]
    .filter((reason) => reason !== undefined)
    .map((reason) => `${file.path}: ${reason}`);
}

/** Every breach in the manifest of the package in `folder`: dependencies against the layers, and entries nobody agreed on. */
export function breachesOfManifest(folder: string, manifest: Manifest): readonly string[] {
  const path = `packages/${folder}/package.json`;
  if (LAYERS[folder] === undefined) return [`${path}: the layer table does not know this package`];
  const entries = SERVICES.includes(folder) ? ['.', './api'] : ['.'];
  return [
    ...Object.keys(manifest.exports ?? {})
      .filter((entry) => !entries.includes(entry))
      .map((entry) => `${path}: exports ${entry}`),
    ...Object.keys(manifest.dependencies ?? {})
      .filter((name) => name.startsWith('@clearwater/'))
      .filter((name) => !mayReach(folder, name.slice('@clearwater/'.length), false))
      .map((name) => `${path}: may not depend on ${name}`),
  ];
}

function packageOf(path: string): string {
  return /^packages\/([^/]+)\//.exec(path)?.[1] ?? '';
}

function stray(path: string, importer: string, isTest: boolean, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  const inside = importer === '' ? packageOf(target) === '' : target.startsWith(`packages/${importer}/src/`);
  if (!inside) return `climbs out of its package: ${specifier}`;
  return !isTest && TEST_CODE.test(target) ? `imports what is for tests alone: ${specifier}` : undefined;
}

function crossing(importer: string, isTest: boolean, specifier: string): string | undefined {
  const match = /^@clearwater\/([^/]+)(?:\/(.+))?$/.exec(specifier);
  if (match === null) return undefined;
  const [, imported = '', entry] = match;
  if (entry !== undefined && !(entry === 'api' && SERVICES.includes(imported)))
    return `imports past the entry: ${specifier}`;
  if (!mayReach(importer, imported, isTest)) return `may not import ${specifier}`;
  const toSibling = SERVICES.includes(importer) && SERVICES.includes(imported) && imported !== importer;
  return toSibling && entry !== 'api'
    ? `may import only the api of another service: ${specifier}`
    : undefined;
}

function mayReach(importer: string, imported: string, isTest: boolean): boolean {
  if (imported === 'testkit') return isTest;
  const allowed = LAYERS[importer];
  if (importer === '' || imported === importer) return true;
  const siblings = SERVICES.includes(importer) ? SERVICES : [];
  return allowed?.includes(imported) === true || siblings.includes(imported);
}

function undeclared(
  importer: string,
  isTest: boolean,
  specifier: string,
  manifests: Manifests,
): string | undefined {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const own = manifests.get(importer);
  const root = manifests.get('');
  const declared = isTest
    ? { ...own?.dependencies, ...own?.devDependencies, ...root?.devDependencies }
    : { ...own?.dependencies };
  return name in declared || name === own?.name
    ? undefined
    : `imports ${name}, which its manifest does not declare`;
}

function worldReasons(file: SourceFacts, isTest: boolean): readonly string[] {
  if (packageOf(file.path) === '' || MAY_TOUCH_THE_WORLD.some((place) => place.test(file.path))) return [];
  const modules = file.imports.filter((each) => !each.typeOnly).flatMap(worldNames);
  return [...modules, ...[...file.uses].filter((name) => WORLD_GLOBALS.test(name))]
    .filter((name) => !(isTest && UNIT_TEST_MAY.test(name)))
    .map((name) => `touches the world outside an adapter: ${name}`);
}

function worldNames({ specifier, names }: Import): readonly string[] {
  if (specifier === 'node:crypto') return names.filter((name) => RANDOM_FUNCTIONS.test(name));
  const pure = names.length > 0 && names.every((name) => PURE_FUNCTIONS.test(name));
  return WORLD_MODULES.test(specifier) && !pure ? [specifier] : [];
}
