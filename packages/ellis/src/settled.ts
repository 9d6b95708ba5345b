import { AppError } from '@clearwater/platform';
import type { Unavailable, Unknown } from '@clearwater/vellum';

const ATTEMPT_COUNT_MAX = 3;

/**
 * Asks a store until it knows what it did. Everything Ellis writes may be repeated (request ids, whole values), so an unknown
 * outcome is asked again; still unknown, or the store away, rejects with `ellis.store-unavailable`.
 */
export async function settled<T extends { readonly tag: string }>(
  ask: () => Promise<T>,
): Promise<Exclude<T, Unavailable | Unknown>> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await ask();
    if (isSettled(outcome)) return outcome;
    if (outcome.tag === 'unavailable' || attempt === ATTEMPT_COUNT_MAX) {
      throw new AppError('ellis.store-unavailable', {
        origin: 'upstream',
        retry: 'same-peer',
        detail: { ...outcome },
      });
    }
  }
}

function isSettled<T extends { readonly tag: string }>(
  outcome: T,
): outcome is Exclude<T, Unavailable | Unknown> {
  return outcome.tag !== 'unavailable' && outcome.tag !== 'unknown';
}
