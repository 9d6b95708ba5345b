import type { Clock, Timer } from '../ports/clock.ts';

/** What the wheel turns on: the process's own clocks and one-shot timer; a test hands in its own. */
export interface TimeSource {
  now(): number;
  monotonic(): number;
  /** Calls `wake` once after `delayMs`; returns what undoes it. */
  wakeAfter(delayMs: number, wake: () => void): () => void;
}

const TICK_MS = 10;
/** 40.96 s a revolution: every SIP transaction timer (64·T1 = 32 s) fits in one. A power of two. */
const SLOT_COUNT = 4_096;

const PROCESS_TIME: TimeSource = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  wakeAfter(delayMs, wake) {
    const timeout = setTimeout(wake, delayMs);
    return () => clearTimeout(timeout);
  },
};

/**
 * The real clock: a hashed timer wheel of 10 ms ticks. Start and cancel are O(1), one object a timer; the process's own timer runs only
 * while a wheel timer exists, and sleeps until the next slot that holds one. A process with a timer running stays alive.
 * Timers further off than one revolution wait in their slot for their round.
 */
export class WheelClock implements Clock {
  readonly #source: TimeSource;
  /** Head of a ring per slot, made on first use. */
  readonly #slots: (Link | undefined)[] = new Array<Link | undefined>(SLOT_COUNT).fill(undefined);
  readonly #due: Link = new Link();
  /** The last tick whose timers have fired. */
  #tick = 0;
  #timerCount = 0;
  #wakeTick = Number.POSITIVE_INFINITY;
  #undoWake: (() => void) | undefined;

  constructor(source: TimeSource = PROCESS_TIME) {
    this.#source = source;
  }

  /** Timers that neither fired nor were cancelled. */
  get timerCount(): number {
    return this.#timerCount;
  }

  now(): number {
    return this.#source.now();
  }

  monotonic(): number {
    return this.#source.monotonic();
  }

  startTimer(delayMs: number, callback: () => void): Timer {
    const nowMs = this.#source.monotonic();
    // With no timer the wheel stood still: let it catch up without walking its slots.
    if (this.#timerCount === 0) this.#tick = Math.max(this.#tick, Math.floor(nowMs / TICK_MS));
    const tick = Math.max(Math.ceil((nowMs + delayMs) / TICK_MS), this.#tick + 1);
    const timer = new WheelTimer(this.#cancelled, callback, tick);
    this.#slotAt(tick).append(timer);
    this.#timerCount += 1;
    if (tick < this.#wakeTick) this.#wakeAt(tick, nowMs);
    return timer;
  }

  #slotAt(tick: number): Link {
    const index = tick % SLOT_COUNT;
    const slot = this.#slots[index];
    if (slot !== undefined) return slot;
    const made = new Link();
    this.#slots[index] = made;
    return made;
  }

  readonly #cancelled = (): void => {
    this.#timerCount -= 1;
    if (this.#timerCount === 0) this.#sleep();
  };

  #wakeAt(tick: number, nowMs: number): void {
    this.#undoWake?.();
    this.#wakeTick = tick;
    this.#undoWake = this.#source.wakeAfter(Math.max(1, Math.ceil(tick * TICK_MS - nowMs)), this.#turn);
  }

  #sleep(): void {
    this.#undoWake?.();
    this.#undoWake = undefined;
    this.#wakeTick = Number.POSITIVE_INFINITY;
  }

  readonly #turn = (): void => {
    this.#undoWake = undefined;
    // Until the turn is over nothing may wake us: what is started meanwhile is found by the search at its end.
    this.#wakeTick = Number.NEGATIVE_INFINITY;
    const nowTick = Math.floor(this.#source.monotonic() / TICK_MS);
    // After a stall longer than a revolution every slot is walked once, which finds everything that is due.
    for (let tick = Math.max(this.#tick + 1, nowTick - SLOT_COUNT + 1); tick <= nowTick; tick += 1) {
      this.#tick = tick;
      this.#fireSlot(tick);
    }
    this.#sleep();
    if (this.#timerCount > 0) this.#wakeAt(this.#nextOccupiedTick(), this.#source.monotonic());
  };

  #fireSlot(tick: number): void {
    const slot = this.#slots[tick % SLOT_COUNT];
    if (slot === undefined || slot.next === slot) return;
    for (let link = slot.next; link !== slot; ) {
      const timer = link as WheelTimer;
      link = link.next;
      if (timer.tick <= tick) {
        timer.unlink();
        this.#due.append(timer);
      }
    }
    while (this.#due.next !== this.#due) {
      const timer = this.#due.next as WheelTimer;
      timer.unlink();
      this.#timerCount -= 1;
      timer.fire();
    }
  }

  #nextOccupiedTick(): number {
    const end = this.#tick + SLOT_COUNT;
    for (let tick = this.#tick + 1; tick < end; tick += 1) {
      const slot = this.#slots[tick % SLOT_COUNT];
      if (slot !== undefined && slot.next !== slot) return tick;
    }
    return end;
  }
}

/** A place in a ring of timers; the ring's head is a bare `Link`. */
class Link {
  next: Link = this;
  previous: Link = this;

  append(link: Link): void {
    link.previous = this.previous;
    link.next = this;
    this.previous.next = link;
    this.previous = link;
  }

  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }
}

class WheelTimer extends Link implements Timer {
  readonly tick: number;
  readonly #onCancel: () => void;
  #callback: (() => void) | undefined;

  constructor(onCancel: () => void, callback: () => void, tick: number) {
    super();
    this.#onCancel = onCancel;
    this.#callback = callback;
    this.tick = tick;
  }

  cancel(): void {
    if (this.#callback === undefined) return;
    this.#callback = undefined;
    this.unlink();
    this.#onCancel();
  }

  /** A callback that throws reaches the process as an uncaught exception, but must not hold up the timers behind it. */
  fire(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    try {
      callback?.();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
