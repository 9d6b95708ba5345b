import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log, LogFields } from '../ports/log.ts';
import { withoutSecrets } from './secret-fields.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface PinoLogOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go; standard output, written in the background and flushed at exit, by default. */
  readonly sink?: { write(line: string): void };
}

/** One JSON object a line: `time`, `level`, `service`, `event` and the fields, secrets taken out. */
export class PinoLog implements Log {
  readonly #logger: Logger;

  private constructor(logger: Logger) {
    this.#logger = logger;
  }

  static open({ service, level, sink }: PinoLogOptions): PinoLog {
    const options = {
      level,
      base: { service },
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    return new PinoLog(pino(options, sink ?? destination({ dest: 1, sync: false })));
  }

  debug(event: string, fields: LogFields = {}): void {
    if (this.#logger.isLevelEnabled('debug')) this.#logger.debug(withoutSecrets(fields), event);
  }

  info(event: string, fields: LogFields = {}): void {
    if (this.#logger.isLevelEnabled('info')) this.#logger.info(withoutSecrets(fields), event);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#logger.warn(withoutSecrets(fields), event);
  }

  error(event: string, fields: LogFields = {}): void {
    this.#logger.error(withoutSecrets(fields), event);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(withoutSecrets(fields)));
  }
}
