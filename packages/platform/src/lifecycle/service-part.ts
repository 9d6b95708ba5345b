/**
 * One part of a running service (a store, a listener, a loop). Parts are started in the order listed, drained and stopped in
 * reverse. All three are optional and called at most once each.
 */
export interface ServicePart {
  readonly name: string;
  /** Resolves when the part can serve. A rejection stops the start; parts already started are stopped. */
  start?(): Promise<void>;
  /** Refuses new work, finishes what is in hand; resolves when idle or when `deadlineMs` (monotonic) has passed. */
  drain?(deadlineMs: number): Promise<void>;
  stop?(): Promise<void>;
  /** Undefined while healthy, else the reason; asked by `/readyz`. */
  unhealthy?(): string | undefined;
}
