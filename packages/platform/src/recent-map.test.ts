import { expect, test } from '@jest/globals';
import { RecentMap } from './recent-map.ts';

test('the last entries used are remembered, and never more than twice the bound', () => {
  const map = new RecentMap<number>(10);
  map.set('used', -1);
  for (let i = 0; i < 1_000; i += 1) {
    map.set(`${i}`, i);
    expect(map.size).toBeLessThan(20);
    expect(map.get('used')).toBe(-1);
    for (let j = Math.max(0, i - 4); j <= i; j += 1) expect(map.get(`${j}`)).toBe(j);
  }
  expect(map.get('500')).toBeUndefined();
});
