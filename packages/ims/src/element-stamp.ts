/**
 * A hybrid logical clock stamp: `<wall ms>.<counter>.<node>`, the first two in fixed-width base 36, so that stamps compare as strings.
 * The clock lives in the record: a new stamp is later than every stamp the record holds, whatever the wall clock says.
 */
export type ElementStamp = string & { readonly elementStamp: unique symbol };

/** Where and when an element is written: wall clock (epoch ms) and the writer's name, unique among all writers of all sites. */
export interface Writer {
  readonly nowMs: number;
  /** 1 to 64 characters of `[A-Za-z0-9_-]`. */
  readonly node: string;
}

const WALL_DIGITS = 9; // 36^9 ms lasts until the year 5188
const COUNTER_DIGITS = 4;
const STAMP = /^[0-9a-z]{9}\.[0-9a-z]{4}\.[A-Za-z0-9_-]{1,64}$/;

/** The first stamp after both `latest` (the latest in the record, if any) and the writer's clock. */
export function nextStamp(latest: ElementStamp | undefined, writer: Writer): ElementStamp {
  const latestMs = latest === undefined ? 0 : stampMs(latest);
  if (latest === undefined || writer.nowMs > latestMs) return stampOf(writer.nowMs, 0, writer.node);
  const counter = Number.parseInt(latest.slice(WALL_DIGITS + 1, WALL_DIGITS + 1 + COUNTER_DIGITS), 36) + 1;
  return counter < 36 ** COUNTER_DIGITS
    ? stampOf(latestMs, counter, writer.node)
    : stampOf(latestMs + 1, 0, writer.node);
}

/** The wall-clock part of a stamp, epoch ms. */
export function stampMs(stamp: ElementStamp): number {
  return Number.parseInt(stamp.slice(0, WALL_DIGITS), 36);
}

function stampOf(wallMs: number, counter: number, node: string): ElementStamp {
  const wall = Math.trunc(wallMs).toString(36).padStart(WALL_DIGITS, '0');
  return `${wall}.${counter.toString(36).padStart(COUNTER_DIGITS, '0')}.${node}` as ElementStamp;
}

export function isStamp(text: unknown): text is ElementStamp {
  return typeof text === 'string' && STAMP.test(text);
}
