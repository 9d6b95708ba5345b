import type { Member, MemberKey, MemberSpec, MemberState, Membership } from '../ports/membership.ts';
import type { Subscription, TableList, TableRemoval, TableUpdate, TableWrite } from '../ports/outcomes.ts';

/** Members of a deployment that is one process: they end with it, as an etcd lease does, so nothing is written down. */
export class LocalMembership implements Membership {
  readonly #roles: Map<string, Map<string, Member>> = new Map();
  readonly #watchers: Set<Watcher> = new Set();

  async join({ role, instance, addresses }: MemberSpec): Promise<TableWrite> {
    this.#role(role).set(instance, { role, instance, addresses, state: 'joining' });
    this.#report(role);
    return { tag: 'stored' };
  }

  async advance({ role, instance }: MemberKey, state: 'normal' | 'leaving'): Promise<TableUpdate> {
    const member = this.#role(role).get(instance);
    if (member === undefined || STATES.indexOf(state) < STATES.indexOf(member.state))
      return { tag: 'absent' };
    this.#role(role).set(instance, { ...member, state });
    this.#report(role);
    return { tag: 'stored' };
  }

  async leave({ role, instance }: MemberKey): Promise<TableRemoval> {
    if (!this.#role(role).delete(instance)) return { tag: 'absent' };
    this.#report(role);
    return { tag: 'removed' };
  }

  async members(role: string): Promise<TableList<Member>> {
    return { tag: 'found', value: this.#sorted(role) };
  }

  watch(role: string, onChange: (members: readonly Member[]) => void): Subscription {
    const watcher: Watcher = { role, onChange };
    this.#watchers.add(watcher);
    this.#notify(watcher);
    return { close: () => void this.#watchers.delete(watcher) };
  }

  #role(role: string): Map<string, Member> {
    const known = this.#roles.get(role);
    if (known !== undefined) return known;
    const created = new Map<string, Member>();
    this.#roles.set(role, created);
    return created;
  }

  #sorted(role: string): readonly Member[] {
    return [...this.#role(role).values()].sort((a, b) => (a.instance < b.instance ? -1 : 1));
  }

  #report(role: string): void {
    for (const watcher of this.#watchers) if (watcher.role === role) this.#notify(watcher);
  }

  #notify(watcher: Watcher): void {
    queueMicrotask(() => {
      if (this.#watchers.has(watcher)) watcher.onChange(this.#sorted(watcher.role));
    });
  }
}

const STATES: readonly MemberState[] = ['joining', 'normal', 'leaving'];

interface Watcher {
  readonly role: string;
  readonly onChange: (members: readonly Member[]) => void;
}
