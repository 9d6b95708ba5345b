import type { Subscription, TableList, TableRemoval, TableUpdate, TableWrite } from './outcomes.ts';

/**
 * Which instances of a role there are (etcd leases). joining (known, not yet used by others) → normal (serves) → leaving (finishes
 * what it has, gets nothing new) → gone. A member whose process ends disappears by itself. No method rejects.
 */
export interface Membership {
  /** Enters, or enters again, as `joining`. */
  join(member: MemberSpec): Promise<TableWrite>;
  /** To the next state; a step backwards is an error of the caller and answers `absent`. */
  advance(member: MemberKey, state: 'normal' | 'leaving'): Promise<TableUpdate>;
  leave(member: MemberKey): Promise<TableRemoval>;
  /** In the order of `instance`, so that every node computes the same from it. */
  members(role: string): Promise<TableList<Member>>;
  /** Reports the whole list now and after each change. */
  watch(role: string, onChange: (members: readonly Member[]) => void): Subscription;
}

export interface MemberKey {
  readonly role: string;
  readonly instance: string;
}

export interface MemberSpec extends MemberKey {
  /** Purpose → `host:port`, e.g. `{ sip: '127.0.0.1:5054', http: '127.0.0.1:9888' }`. */
  readonly addresses: Readonly<Record<string, string>>;
}

export type MemberState = 'joining' | 'normal' | 'leaving';

export interface Member extends MemberSpec {
  readonly state: MemberState;
}
