import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from './child.ts';

const SCENARIOS = join(import.meta.dirname, 'scenarios');

export interface SippOptions {
  readonly program: string;
  readonly directory: string;
  /** A file of scenarios/, without its ending; also the name of this run's files. */
  readonly scenario: string;
  readonly proxyHost: string;
  /** One for each run at the same time. */
  readonly controlPort: number;
  /** Values of each call in order: field 1 is the address to send from. */
  readonly rows: readonly (readonly string[])[];
  readonly port: number;
  readonly ratePerS: number;
  /** Calls under way at most. */
  readonly limit: number;
  readonly timeoutS: number;
}

/** What SIPp's own statistics say in the end. */
export interface SippResult {
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly elapsedS: number;
  /** When a call failed, what it said about it; its beginning. A repeated response to a call that is over is no failure. */
  readonly errors: string;
}

/** SIPp 3.6, each user on its own loopback address (`-t ui`). */
export class SippRun {
  readonly child: Child;
  readonly #options: SippOptions;

  private constructor(child: Child, options: SippOptions) {
    this.child = child;
    this.#options = options;
  }

  static async start(options: SippOptions): Promise<SippRun> {
    const { program, directory, scenario, proxyHost, rows, port, ratePerS, limit } = options;
    await mkdir(directory, { recursive: true });
    const file = (ending: string): string => join(directory, `${scenario}.${ending}`);
    await rm(file('log'), { force: true }); // of an earlier run
    await writeFile(file('csv'), `SEQUENTIAL\n${rows.map((row) => row.join(';')).join('\n')}\n`);
    const flags = {
      sf: join(SCENARIOS, `${scenario}.xml`),
      inf: file('csv'),
      t: 'ui',
      ip_field: 1,
      i: rows[0]?.[1] ?? '',
      p: port,
      r: ratePerS,
      m: rows.length,
      l: limit,
      max_socket: rows.length + 100,
      auth_uri: 'example.com',
      cp: options.controlPort,
      timeout: options.timeoutS,
      stf: file('stat'),
      fd: 1,
      error_file: file('errors'),
      log_file: file('log'),
      buff_size: 8_388_608,
      watchdog_minor_threshold: 60_000, // on a busy machine it would only say so
      watchdog_major_threshold: 60_000,
    };
    const words = Object.entries(flags).flatMap(([name, value]) => [`-${name}`, String(value)]);
    const switches = ['-nostdin', '-trace_stat', '-trace_err', '-trace_logs', '-timeout_error'];
    const child = Child.start(program, [`${proxyHost}:5060`, ...words, ...switches], directory);
    return new SippRun(child, options);
  }

  /** Waits until it has run all its calls. */
  async result(): Promise<SippResult> {
    const exit = await this.child.exit((this.#options.timeoutS + 20) * 1_000);
    const rows = (await this.#text('stat')).trim().split('\n');
    const names = rows[0]?.split(';') ?? [];
    const values = rows.at(-1)?.split(';') ?? [];
    const value = (name: string): string => values[names.indexOf(name)] ?? '';
    const [hours = 0, minutes = 0, seconds = 0] = value('ElapsedTime(C)').split(':').map(Number);
    const failed = Number(value('FailedCall(C)'));
    const isClean = exit === 0 && failed === 0;
    return {
      successful: Number(value('SuccessfulCall(C)')),
      failed,
      retransmissions: Number(value('Retransmissions(C)')),
      elapsedS: hours * 3_600 + minutes * 60 + seconds,
      errors: isClean
        ? ''
        : `exit ${exit}\n${this.child.output.slice(-500)}\n${(await this.#text('errors')).slice(0, 4_000)}`,
    };
  }

  /** The users it has seen registered so far. */
  async registered(): Promise<readonly string[]> {
    const text = await this.#text('log');
    return [...text.matchAll(/registered (\d+)\n/g)].map(([, user = '']) => user);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }

  #text(ending: string): Promise<string> {
    const { directory, scenario } = this.#options;
    return readFile(join(directory, `${scenario}.${ending}`), 'utf8').catch(() => '');
  }
}
