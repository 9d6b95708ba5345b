import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { inOrder } from './in-order.ts';
import { parseNumberRange } from './number-range.ts';

test('work overlaps up to its width, and results come in order', async () => {
  let [activeCount, activeCountMax] = [0, 0];
  const taken: number[] = [];
  await inOrder(
    { count: 20, width: 4 },
    async (index) => {
      activeCount += 1;
      activeCountMax = Math.max(activeCountMax, activeCount);
      for (let turn = 0; turn < (index * 7) % 5; turn += 1) await nextTurn();
      activeCount -= 1;
      return index;
    },
    (index) => taken.push(index) > 0,
  );
  expect(taken).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(activeCountMax).toBe(4);
});

test('a result that is not taken ends it: nothing more is started or handed over', async () => {
  const [started, taken]: [number[], number[]] = [[], []];
  await inOrder(
    { count: 1_000, width: 3 },
    async (index) => started.push(index) - 1,
    (index) => taken.push(index) < 5,
  );
  expect(taken).toEqual([0, 1, 2, 3, 4]);
  expect(started.length).toBeLessThanOrEqual(8);
});

test.each([
  ['0098..0101', ['0098', '0099', '0100', '0101']],
  ['+16505559999', ['+16505559999']],
  ['+999999999999998..+999999999999999', ['+999999999999998', '+999999999999999']],
  ['09999999999999999998..09999999999999999999', ['09999999999999999998', '09999999999999999999']],
])('the range %s keeps plus sign, leading zeros and digits past 2^53', (text, numbers) => {
  const parsed = parseNumberRange(text);
  const range = parsed.tag === 'range' ? parsed.range : undefined;
  expect(Array.from({ length: range?.count ?? 0 }, (_, index) => range?.at(index))).toEqual(numbers);
});
