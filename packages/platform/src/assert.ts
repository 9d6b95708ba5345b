/**
 * Checks an invariant of our own; on in production. Never used on input from outside. The request in hand ends with a 500, the
 * process goes on.
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new InvariantBroken(invariant);
}

/** The `default` arm of a switch over a closed union: does not compile when an arm is missing. */
export function assertNever(value: never): never {
  throw new InvariantBroken(`unexpected ${JSON.stringify(value)}`);
}

class InvariantBroken extends Error {
  readonly code = 'internal.invariant-broken';
}
