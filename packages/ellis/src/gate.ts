import type { ApiHeaders } from '@clearwater/platform';
import type { Accounts } from './accounts.ts';
import { type Refusal, refusal } from './reply.ts';
import { isOwnSite } from './request-origin.ts';
import { sameSecret } from './secret-token.ts';
import type { Sessions } from './sessions.ts';

/** The original's name; the value is a random token. */
const COOKIE_NAME = 'username';

export interface GateOptions {
  readonly apiKey: string;
  /** Browsers send the cookie over TLS alone. */
  readonly isCookieSecure: boolean;
}

/** Who may do what: the holder of the API key everything, the holder of a session what is the account's. */
export class Gate {
  readonly #accounts: Accounts;
  readonly #sessions: Sessions;
  readonly #options: GateOptions;

  constructor(accounts: Accounts, sessions: Sessions, options: GateOptions) {
    this.#accounts = accounts;
    this.#sessions = sessions;
    this.#options = options;
  }

  hasApiKey(headers: ApiHeaders = {}): boolean {
    return sameSecret(headers['ngv-api-key'] ?? '', this.#options.apiKey);
  }

  /** Undefined when the request may read what is `email`'s. */
  async refuseRead(email: string, headers: ApiHeaders = {}): Promise<Refusal | undefined> {
    if (this.hasApiKey(headers)) {
      const account = await this.#accounts.get(email);
      return account === undefined ? refusal(404, 'ellis.unknown-account') : undefined;
    }
    return (await this.account(headers)) === email ? undefined : refusal(403, 'ellis.not-your-account');
  }

  /** As `refuseRead` for a change: a browser on another site may not use the cookie. */
  async refuseChange(email: string, headers: ApiHeaders = {}): Promise<Refusal | undefined> {
    return this.refuseForeign(headers) ?? (await this.refuseRead(email, headers));
  }

  /** Undefined when the request has the API key or comes from no other site. */
  refuseForeign(headers: ApiHeaders = {}): Refusal | undefined {
    const { host, origin, 'sec-fetch-site': secFetchSite } = headers;
    const isOwn = this.hasApiKey(headers) || isOwnSite({ host, origin, secFetchSite });
    return isOwn ? undefined : refusal(403, 'ellis.foreign-origin');
  }

  /** The account a session speaks for; undefined without one, or when the account is gone or expired. */
  async account(headers: ApiHeaders = {}): Promise<string | undefined> {
    const token = sessionToken(headers);
    const email = token === undefined ? undefined : await this.#sessions.emailOf(token);
    const account = email === undefined ? undefined : await this.#accounts.get(email);
    return account === undefined || this.#accounts.isExpired(account) ? undefined : email;
  }

  cookie(token: string): string {
    return this.#cookie(token, this.#sessions.lifetimeS);
  }

  expiredCookie(): string {
    return this.#cookie('', 0);
  }

  #cookie(value: string, maxAgeS: number): string {
    const secure = this.#options.isCookieSecure ? '; Secure' : '';
    return `${COOKIE_NAME}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure}`;
  }
}

/** The token in the session cookie. */
export function sessionToken({ cookie = '' }: ApiHeaders = {}): string | undefined {
  return /(?:^|;\s*)username=([A-Za-z0-9_-]{1,100})(?:;|$)/.exec(cookie)?.[1];
}
