import type { Uri } from '../message/mod.ts';
import type { TransportName } from '../transport/flow.ts';

/** One place to send a request to. */
export interface Hop {
  readonly transport: TransportName;
  /** An IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * From a next-hop URI to the places it can be tried at, in order; empty when nobody is known there. `key` (the Call-ID) picks the
 * instance among equals, so that a transaction sticks to one instance in normal running.
 */
export interface Resolver {
  resolve(uri: Uri, key: string): readonly Hop[];
}
