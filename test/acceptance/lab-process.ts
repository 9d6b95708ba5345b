import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Child, type Exit } from './child.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const READY_MS = 30_000;
const STOP_MS = 15_000;

/** `cw` as its users start it, less the bootstrap. */
export function cw(...words: readonly string[]): Child {
  const main = join(ROOT, 'packages/cw/src/main.ts');
  return Child.start(
    process.execPath,
    ['--conditions=@clearwater/source', '--disable-warning=ExperimentalWarning', main, ...words],
    ROOT,
  );
}

/** A directory for a lab's data; `remove` when the test is over. */
export async function labData(): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'clearwater-acceptance-'));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** A lab in a process of its own, all its ports on one loopback address. */
export class LabProcess {
  readonly host: string;
  readonly child: Child;
  readonly readyMs: number;

  private constructor(host: string, child: Child, readyMs: number) {
    this.host = host;
    this.child = child;
    this.readyMs = readyMs;
  }

  /** Resolves once the lab says that it is ready. */
  static async start(
    { host, data }: { readonly host: string; readonly data: string },
    ...options: readonly string[]
  ): Promise<LabProcess> {
    const startedMs = performance.now();
    const child = cw('lab', '--data', data, '--listen', host, '--log-level', 'warn', ...options);
    try {
      await child.line('Clearwater is ready', READY_MS);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
    return new LabProcess(host, child, Math.round(performance.now() - startedMs));
  }

  /** Local numbers first..last, each with `password`, as an operator makes them. */
  async createUsers(range: string, password: string): Promise<void> {
    const provisioning = `http://${this.host}:8889`;
    await using command = cw('user', 'create', range, '--password', password, '--provisioning', provisioning);
    const exit = await command.exit(120_000);
    if (exit !== 0) throw new Error(`cw user create ${range}: ${exit}\n${command.output}`);
  }

  /** SIGTERM. */
  stop(): Promise<Exit> {
    return this.child.end('SIGTERM', STOP_MS);
  }

  /** As a power cut would: nothing is flushed, nobody is told. */
  kill9(): Promise<Exit> {
    return this.child.end('SIGKILL', STOP_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }
}
