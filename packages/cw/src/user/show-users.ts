import { identitiesOf } from '@clearwater/ellis';
import type { UserContext } from './change-users.ts';
import type { ExitCode } from './command-io.ts';
import type { UserCommand } from './user-arguments.ts';

const PAGE_LIMIT = 1_000;

/** Prints every public identity, page by page in key order. */
export async function listUsers(
  { isJson }: UserCommand,
  { subscribers, output }: UserContext,
): Promise<ExitCode> {
  let after: string | undefined;
  do {
    const { impus, next } = await subscribers.list(after, PAGE_LIMIT);
    for (const impu of impus) output.result(isJson ? JSON.stringify({ public_id: impu }) : impu);
    after = next;
  } while (after !== undefined && output.isRead());
  return 0;
}

/** Prints one subscriber, never its credentials. */
export async function showUser(
  { name, domain, isJson }: UserCommand & { tag: 'show' },
  { subscribers, output }: UserContext,
): Promise<ExitCode> {
  const impu = name.includes(':') ? name : identitiesOf(name, domain).sipUri;
  const irs = await subscribers.setOf(impu);
  if (irs === undefined) {
    output.note(`cw user show: no subscriber has ${impu}`);
    return 1;
  }
  const [impis, impus, profile = ''] = await Promise.all([
    subscribers.privatesOf(impu),
    subscribers.publicsOf(irs),
    subscribers.filterCriteria(impu),
  ]);
  if (isJson) {
    output.result(
      JSON.stringify({ impu, irs, private_ids: impis, public_ids: impus, service_profile: profile }),
    );
    return 0;
  }
  output.result(impu);
  output.result(`  private identities  ${impis.join(' ')}`);
  output.result(`  registration set    ${irs}`);
  output.result(`  public identities   ${impus.join(' ')}`);
  output.result(`  service profile     ${profile === '' ? 'none' : profile}`);
  return 0;
}
