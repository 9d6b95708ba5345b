import type { Clock, Log, Random } from '@clearwater/platform';
import { codeOf } from '@clearwater/platform';
import type { Account, AccountTable } from '@clearwater/vellum';
import type { PasswordHasher } from './password-hasher.ts';
import type { RecoveryMailer } from './recovery-mail.ts';
import { createSecretToken, hashSecretToken } from './secret-token.ts';
import type { Sessions } from './sessions.ts';
import { settled } from './settled.ts';

export interface AccountsPorts {
  readonly accounts: AccountTable;
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  readonly mailer: RecoveryMailer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  readonly fullName: string;
  /** Days until the account expires; missing = never. */
  readonly lifetimeDays?: number;
}

export type LogIn = { readonly tag: 'open'; readonly token: string } | { readonly tag: 'refused' };

const DAY_MS = 86_400_000;
/** How long a recovery link is good for. */
const RECOVERY_LIFETIME_MS = DAY_MS;

/** Accounts of the self-care web. All methods reject with `ellis.store-unavailable` when the store cannot answer. */
export class Accounts {
  readonly #ports: AccountsPorts;
  readonly #recoveryLink: (email: string, token: string) => string;
  readonly #mailsUnderWay = new Set<Promise<void>>();

  constructor(ports: AccountsPorts, recoveryLink: (email: string, token: string) => string) {
    this.#ports = ports;
    this.#recoveryLink = recoveryLink;
  }

  async create(wanted: NewAccount): Promise<'created' | 'exists'> {
    const { accounts, hasher, clock, random } = this.#ports;
    const account: Account = {
      email: wanted.email,
      passwordHash: await hasher.hash(wanted.password),
      fullName: wanted.fullName,
      ...(wanted.lifetimeDays === undefined
        ? {}
        : { expiresAtMs: clock.now() + wanted.lifetimeDays * DAY_MS }),
    };
    const requestId = random.token(24);
    const write = await settled(() => accounts.create(account, requestId));
    return write.tag === 'exists' ? 'exists' : 'created';
  }

  async get(email: string): Promise<Account | undefined> {
    const read = await settled(() => this.#ports.accounts.get(email));
    return read.tag === 'found' ? read.value : undefined;
  }

  isExpired(account: Account): boolean {
    return account.expiresAtMs !== undefined && account.expiresAtMs <= this.#ports.clock.now();
  }

  /** Same answer and same work for an unknown address, a wrong password and an expired account. */
  async logIn(email: string, password: string): Promise<LogIn> {
    const { sessions, hasher } = this.#ports;
    const account = await this.get(email);
    const fits = await hasher.verify(account?.passwordHash, password);
    if (account === undefined || !fits || this.isExpired(account)) return { tag: 'refused' };
    const token = await sessions.open(email);
    // A password changed while we hashed has ended all sessions before this one was there.
    const isStill = (await this.get(email))?.passwordHash === account.passwordHash;
    if (isStill) return { tag: 'open', token };
    await sessions.close(token);
    return { tag: 'refused' };
  }

  /** Mails a link in the background, if there is such an account: neither the answer nor its time tells. */
  requestRecovery(email: string): void {
    const mail = this.#mailRecovery(email).catch((error: unknown) => {
      this.#ports.log.error('ellis.recovery-mail-failed', { code: codeOf(error) });
    });
    this.#mailsUnderWay.add(mail);
    void mail.finally(() => this.#mailsUnderWay.delete(mail));
  }

  /** Sets a new password if the token is good, and ends every session. False when it is not. */
  async recover(email: string, token: string, password: string): Promise<boolean> {
    const { accounts, sessions, hasher, clock } = this.#ports;
    const request = {
      email,
      tokenHash: hashSecretToken(token),
      createdSinceMs: clock.now() - RECOVERY_LIFETIME_MS,
      passwordHash: await hasher.hash(password),
    };
    const update = await settled(() => accounts.recover(request));
    const isDone = update.tag === 'stored' || (await this.get(email))?.passwordHash === request.passwordHash;
    if (isDone) await sessions.closeAllOf(email);
    return isDone;
  }

  /** Ends the account's sessions, then the account; its numbers are the caller's to remove first. */
  async remove(email: string): Promise<void> {
    await this.#ports.sessions.closeAllOf(email);
    await settled(() => this.#ports.accounts.remove(email));
  }

  /** Addresses of at most `limit` expired accounts. */
  async expired(limit: number): Promise<readonly string[]> {
    const { accounts, clock } = this.#ports;
    return (await settled(() => accounts.expired(clock.now(), limit))).value;
  }

  /** Resolves when no recovery mail is under way. */
  async mailsSent(): Promise<void> {
    await Promise.all(this.#mailsUnderWay);
  }

  async #mailRecovery(email: string): Promise<void> {
    const { accounts, mailer, clock, random } = this.#ports;
    const account = await this.get(email);
    if (account === undefined || this.isExpired(account)) return;
    const { token, hash } = createSecretToken(random);
    await settled(() => accounts.setRecovery(email, { tokenHash: hash, createdAtMs: clock.now() }));
    await mailer({ email, fullName: account.fullName, link: this.#recoveryLink(email, token) });
  }
}
