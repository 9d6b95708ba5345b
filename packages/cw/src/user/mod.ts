export type { CommandProcess, ExitCode } from './command-io.ts';
export { userCommand } from './user-command.ts';
