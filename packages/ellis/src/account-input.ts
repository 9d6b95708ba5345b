import type { NewAccount } from './accounts.ts';

/** What a sign-up brings. */
export interface AccountFields {
  readonly email?: string;
  readonly password?: string;
  readonly full_name?: string;
  readonly expires?: number;
}

export type AccountInput =
  | { readonly tag: 'valid'; readonly account: NewAccount }
  | { readonly tag: 'invalid'; readonly reason: string };

/** Deviates from the original's 36, which turns real addresses away. */
const EMAIL_LENGTH_MAX = 254;
const EMAIL = /^[^\s@"<>(),:;\\\p{Cc}]+@[^\s@"<>(),:;\\\p{Cc}]+$/u;
const PASSWORD_LENGTH_MIN = 6;
const PASSWORD_LENGTH_MAX = 200;
const FULL_NAME_LENGTH_MAX = 100;
const LIFETIME_DAYS_MAX = 36_500;

/** One spelling per account: as the mail systems that matter do, letters count without their case. */
export function canonicalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Why a password may not be used, or undefined. */
export function passwordFault(password: string): string | undefined {
  return password.length < PASSWORD_LENGTH_MIN || password.length > PASSWORD_LENGTH_MAX
    ? `password: ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters`
    : undefined;
}

/** Checks a sign-up. */
export function checkAccount(fields: AccountFields): AccountInput {
  const { password = '', full_name: fullName = '', expires } = fields;
  const email = canonicalEmail(fields.email ?? '');
  if (email.length > EMAIL_LENGTH_MAX || !EMAIL.test(email)) return invalid('email: not an e-mail address');
  const fault = passwordFault(password);
  if (fault !== undefined) return invalid(fault);
  if (fullName.trim() === '' || fullName.length > FULL_NAME_LENGTH_MAX || /\p{Cc}/u.test(fullName)) {
    return invalid(`full_name: 1 to ${FULL_NAME_LENGTH_MAX} characters on one line`);
  }
  if (expires === undefined) return { tag: 'valid', account: { email, password, fullName } };
  if (expires < 1 || expires > LIFETIME_DAYS_MAX) return invalid(`expires: 1 to ${LIFETIME_DAYS_MAX} days`);
  return { tag: 'valid', account: { email, password, fullName, lifetimeDays: expires } };
}

function invalid(reason: string): AccountInput {
  return { tag: 'invalid', reason };
}
