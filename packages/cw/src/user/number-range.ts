/** Most numbers one command touches. */
const NUMBER_COUNT_MAX = 1_000_000;

/** Consecutive numbers of the same length; `+` and leading zeros are kept. */
export interface NumberRange {
  readonly count: number;
  /** The n-th number, 0 ≤ n < count. */
  at(n: number): string;
}

export type NumberRangeResult =
  | { readonly tag: 'range'; readonly range: NumberRange }
  | { readonly tag: 'invalid'; readonly reason: string };

/** Reads `N` or `A..B` (both ends in it): a global number (`+`, at most 15 digits) or a local one (at most 20 digits). */
export function parseNumberRange(text: string): NumberRangeResult {
  const match = /^(\+?)(\d{1,20})(?:\.\.(\+?)(\d{1,20}))?$/.exec(text);
  const [, prefix = '', first = '', lastPrefix, last = first] = match ?? [];
  if (match === null) return invalid(`"${text}" is neither a number nor a range A..B`);
  if (lastPrefix !== undefined && lastPrefix !== prefix)
    return invalid('both ends of a range need a +, or neither');
  if (last.length !== first.length) return invalid('both ends of a range need the same number of digits');
  if (prefix === '+' && !/^[1-9]\d{0,14}$/.test(first)) {
    return invalid('a global number has at most 15 digits and does not start with 0');
  }
  const start = BigInt(first);
  const count = BigInt(last) - start + 1n;
  if (count < 1n) return invalid('the range ends before it starts');
  if (count > NUMBER_COUNT_MAX)
    return invalid(`the range has ${count} numbers, more than ${NUMBER_COUNT_MAX}`);
  const at = (n: number): string => prefix + (start + BigInt(n)).toString().padStart(first.length, '0');
  return { tag: 'range', range: { count: Number(count), at } };
}

function invalid(reason: string): NumberRangeResult {
  return { tag: 'invalid', reason };
}
