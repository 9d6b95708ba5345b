import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Wakeable, WakeHeap } from './wake-heap.ts';

const index = fc.nat(29);
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ tag: fc.constant('put' as const), index, wakeAtMs: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ tag: fc.constant('remove' as const), index }) },
);

test('whatever is put, moved and removed, the first is the earliest, to the last one', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 40, maxLength: 120 }), (operations) => {
      const heap = new WakeHeap<Wakeable>();
      const items: readonly Wakeable[] = Array.from({ length: 30 }, () => ({ wakeAtMs: 0, heapIndex: -1 }));
      const inside = new Set<Wakeable>();
      const checkFirst = (): void => {
        const earliestMs =
          inside.size === 0 ? undefined : Math.min(...[...inside].map((item) => item.wakeAtMs));
        expect(heap.first?.wakeAtMs).toBe(earliestMs);
      };
      for (const step of operations) {
        const item = items[step.index];
        if (item === undefined) continue;
        if (step.tag === 'put') {
          item.wakeAtMs = step.wakeAtMs;
          heap.put(item);
          inside.add(item);
        } else {
          heap.remove(item);
          inside.delete(item);
        }
        checkFirst();
      }
      for (let first = heap.first; first !== undefined; first = heap.first) {
        heap.remove(first);
        inside.delete(first);
        checkFirst();
      }
      expect(inside.size).toBe(0);
    }),
  );
});
