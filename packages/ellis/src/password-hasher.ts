import { hash, verify } from '@node-rs/argon2';

/** Work of one hash; argon2id. The defaults are the first choice of RFC 9106 scaled to a small machine (OWASP: 19 MiB, 2 passes). */
export interface PasswordCost {
  readonly memoryKib: number;
  readonly passCount: number;
}

export const PASSWORD_COST: PasswordCost = { memoryKib: 19_456, passCount: 2 };

/** Hashes at work at once: each holds `memoryKib`, so a flood of log-ins queues here instead of eating the machine. */
const ACTIVE_COUNT_MAX = 4;

/** Account passwords (not SIP passwords, whose HA1 the digest needs). */
export class PasswordHasher {
  readonly #cost: { readonly memoryCost: number; readonly timeCost: number };
  readonly #waiting: (() => void)[] = [];
  readonly #decoy: Promise<string>;
  #activeCount = 0;

  constructor(cost: PasswordCost = PASSWORD_COST) {
    this.#cost = { memoryCost: cost.memoryKib, timeCost: cost.passCount };
    this.#decoy = this.hash('no account has this password');
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, this.#cost));
  }

  /** Whether `password` fits `stored`. Without a stored hash it does the same work against a decoy and answers false. */
  async verify(stored: string | undefined, password: string): Promise<boolean> {
    const against = stored ?? (await this.#decoy);
    const fits = await this.#inTurn(() => verify(against, password));
    return fits && stored !== undefined;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#activeCount >= ACTIVE_COUNT_MAX)
      await new Promise<void>((resume) => this.#waiting.push(resume));
    else this.#activeCount += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#activeCount -= 1;
      else next(); // hands its place over
    }
  }
}
