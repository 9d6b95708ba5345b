import { createSipPassword, identitiesOf, type Subscribers } from '@clearwater/ellis';
import type { Random } from '@clearwater/platform';
import type { CommandOutput, ExitCode } from './command-io.ts';
import { failureText } from './failure-text.ts';
import { inOrder } from './in-order.ts';
import type { NumberRange } from './number-range.ts';
import type { UserCommand } from './user-arguments.ts';

/** Users under way at once: enough to keep a deployment busy, few enough to leave its phones alone. */
const WIDTH = 32;

/** What happened to one number. `password` is there when it was generated, for nobody else knows it. */
type UserChange =
  | {
      readonly tag: 'created';
      readonly impus: readonly string[];
      readonly impi: string;
      readonly password?: string;
    }
  | {
      readonly tag: 'existed' | 'deleted' | 'absent';
      readonly impus: readonly string[];
      readonly impi: string;
    };

interface Failed {
  readonly tag: 'failed';
  readonly error: unknown;
}

export interface UserContext {
  readonly subscribers: Subscribers;
  readonly output: CommandOutput;
  readonly random: Random;
  readonly origin: string;
}

/** Makes what is missing of a range. Stops at the first failure; running it again goes on. */
export function createUsers(
  command: UserCommand & { tag: 'create' },
  context: UserContext,
): Promise<ExitCode> {
  const { range, domain } = command;
  return changeUsers({ range, isJson: command.isJson, verb: 'create' }, context, (number) =>
    createUser(
      { number, domain, impi: command.impi, password: command.password },
      context.subscribers,
      context.random,
    ),
  );
}

/** Removes a range. Removing what is not there is no failure. */
export function deleteUsers(
  command: UserCommand & { tag: 'delete' },
  context: UserContext,
): Promise<ExitCode> {
  const { range, domain, isJson } = command;
  return changeUsers({ range, isJson, verb: 'delete' }, context, (number) =>
    deleteUser(number, domain, context.subscribers),
  );
}

interface WantedUser {
  readonly number: string;
  readonly domain: string;
  readonly impi: string | undefined;
  readonly password: string | undefined;
}

async function createUser(wanted: WantedUser, subscribers: Subscribers, random: Random): Promise<UserChange> {
  const { impi: ownImpi, impus } = identitiesOf(wanted.number, wanted.domain);
  const impi = wanted.impi ?? ownImpi;
  // The last identity is made last: where it is, all is.
  if (await subscribers.exists(impus.at(-1) ?? impus[0])) return { tag: 'existed', impus, impi };
  if (wanted.impi !== undefined && (await subscribers.hasPrivate(impi))) {
    await subscribers.add({ impi, impus });
    return { tag: 'created', impus, impi };
  }
  const password = wanted.password ?? createSipPassword(random);
  await subscribers.create({ impi, impus }, password);
  return { tag: 'created', impus, impi, ...(wanted.password === undefined ? { password } : {}) };
}

async function deleteUser(number: string, domain: string, subscribers: Subscribers): Promise<UserChange> {
  const { impi: ownImpi, impus } = identitiesOf(number, domain);
  const owners = await subscribers.privatesOf(impus[0]);
  const impis = owners.length === 0 ? [ownImpi] : owners; // interrupted, it may have left the private identity
  const outcomes: string[] = [];
  for (const impi of impis) outcomes.push(await subscribers.remove({ impi, impus }));
  return { tag: outcomes.includes('removed') ? 'deleted' : 'absent', impus, impi: impis[0] ?? ownImpi };
}

interface RangeChange {
  readonly range: NumberRange;
  readonly isJson: boolean;
  readonly verb: string;
}

async function changeUsers(
  { range, isJson, verb }: RangeChange,
  { output, origin }: UserContext,
  change: (number: string) => Promise<UserChange>,
): Promise<ExitCode> {
  const counts = new Map<string, number>();
  let failed: { readonly number: string; readonly error: unknown } | undefined;
  const attempt = (index: number): Promise<UserChange | Failed> =>
    change(range.at(index)).catch((error: unknown) => ({ tag: 'failed', error }));
  await inOrder({ count: range.count, width: WIDTH }, attempt, (result, index) => {
    if (result.tag === 'failed') {
      failed = { number: range.at(index), error: result.error };
      return false;
    }
    counts.set(result.tag, (counts.get(result.tag) ?? 0) + 1);
    report(result, { isJson, isSingle: range.count === 1 }, output);
    if ((index + 1) % 100 === 0) output.progress(`${verb}: ${index + 1} of ${range.count}`);
    return output.isRead(); // nobody would see the passwords of the others
  });
  output.progress('');
  const summary = [...counts].map(([tag, count]) => `${count} ${tag}`).join(', ');
  if (failed === undefined) {
    output.note(summary);
    return output.isRead() ? 0 : 1;
  }
  const before = summary === '' ? '' : ` (before it: ${summary}; running again goes on from there)`;
  output.note(`cw user ${verb}: stopped at ${failed.number}${before}: ${failureText(failed.error, origin)}`);
  return 1;
}

/** A line for each user with --json; for people only what they have to write down, or the outcome of a single one. */
function report(
  change: UserChange,
  { isJson, isSingle }: { readonly isJson: boolean; readonly isSingle: boolean },
  output: CommandOutput,
): void {
  if (isJson) return output.result(JSON.stringify(change));
  const password = change.tag === 'created' ? change.password : undefined;
  if (password === undefined && !isSingle) return;
  const secret = password === undefined ? '' : `  password ${password}`;
  output.result(`${change.tag}  ${change.impus.join(' ')}  private identity ${change.impi}${secret}`);
}
