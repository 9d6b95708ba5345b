import { compareVersions, type RecordVersion } from '../ports/records.ts';
import type { TimerSpec } from '../ports/timers.ts';
import type { ArmedTimer, CancelledTimer, DoneTimer, TimerEntry } from './timer-entry.ts';
import { type Wakeable, WakeHeap } from './wake-heap.ts';

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
/** How much later than its due a timer may still pop somewhere: tombstones outlive it by that. */
const LAST_POP_MARGIN_MS = 10_000;
const UNKNOWN_TOMBSTONE_MS = 60_000;
const TOMBSTONE_MAX_MS = 24 * 3_600_000;

/**
 * The timers of one node: pure, synchronous, without a clock.
 *
 *     set ──► armed ──due──► popping ──done──► gone
 *              ▲  │             │ │ again: armed, new sequence
 *              │  │ cancel      │ └ failed: armed at now + back-off, same sequence
 *              │  ▼             ▼ cancel
 *     higher order ◄─── cancelled ──until──► gone
 *
 * `decide…` says which entry a request leads to, undefined when it is superseded; `apply` makes an entry so once it is in the log,
 * and returns how to take it back.
 */
export class TimerEngine {
  readonly #slots: Map<string, Slot> = new Map();
  readonly #heap: WakeHeap<Slot> = new WakeHeap();

  /** Timers and tombstones. */
  get size(): number {
    return this.#slots.size;
  }

  get nextWakeAtMs(): number | undefined {
    return this.#heap.first?.wakeAtMs;
  }

  /** Higher order wins, on a tie the earlier due; a tombstone wins its ties. */
  decideSet(spec: TimerSpec, sequence: number): ArmedTimer | undefined {
    const known = this.#slots.get(spec.id)?.entry;
    if (known !== undefined) {
      const isNewer = compareVersions(spec.order, known.order);
      if (isNewer < 0 || (isNewer === 0 && (known.tag === 'cancelled' || spec.dueAtMs >= known.dueAtMs)))
        return undefined;
    }
    return armed(spec, sequence);
  }

  /** `already` when a tombstone says so as strongly. */
  decideCancel(id: string, order: RecordVersion, nowMs: number): CancelledTimer | 'already' | undefined {
    const known = this.#slots.get(id)?.entry;
    if (known === undefined) return { tag: 'cancelled', id, order, untilMs: nowMs + UNKNOWN_TOMBSTONE_MS };
    const isNewer = compareVersions(order, known.order);
    if (known.tag === 'cancelled') {
      return isNewer > 0
        ? { ...known, order, untilMs: Math.max(known.untilMs, nowMs + UNKNOWN_TOMBSTONE_MS) }
        : 'already';
    }
    if (isNewer < 0) return undefined;
    const lastPopAtMs = Math.max(known.dueAtMs, nowMs) + LAST_POP_MARGIN_MS;
    return { tag: 'cancelled', id, order, untilMs: Math.min(lastPopAtMs, nowMs + TOMBSTONE_MAX_MS) };
  }

  decideDone(popped: ArmedTimer): DoneTimer | undefined {
    return this.isCurrent(popped) ? { tag: 'done', id: popped.id } : undefined;
  }

  /** The popped timer itself does not stand against its own re-arming, whatever its due was; one set meanwhile may. */
  decideAgain(
    popped: ArmedTimer,
    dueAtMs: number,
    order: RecordVersion,
    sequence: number,
  ): ArmedTimer | undefined {
    if (!this.isCurrent(popped)) return this.decideSet({ ...popped, dueAtMs, order }, sequence);
    const highest = compareVersions(order, popped.order) < 0 ? popped.order : order;
    return armed({ ...popped, dueAtMs, order: highest }, sequence);
  }

  /** Is this still what is known of its id? If not, nothing that comes of its pop matters. */
  isCurrent(popped: ArmedTimer): boolean {
    const known = this.#slots.get(popped.id)?.entry;
    return known?.tag === 'armed' && known.sequence === popped.sequence;
  }

  apply(entry: TimerEntry, row: number): () => void {
    const before = this.#slots.get(entry.id);
    if (before !== undefined) this.#drop(before);
    if (entry.tag === 'done') return () => before !== undefined && this.#restore(before);
    const wakeAtMs = entry.tag === 'armed' ? entry.dueAtMs : entry.untilMs;
    const slot: Slot = { entry, row, wakeAtMs, heapIndex: -1, failureCount: 0, isPopping: false };
    this.#restore(slot);
    return () => {
      this.#drop(slot);
      if (before !== undefined) this.#restore(before);
    };
  }

  /** At most `limit` timers that are due; each is popping from now on. Tombstones that have served are forgotten. */
  takeDue(nowMs: number, limit: number): readonly ArmedTimer[] {
    const due: ArmedTimer[] = [];
    for (let slot = this.#heap.first; slot !== undefined && slot.wakeAtMs <= nowMs; slot = this.#heap.first) {
      if (slot.entry.tag === 'cancelled') {
        this.#drop(slot);
        continue;
      }
      if (due.length === limit) break;
      slot.isPopping = true;
      this.#heap.remove(slot);
      due.push(slot.entry);
    }
    return due;
  }

  /** The pop failed: the same one again after 0.5 s, 1 s … 30 s. */
  retry(popped: ArmedTimer, nowMs: number): void {
    const slot = this.#slots.get(popped.id);
    if (slot === undefined || !this.isCurrent(popped)) return;
    slot.wakeAtMs = nowMs + Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(slot.failureCount, 10));
    slot.failureCount += 1;
    slot.isPopping = false;
    this.#heap.put(slot);
  }

  /** Is this row of the log what is known of its id? Every other row is dead. */
  isLiveRow(id: string, row: number): boolean {
    return this.#slots.get(id)?.row === row;
  }

  /** The log keeps the entry of this id in another row now; returns how to take that back. */
  moveRow(id: string, row: number): () => void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return () => {};
    const before = slot.row;
    slot.row = row;
    return () => {
      slot.row = before;
    };
  }

  /** Sums of the tags of all timers, e.g. registrations and bindings; walks them all. */
  tagCounts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { entry } of this.#slots.values()) {
      if (entry.tag !== 'armed') continue;
      for (const [tag, count] of Object.entries(entry.tags ?? {}))
        counts.set(tag, (counts.get(tag) ?? 0) + count);
    }
    return counts;
  }

  #drop(slot: Slot): void {
    this.#slots.delete(slot.entry.id);
    this.#heap.remove(slot);
  }

  #restore(slot: Slot): void {
    this.#slots.set(slot.entry.id, slot);
    if (!slot.isPopping) this.#heap.put(slot);
  }
}

interface Slot extends Wakeable {
  readonly entry: ArmedTimer | CancelledTimer;
  /** Where the log has it. */
  row: number;
  failureCount: number;
  isPopping: boolean;
}

function armed({ id, dueAtMs, kind, opaque, order, tags }: TimerSpec, sequence: number): ArmedTimer {
  const entry: ArmedTimer = { tag: 'armed', id, dueAtMs, kind, opaque, order, sequence };
  return tags === undefined ? entry : { ...entry, tags };
}
