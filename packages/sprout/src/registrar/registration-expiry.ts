import { expire, type Impu, isRegistered, nextExpiryMs } from '@clearwater/ims';
import { type Clock, type Log, redact } from '@clearwater/platform';
import type { Pop, PopOutcome } from '@clearwater/vellum';
import type { SubscriberData } from '../subscriber-data.ts';
import type { AorStore } from './aor-store.ts';

export interface RegistrationExpiryParts {
  readonly aors: AorStore;
  readonly subscribers: SubscriberData;
  readonly clock: Clock;
  readonly log: Log;
  readonly scscfUri: string;
}

/**
 * What follows when registrations end by time. The record's own time has decided already, for every request reads it; a pop removes what
 * has ended, exactly once by compare-and-set, and tells Homestead when nothing is left.
 */
export class RegistrationExpiry {
  readonly #parts: RegistrationExpiryParts;

  constructor(parts: RegistrationExpiryParts) {
    this.#parts = parts;
  }

  async pop({ opaque, sequence }: Pop): Promise<PopOutcome> {
    const { aors, clock, subscribers, scscfUri } = this.#parts;
    const key = opaque as Impu;
    let expiredCount = 0;
    const update = await aors.update(key, (record) => {
      // A repeated pop may have found its effect stored, but not yet told: then it tells.
      const isRepeated = record.timerSequence >= sequence;
      const { record: after, expired } = expire(record, clock.now());
      expiredCount = expired.length;
      if (expired.length === 0) return { record, value: isRepeated };
      const timerSequence = Math.max(record.timerSequence, sequence);
      return { record: { ...after, timerSequence }, value: true };
    });
    if (update.tag !== 'done') return { tag: 'unavailable', reason: update.tag };
    if (expiredCount > 0)
      this.#parts.log.info('registration.expired', { impu: redact(key), bindings: expiredCount });
    const { record, version, value: hasConsequences } = update;
    const nextMs = nextExpiryMs(record);
    if (nextMs !== undefined) return { tag: 'again', dueAtMs: nextMs, order: version };
    if (hasConsequences && !isRegistered(record, clock.now())) {
      const isTold = await subscribers.deregister(key, 'dereg-timeout', scscfUri);
      if (!isTold) return { tag: 'unavailable', reason: 'homestead' };
    }
    return { tag: 'done' };
  }
}
