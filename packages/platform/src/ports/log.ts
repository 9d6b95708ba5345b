/**
 * Structured log. An event is a dotted name (`register.accepted`) and fields; info = one line per outcome that matters to an
 * operator, warn = we coped, error = someone must act. Never a line per SIP message at info. Secrets never reach it;
 * identities go through `redact`.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Log;
}

export type LogFields = Readonly<Record<string, unknown>>;
