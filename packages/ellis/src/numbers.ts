import type { Clock, Log, Random } from '@clearwater/platform';
import { codeOf, redact } from '@clearwater/platform';
import type { NumberTable, OwnedNumber } from '@clearwater/vellum';
import { identitiesOf, parseNumberUri } from './number-identity.ts';
import { SerialQueue } from './serial-queue.ts';
import { settled } from './settled.ts';
import { createSipPassword } from './sip-password.ts';
import type { SubscriberSpec, Subscribers } from './subscribers.ts';
import { Throttle } from './throttle.ts';

export interface NumbersPorts {
  readonly numbers: NumberTable;
  readonly subscribers: Subscribers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface NumbersLimits {
  /** Numbers one account may hold. */
  readonly perAccountCountMax: number;
}

export interface WantedNumber {
  readonly isPstn: boolean;
  /** Add the number to this private identity; missing = to one of its own, with a password of its own. */
  readonly privateId?: string;
}

export interface WantedSpecific extends WantedNumber {
  readonly uri: string;
  /** Make `privateId` instead of expecting it. */
  readonly isPrivateIdNew: boolean;
}

export interface NewNumber {
  readonly tag: 'created';
  readonly number: OwnedNumber;
  /** Only when a private identity was made. */
  readonly sipPassword?: string;
}

/** Why there is no number: the pool is empty, the account is full, the number or private identity is taken or not the caller's. */
export interface NoNumber {
  readonly tag: 'exhausted' | 'account-full' | 'taken' | 'unknown-private-id';
}

/** Owner of pool numbers that turned out to be subscribers made by someone else; no e-mail address, so nobody's account. */
const ELSEWHERE = 'provisioned elsewhere';
const CLAIM_ATTEMPT_COUNT_MAX = 50;
const LISTED_PAGE_LIMIT = 1_000;

/**
 * Numbers of accounts. A number is claimed first, then provisioned, and its last public identity is put last: a claimed number
 * without that identity was interrupted. Failures are undone at once; what a crash leaves is undone when its owner next asks for a
 * number, or when the pool runs dry. Methods reject with `ellis.store-unavailable` or `provisioning.failed`.
 */
export class Numbers {
  readonly #ports: NumbersPorts;
  readonly #limits: NumbersLimits;
  readonly #byOwner = new SerialQueue();
  readonly #underWay = new Set<string>();
  readonly #sweeps: Throttle;

  constructor(ports: NumbersPorts, limits: NumbersLimits) {
    this.#ports = ports;
    this.#limits = limits;
    this.#sweeps = new Throttle({ ratePerS: 1 / 60, burst: 1 }, ports.clock);
  }

  async list(owner: string): Promise<readonly OwnedNumber[]> {
    return (await settled(() => this.#ports.numbers.ofOwner(owner))).value;
  }

  /** A random free number for `owner`. */
  allocate(owner: string, wanted: WantedNumber): Promise<NewNumber | NoNumber> {
    return this.#byOwner.run(owner, async () => {
      const owned = await this.#listFinished(owner);
      if (owned.length >= this.#limits.perAccountCountMax) return { tag: 'account-full' };
      const { privateId } = wanted;
      if (privateId !== undefined && !owned.some((number) => number.privateId === privateId)) {
        return { tag: 'unknown-private-id' };
      }
      for (let attempt = 1; attempt <= CLAIM_ATTEMPT_COUNT_MAX; attempt += 1) {
        const number = await this.#claimAny(owner, wanted);
        if (number === undefined) return { tag: 'exhausted' };
        const created = await this.#provision(number, privateId === undefined);
        if (created.tag === 'created') return created;
        await this.#setAside(number);
      }
      return { tag: 'exhausted' };
    });
  }

  /** One particular number, in the pool or not. */
  claim(owner: string, wanted: WantedSpecific): Promise<NewNumber | NoNumber> {
    return this.#byOwner.run(owner, async () => {
      await this.#listFinished(owner);
      const { numbers, random, subscribers } = this.#ports;
      const { uri, isPstn, isPrivateIdNew } = wanted;
      const privateId = wanted.privateId ?? uri.slice('sip:'.length);
      const isNew = wanted.privateId === undefined || isPrivateIdNew;
      if (!isNew && !(await subscribers.hasPrivate(privateId))) return { tag: 'unknown-private-id' };
      const claim = { owner, uri, isPstn, privateId, requestId: random.token(24) };
      const outcome = await this.#markUnderWay(uri, () => settled(() => numbers.claim(claim)));
      if (outcome.tag === 'taken') return { tag: 'taken' };
      const created = await this.#provision(outcome.number, isNew);
      if (created.tag === 'taken') await settled(() => numbers.release(uri, owner));
      return created;
    });
  }

