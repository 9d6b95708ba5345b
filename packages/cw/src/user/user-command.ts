import { provisioningApi } from '@clearwater/dime/api';
import { Subscribers } from '@clearwater/ellis';
import { CryptoRandom, httpClient } from '@clearwater/platform';
import { createUsers, deleteUsers, type UserContext } from './change-users.ts';
import { type CommandProcess, createOutput, type ExitCode } from './command-io.ts';
import { failureText } from './failure-text.ts';
import { listUsers, showUser } from './show-users.ts';
import { parseUserArguments, USER_USAGE, type UserCommand } from './user-arguments.ts';

/** `cw user …`: subscribers of a running deployment, by its provisioning API. `argv` is what follows `user`. */
export async function userCommand(argv: readonly string[], io: CommandProcess): Promise<ExitCode> {
  const output = createOutput(io);
  const parsed = parseUserArguments(argv, io.env);
  if (parsed.tag === 'help') {
    output.result(USER_USAGE);
    return 0;
  }
  if (parsed.tag === 'wrong') {
    output.note(`cw user: ${parsed.reason}\n\n${USER_USAGE}`);
    return 2;
  }
  const { command, connection } = parsed;
  const { origin, apiKey } = connection;
  const client = httpClient(provisioningApi, {
    origin,
    timeoutMs: 10_000,
    connectionsMax: 16,
    ...(apiKey === undefined ? {} : { bearer: apiKey }),
  });
  try {
    const subscribers = new Subscribers(client, command.domain);
    return await run(command, { subscribers, output, random: new CryptoRandom(), origin });
  } catch (error) {
    output.note(`cw user ${command.tag}: ${failureText(error, origin)}`);
    return 1;
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

function run(command: UserCommand, context: UserContext): Promise<ExitCode> {
  switch (command.tag) {
    case 'create':
      return createUsers(command, context);
    case 'delete':
      return deleteUsers(command, context);
    case 'list':
      return listUsers(command, context);
    case 'show':
      return showUser(command, context);
  }
}
