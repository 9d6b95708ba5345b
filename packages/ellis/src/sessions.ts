import type { Clock, Random } from '@clearwater/platform';
import type { SessionTable } from '@clearwater/vellum';
import { createSecretToken, hashSecretToken } from './secret-token.ts';
import { settled } from './settled.ts';

export interface SessionsPorts {
  readonly sessions: SessionTable;
  readonly clock: Clock;
  readonly random: Random;
}

/** Log-ins: a random token in a cookie, its hash in the store. All methods reject with `ellis.store-unavailable`. */
export class Sessions {
  readonly #ports: SessionsPorts;
  readonly lifetimeS: number;

  constructor(ports: SessionsPorts, lifetimeS: number) {
    this.#ports = ports;
    this.lifetimeS = lifetimeS;
  }

  /** The token of a new session of the account. */
  async open(email: string): Promise<string> {
    const { sessions, clock, random } = this.#ports;
    const { token, hash } = createSecretToken(random);
    const session = { tokenHash: hash, email, expiresAtMs: clock.now() + this.lifetimeS * 1_000 };
    await settled(() => sessions.put(session));
    return token;
  }

  /** The account a token speaks for, or undefined. */
  async emailOf(token: string): Promise<string | undefined> {
    const { sessions, clock } = this.#ports;
    const read = await settled(() => sessions.get(hashSecretToken(token)));
    return read.tag === 'found' && read.value.expiresAtMs > clock.now() ? read.value.email : undefined;
  }

  async close(token: string): Promise<void> {
    await settled(() => this.#ports.sessions.remove(hashSecretToken(token)));
  }

  async closeAllOf(email: string): Promise<void> {
    await settled(() => this.#ports.sessions.removeAllOf(email));
  }
}
