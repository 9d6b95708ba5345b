import { activeBindings, canonicalImpu, type Impu, removeBinding } from '@clearwater/ims';
import type { Clock, Log } from '@clearwater/platform';
import type { AorStore } from './aor-store.ts';
import type { SubscriberData } from './subscriber-data.ts';

export interface RegistrationAuditParts {
  readonly aors: AorStore;
  readonly subscribers: SubscriberData;
  readonly clock: Clock;
  readonly log: Log;
  /** Writer of this node in the records. */
  readonly nodeName: string;
}

/**
 * Ends registrations whose subscriber is gone (sip-rules 23): a user who was deleted, and a record whose identity no longer leads its
 * implicit set. Everything else that changes, passwords, barring, profiles, is read anew by the next request.
 */
export class RegistrationAudit {
  readonly #parts: RegistrationAuditParts;

  constructor(parts: RegistrationAuditParts) {
    this.#parts = parts;
  }

  /** Looks at the records of identities whose subscription may have changed. One that cannot be checked now ends by its time. */
  async check(impus: readonly string[]): Promise<void> {
    for (const text of impus) {
      const impu = canonicalImpu(text);
      if (impu !== undefined && (await this.#isOrphan(impu))) await this.#end(impu);
    }
  }

  async #isOrphan(impu: Impu): Promise<boolean> {
    const found = await this.#parts.subscribers.subscription(impu);
    return found.tag === 'unknown' || (found.tag === 'found' && found.value.defaultImpu !== impu);
  }

  async #end(impu: Impu): Promise<void> {
    const { aors, clock, log, nodeName } = this.#parts;
    const nowMs = clock.now();
    const update = await aors.update(impu, (record) => {
      const bindings = activeBindings(record, nowMs);
      const writer = { nowMs, node: nodeName };
      const after = bindings.reduce((left, binding) => removeBinding(left, binding, writer), record);
      return { record: after, value: bindings.length };
    });
    if (update.tag !== 'done') log.warn('registration.not-ended', { impu, reason: update.tag });
    else if (update.value > 0) log.info('registration.ended', { impu, bindings: update.value });
  }
}
