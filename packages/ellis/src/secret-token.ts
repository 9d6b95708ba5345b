import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '@clearwater/platform';

/** 256 bits: a token is its own proof, so it must not be guessable, and its plain hash need not be slow. */
const TOKEN_LENGTH = 32;

/** A bearer secret for a cookie or a link: `token` goes out, only `hash` is kept. */
export function createSecretToken(random: Random): { readonly token: string; readonly hash: string } {
  const token = random.bytes(TOKEN_LENGTH).toString('base64url');
  return { token, hash: hashSecretToken(token) };
}

/** SHA-256 in base64url: the key under which a token is stored. */
export function hashSecretToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Compares two secrets of any length in a time that does not depend on where they differ. */
export function sameSecret(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
