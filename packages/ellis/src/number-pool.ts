import type { ServicePart } from '@clearwater/platform';
import type { NumberTable, PoolNumber } from '@clearwater/vellum';
import { identitiesOf } from './number-identity.ts';
import { settled } from './settled.ts';

export interface PoolRange {
  readonly first: string;
  readonly count: number;
  readonly isPstn: boolean;
}

/** What one call of the table takes at most. */
const BATCH_COUNT_MAX = 10_000;

/** Puts the configured numbers into the pool at start; those already known, free or not, stay as they are. */
export function createNumberPool(
  numbers: NumberTable,
  ranges: readonly PoolRange[],
  homeDomain: string,
): ServicePart {
  return {
    name: 'ellis-number-pool',
    async start(): Promise<void> {
      for (const range of ranges) {
        for (let from = 0; from < range.count; from += BATCH_COUNT_MAX) {
          const batch = poolNumbers(range, from, Math.min(range.count, from + BATCH_COUNT_MAX), homeDomain);
          await settled(() => numbers.addToPool(batch));
        }
      }
    },
  };
}

function poolNumbers(
  { first, isPstn }: PoolRange,
  from: number,
  to: number,
  homeDomain: string,
): PoolNumber[] {
  const [prefix, digits] = first.startsWith('+') ? ['+', first.slice(1)] : ['', first];
  return Array.from({ length: to - from }, (_, index) => {
    const number = (BigInt(digits) + BigInt(from + index)).toString().padStart(digits.length, '0');
    return { uri: identitiesOf(prefix + number, homeDomain).sipUri, isPstn };
  });
}
