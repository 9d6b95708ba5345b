/** A secret and the small number by which tokens name it. */
export interface KeyedSecret {
  /** 0 to 255. */
  readonly id: number;
  /** At least 16 bytes. */
  readonly secret: Buffer;
}

/** Tokens are made with `current`; those made with `previous` ones are accepted too. Read it at each use: a running ring rotates. */
export interface KeyRing {
  readonly current: KeyedSecret;
  readonly previous: readonly KeyedSecret[];
}

/** The key of that number; undefined when the ring has none (any more). */
export function keyOf({ current, previous }: KeyRing, id: number): KeyedSecret | undefined {
  return id === current.id ? current : previous.find((key) => key.id === id);
}
