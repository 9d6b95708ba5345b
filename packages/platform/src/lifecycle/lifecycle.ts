import { AppError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ServicePart } from './service-part.ts';

export interface LifecycleOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** A part that hangs longer in `stop` is left behind. */
  readonly stopMaxMs?: number;
}

type Phase = 'starting' | 'ready' | 'draining' | 'stopped';

/** Starts the parts of a service in order, knows whether it can serve, drains and stops them in reverse. */
export class Lifecycle {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopMaxMs: number;
  readonly #started: ServicePart[] = [];
  #phase: Phase = 'starting';
  #starting: Promise<void> | undefined;
  #shutdown: Promise<void> | undefined;

  constructor({ clock, log, stopMaxMs = 5_000 }: LifecycleOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#stopMaxMs = stopMaxMs;
  }

  /** Why the service cannot serve now, undefined when it can. Handed to the HTTP server for `/readyz`. */
  readonly notReadyReason = (): string | undefined => {
    if (this.#phase !== 'ready') return this.#phase;
    for (const part of this.#started) {
      const reason = part.unhealthy?.();
      if (reason !== undefined) return `${part.name}: ${reason}`;
    }
    return undefined;
  };

  /**
   * Starts the parts one after the other. When one fails, those started are stopped in reverse and the promise rejects with its error; a
   * shutdown meanwhile rejects with `lifecycle.stopped`. Call it once.
   */
  start(parts: readonly ServicePart[]): Promise<void> {
    this.#starting = this.#startAll(parts);
    return this.#starting;
  }

  async #startAll(parts: readonly ServicePart[]): Promise<void> {
    try {
      for (const part of parts) {
        if (this.#shutdown !== undefined)
          throw new AppError('lifecycle.stopped', { origin: 'internal', retry: 'never' });
        await part.start?.();
        this.#started.push(part);
      }
    } catch (error) {
      await this.#stopAll();
      throw error;
    }
    if (this.#shutdown === undefined) this.#phase = 'ready';
  }

  /** Drains for at most `drainMaxMs`, then stops; both in reverse order of the start. Never rejects; calling it again joins the first. */
  shutdown(drainMaxMs: number): Promise<void> {
    this.#shutdown ??= this.#shutDown(drainMaxMs);
    return this.#shutdown;
  }

  async #shutDown(drainMaxMs: number): Promise<void> {
    await this.#starting?.catch(() => undefined); // its caller hears of it
    this.#phase = 'draining';
    const deadlineMs = this.#clock.monotonic() + drainMaxMs;
    for (const part of this.#started.toReversed()) {
      if (part.drain === undefined) continue;
      await this.#within(deadlineMs, part, 'drain', part.drain.bind(part, deadlineMs));
    }
    await this.#stopAll();
  }

  async #stopAll(): Promise<void> {
    for (const part of this.#started.splice(0).reverse()) {
      if (part.stop === undefined) continue;
      await this.#within(this.#clock.monotonic() + this.#stopMaxMs, part, 'stop', part.stop.bind(part));
    }
    this.#phase = 'stopped';
  }

  /** One part that fails or hangs must not keep the others from stopping. */
  #within(deadlineMs: number, part: ServicePart, step: string, run: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = this.#clock.startTimer(Math.max(0, deadlineMs - this.#clock.monotonic()), () => {
        this.#log.warn(`lifecycle.${step}-timed-out`, { part: part.name });
        resolve();
      });
      run().then(finish, (error: unknown) => {
        this.#log.error(`lifecycle.${step}-failed`, { part: part.name, error });
        finish();
      });
    });
  }
}

/** Starts `parts` in order and resolves to the running service; see `Lifecycle.start` for failures. */
export async function runParts(parts: readonly ServicePart[], options: LifecycleOptions): Promise<Lifecycle> {
  const lifecycle = new Lifecycle(options);
  await lifecycle.start(parts);
  return lifecycle;
}
