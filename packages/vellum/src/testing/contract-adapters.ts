import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@clearwater/platform';
import {
  type EmbeddedVellum,
  type EmbeddedVellumOptions,
  openEmbeddedVellum,
} from '../embedded/embedded-vellum.ts';

/** Every contract suite runs over each of these; a real adapter is one more line. Not part of the product. */
export const adapters: readonly Adapter[] = [
  { name: 'embedded, in memory', open: (world) => openEmbedded(':memory:', world) },
  { name: 'embedded, on disk', open: (world) => openEmbedded(mkdtempSync(join(tmpdir(), 'vellum-')), world) },
];

export interface Adapter {
  readonly name: string;
  /** The ports on an empty store, under the clock of the test. */
  open<C extends Clock>(world: World<C>): Promise<VellumUnderTest<C>>;
}

interface World<C extends Clock> {
  readonly clock: C;
  readonly platform: EmbeddedVellumOptions['platform'];
}

export interface VellumUnderTest<C extends Clock> extends Omit<EmbeddedVellum, 'part'> {
  readonly clock: C;
  /** Lets timers pop. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The value of an outcome that has to be `found`. */
export function foundValue<T>(outcome: { readonly tag: string; readonly value?: T }): T {
  if (outcome.tag !== 'found') throw new Error(`found expected, not ${JSON.stringify(outcome)}`);
  return outcome.value as T;
}

async function openEmbedded<C extends Clock>(
  directory: string,
  world: World<C>,
): Promise<VellumUnderTest<C>> {
  const { part, ...ports } = await openEmbeddedVellum({ directory, platform: world.platform });
  return {
    ...ports,
    clock: world.clock,
    start: async () => part.start?.(),
    stop: async () => {
      await part.stop?.();
      if (directory !== ':memory:') rmSync(directory, { recursive: true });
    },
  };
}
