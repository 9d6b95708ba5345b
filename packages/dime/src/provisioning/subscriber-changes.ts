import type { SubscriberTable } from '@clearwater/vellum';

/** Identities whose credentials, profile or membership changed, or may have. */
export interface SubscriberChange {
  readonly impus: readonly string[];
  readonly impis: readonly string[];
}

export type OnSubscriberChange = (change: SubscriberChange) => void;

/** What an operation touches: a set, a private identity, or one public identity that may be new. */
export interface ChangeScope {
  readonly irs?: string;
  readonly impi?: string;
  readonly impu?: string;
}

/**
 * Tells who is affected by each change of the subscriber database. Whoever reads the database sees a change on the next request
 * anyway; this is for consequences nobody would ask for otherwise, such as ending a registration.
 */
export class SubscriberChanges {
  readonly #subscribers: SubscriberTable;
  readonly #onChange: OnSubscriberChange | undefined;

  constructor(subscribers: SubscriberTable, onChange: OnSubscriberChange | undefined) {
    this.#subscribers = subscribers;
    this.#onChange = onChange;
  }

  /** Runs `write` and reports what it touched, unless it certainly changed nothing. The affected are read before, as it may remove them. */
  async changing<T extends { readonly tag: string }>(
    scope: ChangeScope,
    write: () => Promise<T>,
  ): Promise<T> {
    if (this.#onChange === undefined) return await write();
    const affected = await this.#affected(scope);
    const outcome = await write();
    if (['stored', 'removed', 'unknown'].includes(outcome.tag)) this.#onChange(affected);
    return outcome;
  }

  async #affected({ irs, impi, impu }: ChangeScope): Promise<SubscriberChange> {
    const table = this.#subscribers;
    const lists = await Promise.all([
      irs === undefined ? undefined : table.publicsOfSet(irs),
      impi === undefined ? undefined : table.publicsOfPrivate(impi),
      irs === undefined ? undefined : table.privatesOfSet(irs),
    ]);
    const [ofSet, ofPrivate, privates] = lists.map((list) => (list?.tag === 'found' ? list.value : []));
    return {
      impus: distinct(impu, ...(ofSet ?? []), ...(irs === undefined ? (ofPrivate ?? []) : [])),
      impis: distinct(impi, ...(privates ?? [])),
    };
  }
}

function distinct(...values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}
