import type { Random } from '@clearwater/platform';

/** Letters and digits that nobody mistakes for another one: no 0 O o, no 1 I l i. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';
/** Nine of 55 characters carry 52 bits, four more than the original's passwords. */
const PASSWORD_LENGTH = 9;

/** A SIP password to be typed into a phone. */
export function createSipPassword(random: Random): string {
  return Array.from({ length: PASSWORD_LENGTH }, () => ALPHABET.charAt(random.integer(ALPHABET.length))).join(
    '',
  );
}
