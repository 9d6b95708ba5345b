import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const LINES_MAX = 20_000;

/** What a child left behind: its exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals | null;

/** A program started by a test. It is ended by its own id alone, and never outlives the test that stops it. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #name: string;
  readonly #exited: Promise<Exit>;
  #watchers: ((line: string) => void)[] = [];

  private constructor(name: string, process: ChildProcess) {
    this.#name = name;
    this.#process = process;
    this.#exited = once(process, 'close').then(([code, signal]) => code ?? signal);
    if (process.stdout === null) throw new Error(`${name} has no output`);
    createInterface({ input: process.stdout }).on('line', (line) => this.#take(line));
  }

  /**
   * Open files are raised to what the machine allows: thousands of phones need a socket each. Ahead of other work, where we may (root):
   * a test that counts retransmissions must not count those that other tests on the same processors cause.
   */
  static start(program: string, args: readonly string[], cwd?: string): Child {
    const script = 'ulimit -n "$(ulimit -Hn)"; exec nice -n -10 "$0" "$@" 2>&1';
    const process = spawn('sh', ['-c', script, program, ...args], { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
    return new Child(program, process);
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.#name} did not start`);
    return this.#process.pid;
  }

  /** The newest lines of standard output and standard error together. */
  get output(): string {
    return this.#lines.join('\n');
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** The first line, said already or still to come, that contains `text`. */
  async line(text: string, timeoutMs: number): Promise<string> {
    const said = this.#lines.find((line) => line.includes(text));
    if (said !== undefined) return said;
    const { promise, resolve } = Promise.withResolvers<string>();
    const watch = (line: string): void => {
      if (line.includes(text)) resolve(line);
    };
    this.#watchers.push(watch);
    const ended = this.#exited.then((exit) => {
      throw new Error(`${this.#name} ended (${exit}) without "${text}":\n${this.output}`);
    });
    try {
      return await within(timeoutMs, `"${text}" from ${this.#name}`, Promise.race([promise, ended]));
    } finally {
      this.#watchers = this.#watchers.filter((other) => other !== watch);
    }
  }

  /** How it ended, if it does so in time. */
  exit(timeoutMs: number): Promise<Exit> {
    return within(timeoutMs, `the end of ${this.#name}`, this.#exited);
  }

  /** Signals it and waits for its end; when it stays, it is killed and the wait fails. */
  async end(signal: NodeJS.Signals, timeoutMs: number): Promise<Exit> {
    this.#process.kill(signal);
    try {
      return await this.exit(timeoutMs);
    } catch (error) {
      this.#process.kill('SIGKILL');
      throw error;
    }
  }

  /** For the end of a test, however it went. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** Time on a processor so far, all threads, in microseconds. */
  cpuUs(): number {
    const tasks = `/proc/${this.pid}/task`;
    const nanoseconds = readdirSync(tasks).map((task) =>
      Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1_000;
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
    for (const watch of this.#watchers) watch(line);
  }
}

/** Fails with what was waited for once the time is over. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no ${what} within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks until `check` has something to say: for what nobody announces, such as a file that grows. */
export async function eventually<T>(
  timeoutMs: number,
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`no ${what} within ${timeoutMs} ms`);
    await pause(20);
  }
}

/** For what only real time brings: an expiry that must have passed. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
