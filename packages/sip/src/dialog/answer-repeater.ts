import type { Clock, Timer } from '@clearwater/platform';
import type { TimerProfile } from '../transaction/timers.ts';

/**
 * Repeats the 2xx to an INVITE until its ACK comes: the UAS core's duty, over any transport, because proxies on the way may lose it
 * (RFC 3261 §13.3.1.4). T1, doubling to T2, given up after 64·T1.
 */
export class AnswerRepeater {
  readonly #clock: Clock;
  readonly #profile: TimerProfile;
  readonly #send: () => void;
  readonly #onNoAck: () => void;
  readonly #giveUpAtMs: number;
  #timer: Timer | undefined;

  /** The answer itself has been sent; `send` sends a copy; `onNoAck` is told when the caller stays silent: send BYE. */
  constructor(clock: Clock, profile: TimerProfile, send: () => void, onNoAck: () => void) {
    this.#clock = clock;
    this.#profile = profile;
    this.#send = send;
    this.#onNoAck = onNoAck;
    this.#giveUpAtMs = clock.monotonic() + 64 * profile.t1Ms;
    this.#startTimer(profile.t1Ms);
  }

  /** The ACK came, or the call is over. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #startTimer(delayMs: number): void {
    const leftMs = this.#giveUpAtMs - this.#clock.monotonic();
    this.#timer = this.#clock.startTimer(Math.min(delayMs, leftMs), () => {
      this.#timer = undefined;
      if (delayMs >= leftMs) return this.#onNoAck();
      this.#send();
      this.#startTimer(Math.min(delayMs * 2, this.#profile.t2Ms));
    });
  }
}
