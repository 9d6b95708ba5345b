import type {
  Page,
  PageRequest,
  TableList,
  TableRead,
  TableRemoval,
  TableUpdate,
  Unavailable,
  Unknown,
} from '../outcomes.ts';

/**
 * The pool of public identities and who has them. A number has one owner at most. Each claim carries a request id: a retry with it
 * answers the success it had, so `unknown` is cured by asking again. No method rejects.
 */
export interface NumberTable {
  /** Puts numbers into the pool; those already known are left as they are. At most 10,000 at a time. */
  addToPool(
    numbers: readonly PoolNumber[],
  ): Promise<{ readonly tag: 'stored'; readonly addedCount: number } | Unavailable | Unknown>;
  /** A random free number of the ordinary or the PSTN pool. `exhausted`: none is free. */
  allocate(claim: Allocation): Promise<NumberClaim | { readonly tag: 'exhausted' }>;
  /** One particular number, which need not come from the pool. `taken`: somebody has it. */
  claim(claim: SpecificClaim): Promise<NumberClaim | { readonly tag: 'taken' }>;
  /** Back to the pool, or away when it never was of the pool. `absent` when this owner does not have it. */
  release(uri: string, owner: string): Promise<TableRemoval>;
  get(uri: string): Promise<TableRead<OwnedNumber>>;
  ofOwner(owner: string): Promise<TableList<OwnedNumber>>;
  setListed(uri: string, owner: string, isListed: boolean): Promise<TableUpdate>;
  /** Numbers shown in the address book, in key order. */
  listed(
    page: PageRequest,
  ): Promise<{ readonly tag: 'found'; readonly value: Page<OwnedNumber> } | Unavailable>;
}

export interface PoolNumber {
  /** Public identity, e.g. `sip:6505550000@example.com`. */
  readonly uri: string;
  readonly isPstn: boolean;
}

export interface OwnedNumber extends PoolNumber {
  /** Account e-mail address. */
  readonly owner: string;
  readonly privateId: string;
  /** In the address book; true when claimed. */
  readonly isListed: boolean;
  /** Asked for by name, not from the pool. */
  readonly isSpecified: boolean;
}

export interface Allocation {
  readonly owner: string;
  readonly isPstn: boolean;
  /** The private identity that goes with the number found; pure, may be called more than once. */
  readonly privateIdOf: (uri: string) => string;
  readonly requestId: string;
}

export interface SpecificClaim extends PoolNumber {
  readonly owner: string;
  readonly privateId: string;
  readonly requestId: string;
}

export type NumberClaim = { readonly tag: 'stored'; readonly number: OwnedNumber } | Unavailable | Unknown;
