/** Certainly nothing was read or changed. `reason` is a short word for logs and counters (`queue-full`, `too-large`). */
export interface Unavailable {
  readonly tag: 'unavailable';
  readonly reason: string;
}

/** The change may or may not have happened: never report it as either; read again or retry with the same request id. */
export interface Unknown {
  readonly tag: 'unknown';
  readonly reason: string;
}

/** The outcome of reading one thing. `absent` is a fact about the store, `unavailable` says nothing about the thing. */
export type TableRead<T> =
  | { readonly tag: 'found'; readonly value: T }
  | { readonly tag: 'absent' }
  | Unavailable;

/** The outcome of reading a list, which may be empty. */
export type TableList<T> = { readonly tag: 'found'; readonly value: readonly T[] } | Unavailable;

/** The outcome of a write that the table itself cannot refuse. `stored` means durable. */
export type TableWrite = { readonly tag: 'stored' } | Unavailable | Unknown;

/** The outcome of a write to something that has to be there. */
export type TableUpdate = TableWrite | { readonly tag: 'absent' };

/** The outcome of a removal; removing what is not there changes nothing and answers `absent`. */
export type TableRemoval = { readonly tag: 'removed' } | { readonly tag: 'absent' } | Unavailable | Unknown;

/** One page of a listing in key order: ask again with `after: next` until `next` is missing. */
export interface Page<T> {
  readonly entries: readonly T[];
  readonly next?: string;
}

/** Where a page starts (exclusive) and how long it may be (1 … 10,000 entries). */
export interface PageRequest {
  readonly after?: string;
  readonly limit: number;
}

/** Something being watched; `close` is idempotent, and nothing is reported after it. */
export interface Subscription {
  close(): void;
}
