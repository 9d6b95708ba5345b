/**
 * The user part of a SIP URI in one spelling: an escaped character equals the plain one unless it may not stand there plainly
 * (RFC 3261 §19.1.4), so escapes that were not needed are undone and the others written in upper case.
 */
export function canonicalUser(user: string): string {
  if (!user.includes('%')) return user;
  return user.replace(/%([0-9A-Fa-f]{2})/g, (sequence: string, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-_.!~*'()&=+$,;?/]/.test(character) ? character : sequence.toUpperCase();
  });
}