  /** `in-use`: it is the default identity of a private identity that other numbers still share. */
  remove(owner: string, uri: string): Promise<'removed' | 'absent' | 'in-use'> {
    return this.#byOwner.run(owner, async () => {
      const owned = await this.list(owner);
      const number = owned.find((candidate) => candidate.uri === uri);
      if (number === undefined) return 'absent';
      const isShared = owned.some((other) => other.uri !== uri && other.privateId === number.privateId);
      if (isShared && `sip:${number.privateId}` === uri) return 'in-use';
      await this.#unmake(number);
      return 'removed';
    });
  }

  /** Removes every number of an account. */
  removeAll(owner: string): Promise<void> {
    return this.#byOwner.run(owner, async () => {
      for (const number of await this.list(owner)) await this.#unmake(number);
    });
  }

  /** A new SIP password for the private identity behind the number, or undefined when the number is not the owner's. */
  async resetPassword(owner: string, uri: string): Promise<string | undefined> {
    const number = await this.find(owner, uri);
    if (number === undefined) return undefined;
    const sipPassword = createSipPassword(this.#ports.random);
    const isSet = await this.#ports.subscribers.setPassword(number.privateId, sipPassword);
    return isSet ? sipPassword : undefined;
  }

  /** The number, if it is the owner's. */
  async find(owner: string, uri: string): Promise<OwnedNumber | undefined> {
    const read = await settled(() => this.#ports.numbers.get(uri));
    return read.tag === 'found' && read.value.owner === owner ? read.value : undefined;
  }

  async setListed(owner: string, uri: string, isListed: boolean): Promise<boolean> {
    return (await settled(() => this.#ports.numbers.setListed(uri, owner, isListed))).tag === 'stored';
  }

  /** A page of the numbers in the address book. */
  async listed(
    after: string | undefined,
  ): Promise<{ numbers: readonly OwnedNumber[]; next: string | undefined }> {
    const page = { limit: LISTED_PAGE_LIMIT, ...(after === undefined ? {} : { after }) };
    const { entries, next } = (await settled(() => this.#ports.numbers.listed(page))).value;
    return { numbers: entries.filter(({ owner }) => owner !== ELSEWHERE), next };
  }

  /** Frees claimed numbers that never became subscribers, whoever asked for them; at most once a minute. */
  async sweep(): Promise<void> {
    if (this.#sweeps.admit() !== undefined) return;
    let after: string | undefined;
    do {
      const page = { limit: LISTED_PAGE_LIMIT, ...(after === undefined ? {} : { after }) };
      const { entries, next } = (await settled(() => this.#ports.numbers.listed(page))).value;
      for (const number of entries) await this.#unmakeUnfinished(number);
      after = next;
    } while (after !== undefined);
  }

  async #claimAny(owner: string, wanted: WantedNumber): Promise<OwnedNumber | undefined> {
    const { numbers, random } = this.#ports;
    const privateIdOf = (uri: string): string => wanted.privateId ?? uri.slice('sip:'.length);
    const claim = { owner, isPstn: wanted.isPstn, privateIdOf, requestId: random.token(24) };
    const outcome = await settled(() => numbers.allocate(claim));
    return outcome.tag === 'stored' ? outcome.number : undefined;
  }

  /** Makes the claimed number a subscriber; on failure unmakes what there is and rejects with that failure. */
  #provision(number: OwnedNumber, isPrivateIdNew: boolean): Promise<NewNumber | { readonly tag: 'taken' }> {
    return this.#markUnderWay(number.uri, async () => {
      const { subscribers, random } = this.#ports;
      const spec = specOf(number);
      if (await this.#isTaken(spec, isPrivateIdNew)) return { tag: 'taken' };
      try {
        if (!isPrivateIdNew) {
          await subscribers.add(spec);
          return { tag: 'created', number };
        }
        const sipPassword = createSipPassword(random);
        await subscribers.create(spec, sipPassword);
        return { tag: 'created', number, sipPassword };
      } catch (error) {
        await this.#unmake(number).catch((cause: unknown) => {
          this.#ports.log.warn('ellis.number-unfinished', { uri: redact(number.uri), code: codeOf(cause) });
        });
        throw error;
      }
    });
  }

  /** Whether somebody else, such as an operator, has made such a subscriber. */
  async #isTaken({ impi, impus }: SubscriberSpec, isPrivateIdNew: boolean): Promise<boolean> {
    const { subscribers } = this.#ports;
    for (const impu of impus) if (await subscribers.exists(impu)) return true;
    return isPrivateIdNew && (await subscribers.hasPrivate(impi));
  }

  /** The number leaves the owner but not the pool's "taken" side: it is somebody's already. A later sweep frees it when it is not. */
  async #setAside(number: OwnedNumber): Promise<void> {
    const { numbers, random } = this.#ports;
    const { uri, owner, isPstn, privateId } = number;
    await settled(() => numbers.release(uri, owner));
    const requestId = random.token(24);
    await settled(() => numbers.claim({ uri, isPstn, privateId, owner: ELSEWHERE, requestId }));
  }

  /** The owner's numbers, after freeing those an interruption left unfinished. */
  async #listFinished(owner: string): Promise<readonly OwnedNumber[]> {
    const finished: OwnedNumber[] = [];
    for (const number of await this.list(owner)) {
      if (!(await this.#unmakeUnfinished(number))) finished.push(number);
    }
    return finished;
  }

  async #unmakeUnfinished(number: OwnedNumber): Promise<boolean> {
    if (this.#underWay.has(number.uri)) return false;
    const { impus } = specOf(number);
    if (await this.#ports.subscribers.exists(impus.at(-1) ?? number.uri)) return false;
    this.#ports.log.info('ellis.number-reconciled', { uri: redact(number.uri) });
    await this.#unmake(number);
    return true;
  }

  /** Subscriber first, then the claim: interrupted, it leaves an unfinished number, never one that is free and still in use. */
  async #unmake(number: OwnedNumber): Promise<void> {
    const { subscribers, numbers } = this.#ports;
    await subscribers.remove(specOf(number));
    await settled(() => numbers.release(number.uri, number.owner));
  }

  async #markUnderWay<T>(uri: string, work: () => Promise<T>): Promise<T> {
    this.#underWay.add(uri);
    try {
      return await work();
    } finally {
      this.#underWay.delete(uri);
    }
  }
}

function specOf({ uri, privateId }: OwnedNumber): SubscriberSpec {
  const parsed = parseNumberUri(uri);
  const impus = parsed === undefined ? ([uri] as const) : identitiesOf(parsed.number, parsed.domain).impus;
  return { impi: privateId, impus };
}
