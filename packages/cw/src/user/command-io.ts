/** What `process` is to a command: where it writes, and its environment. */
export interface CommandProcess {
  readonly stdout: CommandStream;
  readonly stderr: CommandStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface CommandStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  on?(event: 'error', listener: () => void): unknown;
}

/** 0 done, 1 failed, 2 called wrongly. */
export type ExitCode = 0 | 1 | 2;

/** Where a command says what it has to say. */
export interface CommandOutput {
  /** One line of results. */
  result(line: string): void;
  /** One line for people: complaints, summaries. */
  note(line: string): void;
  /** False once the reader of the results has gone (`cw user list | head`). */
  isRead(): boolean;
  /** Replaces the progress line, where somebody watches; '' clears it. */
  progress(text: string): void;
}

/** Results on standard output, everything else on standard error; progress only on a terminal. */
export function createOutput({ stdout, stderr }: Pick<CommandProcess, 'stdout' | 'stderr'>): CommandOutput {
  const clearLine = '\r\u001b[K';
  let isRead: boolean = true;
  stdout.on?.('error', () => {
    isRead = false;
  });
  return {
    isRead: () => isRead,
    result: (line) => stdout.write(`${line}\n`),
    note: (line) => stderr.write(`${line}\n`),
    progress: (text) => stderr.isTTY === true && stderr.write(clearLine + text),
  };
}
