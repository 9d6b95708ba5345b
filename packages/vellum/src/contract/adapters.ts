import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestPlatform, type FakeClock } from '@clearwater/testkit';
import { type EmbeddedVellum, openEmbeddedVellum } from '../mod.ts';

/** Every contract suite runs over each of these; a real adapter is one more line. */
export const adapters: readonly Adapter[] = [
  { name: 'embedded, in memory', open: () => openEmbedded(':memory:') },
  { name: 'embedded, on disk', open: () => openEmbedded(mkdtempSync(join(tmpdir(), 'vellum-'))) },
];

async function openEmbedded(directory: string): Promise<VellumUnderTest> {
  const { platform, clock } = createTestPlatform();
  const { part, ...ports } = await openEmbeddedVellum({ directory, platform });
  return {
    ...ports,
    clock,
    start: async () => part.start?.(),
    stop: async () => {
      await part.stop?.();
      if (directory !== ':memory:') rmSync(directory, { recursive: true });
    },
  };
}

/** The ports of one adapter on an empty store, under a clock of the test; the same for every adapter. */
export interface VellumUnderTest extends Omit<EmbeddedVellum, 'part'> {
  readonly clock: FakeClock;
  /** Lets timers pop. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Adapter {
  readonly name: string;
  open(): Promise<VellumUnderTest>;
}

/** The value of an outcome that has to be `found`. */
export function foundValue<T>(outcome: { readonly tag: string; readonly value?: T }): T {
  if (outcome.tag !== 'found') throw new Error(`found expected, not ${JSON.stringify(outcome)}`);
  return outcome.value as T;
}
