import { type Log, type LogFields, withoutSecrets } from '@clearwater/platform';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps every line, cleaned of secrets as the real log does. */
export class MemoryLog implements Log {
  readonly #lines: LogLine[];
  readonly #bound: LogFields;

  constructor(lines: LogLine[] = [], bound: LogFields = {}) {
    this.#lines = lines;
    this.#bound = bound;
  }

  /** All lines of this log and its children, in order. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Event names in order, of one level or of all. */
  events(level?: LogLine['level']): readonly string[] {
    return this.#lines
      .filter((line) => level === undefined || line.level === level)
      .map((line) => line.event);
  }

  debug(event: string, fields?: LogFields): void {
    this.#add('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#add('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#add('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#add('error', event, fields);
  }

  child(fields: LogFields): MemoryLog {
    return new MemoryLog(this.#lines, { ...this.#bound, ...fields });
  }

  #add(level: LogLine['level'], event: string, fields: LogFields = {}): void {
    this.#lines.push({ level, event, fields: withoutSecrets({ ...this.#bound, ...fields }) });
  }
}
