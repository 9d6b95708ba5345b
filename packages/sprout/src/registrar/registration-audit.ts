import { activeBindings, canonicalImpu, type Impi, type Impu, removeBinding } from '@clearwater/ims';
import { type Clock, type Log, redact } from '@clearwater/platform';
import type { SubscriberData } from '../subscriber-data.ts';
import type { AorStore } from './aor-store.ts';

export interface RegistrationAuditParts {
  readonly aors: AorStore;
  readonly subscribers: SubscriberData;
  readonly clock: Clock;
  readonly log: Log;
  /** Writer of this node in the records. */
  readonly nodeName: string;
}

/**
 * Ends registrations that would not be accepted any more: the user was deleted, the private identity that registered may
 * not use the set any longer, or the record's identity no longer leads its implicit set. Everything else that changes, passwords,
 * barring, profiles, is read anew by the next request.
 */
export class RegistrationAudit {
  readonly #parts: RegistrationAuditParts;

  constructor(parts: RegistrationAuditParts) {
    this.#parts = parts;
  }

  /** Looks at the records of identities whose subscription may have changed. One that cannot be checked now ends by its time. */
  async check(impus: readonly string[]): Promise<void> {
    const { aors, clock } = this.#parts;
    for (const text of impus) {
      const impu = canonicalImpu(text);
      const read = impu === undefined ? undefined : await aors.read(impu);
      if (impu === undefined || read?.tag !== 'read') continue;
      for (const impi of new Set(activeBindings(read.record, clock.now()).map((binding) => binding.impi))) {
        if (await this.#isOrphan(impu, impi)) await this.#end(impu, impi);
      }
    }
  }

  async #isOrphan(impu: Impu, impi: Impi): Promise<boolean> {
    const found = await this.#parts.subscribers.subscription(impu, impi);
    return found.tag === 'unknown' || (found.tag === 'found' && found.value.defaultImpu !== impu);
  }

  async #end(impu: Impu, impi: Impi): Promise<void> {
    const { aors, clock, log, nodeName } = this.#parts;
    const nowMs = clock.now();
    const update = await aors.update(impu, (record) => {
      const bindings = activeBindings(record, nowMs).filter((binding) => binding.impi === impi);
      const writer = { nowMs, node: nodeName };
      const after = bindings.reduce((left, binding) => removeBinding(left, binding, writer), record);
      return { record: after, value: bindings.length };
    });
    const who = { impu: redact(impu), impi: redact(impi) };
    if (update.tag !== 'done') log.warn('registration.not-ended', { ...who, reason: update.tag });
    else if (update.value > 0) log.info('registration.ended', { ...who, bindings: update.value });
  }
}
