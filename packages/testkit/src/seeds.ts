/** The seeds of a simulation: 1 … `count`, or the one in `SIM_SEED` when a failure is replayed. */
export function seeds(count: number): readonly number[] {
  const replayed = process.env['SIM_SEED'];
  if (replayed !== undefined && replayed !== '') return [Number(replayed)];
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Runs `simulation` once per seed, one after the other; a failure names the seed that replays it. */
export async function forEachSeed(count: number, simulation: (seed: number) => Promise<void>): Promise<void> {
  for (const seed of seeds(count)) {
    try {
      await simulation(seed);
    } catch (error) {
      console.error(`SIM_SEED=${seed}`);
      throw error;
    }
  }
}
