import type { TableList, TableRead, TableRemoval, TableUpdate, TableWrite } from '../outcomes.ts';

/** Accounts of the self-care web, one per e-mail address; the caller brings addresses in one spelling. No method rejects. */
export interface AccountTable {
  /** `exists` when the address is taken. A retry with the same request id after `unknown` finds its own success: `stored`. */
  create(account: Account, requestId: string): Promise<TableWrite | { readonly tag: 'exists' }>;
  get(email: string): Promise<TableRead<Account>>;
  /** Also withdraws a recovery token that is out. */
  setPasswordHash(email: string, passwordHash: string): Promise<TableUpdate>;
  /** Replaces any earlier token. */
  setRecovery(email: string, recovery: Recovery): Promise<TableUpdate>;
  /**
   * Sets the password if a token with this hash, created at or after `createdSinceMs`, is out, and consumes it: of two at once one
   * gets `absent`.
   */
  recover(request: RecoveryRequest): Promise<TableUpdate>;
  remove(email: string): Promise<TableRemoval>;
  /** Addresses of at most `limit` accounts that expired at or before `atMs` (epoch milliseconds). */
  expired(atMs: number, limit: number): Promise<TableList<string>>;
}

export interface Account {
  readonly email: string;
  readonly passwordHash: string;
  readonly fullName: string;
  /** Epoch milliseconds; missing = never. An expired account stays until it is removed. */
  readonly expiresAtMs?: number;
}

export interface Recovery {
  readonly tokenHash: string;
  readonly createdAtMs: number;
}

export interface RecoveryRequest {
  readonly email: string;
  readonly tokenHash: string;
  readonly createdSinceMs: number;
  readonly passwordHash: string;
}
