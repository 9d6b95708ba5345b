#!/usr/bin/env node
import { runLab } from './lab/run-lab.ts';
import { userCommand } from './user/user-command.ts';

const USAGE = `cw: run and operate Clearwater

  cw lab  [--data DIR] [--listen IP]… [--domain NAME] [--ellis-port N] [--api-key KEY] …
          the whole deployment in one process, for a lab on one machine
  cw user create|list|show|delete …
          subscribers of a running deployment; see cw user --help
`;

const [command, ...words] = process.argv.slice(2);
const code = await run(command, words);
if (code !== undefined) process.exit(code);

async function run(name: string | undefined, rest: readonly string[]): Promise<number | undefined> {
  switch (name) {
    case 'lab':
      return runLab(rest);
    case 'user':
      return userCommand(rest, process);
    default:
      process.stdout.write(USAGE);
      return name === undefined || name === '--help' || name === 'help' ? 0 : 2;
  }
}
