import type { TableRead, TableRemoval, TableWrite } from '../outcomes.ts';

/** Log-ins of the self-care web. Only a hash of the cookie's token is kept. No method rejects. */
export interface SessionTable {
  put(session: Session): Promise<TableWrite>;
  /** `absent` once expired. */
  get(tokenHash: string): Promise<TableRead<Session>>;
  remove(tokenHash: string): Promise<TableRemoval>;
  /** Ends all sessions of an account (password changed, account removed). */
  removeAllOf(email: string): Promise<TableRemoval>;
}

export interface Session {
  readonly tokenHash: string;
  readonly email: string;
  readonly expiresAtMs: number;
}
