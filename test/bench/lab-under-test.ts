import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface LabUnderTest {
  readonly host: string;
  /** CPU time of all threads so far, microseconds, user and system together. */
  cpuUs(): number;
  stop(): Promise<void>;
}

const root = resolve(import.meta.dirname, '../..');

/** A lab in a process of its own, on data of its own, with users 1 … `userCount`. Only on Linux: it reads /proc. */
export async function startLab(
  host: string,
  userCount: number,
  nodeFlags: readonly string[] = [],
): Promise<LabUnderTest> {
  const data = mkdtempSync(join(tmpdir(), 'clearwater-bench-'));
  const main = join(root, 'packages/cw/src/main.ts');
  const flags = ['--conditions=@clearwater/source', ...nodeFlags];
  const words = ['lab', '--data', data, '--listen', host, '--log-level', 'warn'];
  const child = spawn(process.execPath, [...flags, main, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await untilReady(child);
  await provision(host, userCount);
  return {
    host,
    cpuUs: () => cpuUsOf(child.pid ?? 0),
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((done) => child.once('exit', done));
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    child.once('exit', (code) => fail(new Error(`the lab ended with ${code}`)));
    child.stdout?.on('data', (bytes: Buffer) => {
      if (bytes.includes('Clearwater is ready')) done();
    });
  });
}

async function provision(host: string, userCount: number): Promise<void> {
  const pending = new Set<Promise<void>>();
  for (let user = 1; user <= userCount; user += 1) {
    const put = putUser(host, user).finally(() => pending.delete(put));
    pending.add(put);
    if (pending.size >= 32) await Promise.race(pending);
  }
  await Promise.all(pending);
}

async function putUser(host: string, user: number): Promise<void> {
  const impu = encodeURIComponent(`sip:${user}@example.com`);
  const response = await fetch(`http://${host}:8889/subscribers/${impu}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ private_id: `${user}@example.com`, plaintext_password: 'bench' }),
  });
  if (response.status !== 200) throw new Error(`provisioning answered ${response.status}`);
}

function cpuUsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  let nanoseconds = 0;
  for (const task of readdirSync(tasks)) {
    nanoseconds += Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return nanoseconds / 1_000;
}
