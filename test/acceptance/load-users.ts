/** The users of the tests under load: consecutive numbers, each on a loopback address of its own. */
export interface LoadUser {
  readonly user: string;
  readonly host: string;
}

export const LOAD_PORT = 5070;
export const LOAD_PASSWORD = 'a-long-enough-password';

const PER_NET = 250;

/** User number n, 0 ≤ n < 62,500: `firstUser` + n on 127.`net`.x.y. */
export function loadUser(
  n: number,
  { firstUser, net }: { readonly firstUser: number; readonly net: number },
): LoadUser {
  const host = `127.${net}.${1 + Math.floor(n / PER_NET)}.${1 + (n % PER_NET)}`;
  return { user: String(firstUser + n), host };
}

/** What SIPp needs to register a user: the columns of scenarios/register.xml. */
export function registerRow({ user, host }: LoadUser): readonly string[] {
  const credentials = `[authentication username=${user}@example.com password=${LOAD_PASSWORD}]`;
  return [user, host, String(LOAD_PORT), credentials];
}

/** Numbers that look random and are the same in every run (mulberry32). */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
