import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, createVersion } from '../ports/records.ts';
import { TimerEngine } from './timer-engine.ts';
import { parseEntry, serializeEntry, type TimerEntry } from './timer-entry.ts';

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const order = fc.record({ epoch: fc.integer({ min: 1, max: 2 }), counter: fc.nat(12) });
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ tag: fc.constant('set' as const), id, order, dueAtMs: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant('cancel' as const), id, order }) },
  {
    weight: 1,
    arbitrary: fc.record({ tag: fc.constant('undone set' as const), id, order, dueAtMs: fc.nat(1000) }),
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Runs the operations, none of which is due yet, and returns what the log would hold. */
function run(engine: TimerEngine, operations: readonly Operation[]): readonly TimerEntry[] {
  const log: TimerEntry[] = [];
  for (const [row, step] of operations.entries()) {
    const version = createVersion(step.order.epoch, step.order.counter);
    const entry =
      step.tag === 'cancel'
        ? engine.decideCancel(step.id, version, -1)
        : engine.decideSet(
            { id: step.id, dueAtMs: step.dueAtMs, kind: 'k', opaque: '', order: version },
            row,
          );
    if (entry === undefined || entry === 'already') continue;
    const undo = engine.apply(entry, row);
    if (step.tag === 'undone set') undo();
    else log.push(entry);
  }
  return log;
}

/** Rule 11 said once more, by looking at all that was asked for: the highest order, then cancel, then the earliest due. */
function expectedPops(operations: readonly Operation[]): readonly (readonly [string, number])[] {
  const asked = operations.filter((step) => step.tag !== 'undone set');
  return [...new Set(asked.map((step) => step.id))].flatMap((name) => {
    const own = asked
      .filter((step) => step.id === name)
      .map((step) => ({
        ...step,
        version: createVersion(step.order.epoch, step.order.counter),
      }));
    const highest = own.map((step) => step.version).reduce((a, b) => (compareVersions(a, b) < 0 ? b : a));
    const last = own.filter((step) => step.version === highest);
    if (last.some((step) => step.tag === 'cancel')) return [];
    return [[name, Math.min(...last.map((step) => ('dueAtMs' in step ? step.dueAtMs : 0)))] as const];
  });
}

function popAll(engine: TimerEngine): readonly (readonly [string, number])[] {
  const pops: (readonly [string, number])[] = [];
  for (let nowMs = 0; nowMs <= 1000; nowMs += 1) {
    for (const timer of engine.takeDue(nowMs, 100)) {
      expect(timer.dueAtMs).toBe(nowMs);
      pops.push([timer.id, timer.dueAtMs]);
    }
  }
  return pops;
}

test('whatever came in whatever order, what pops is decided by order, cancel and the earliest due', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const engine = new TimerEngine();
      run(engine, operations);
      expect(new Map(popAll(engine))).toEqual(new Map(expectedPops(operations)));
    }),
  );
});

test('a replay of the log arms what was armed', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const engine = new TimerEngine();
      const log = run(engine, operations);
      const replayed = new TimerEngine();
      for (const [row, entry] of log.entries()) replayed.apply(parseEntry(serializeEntry(entry)), row);
      expect(replayed.size).toBe(engine.size);
      expect(popAll(replayed)).toEqual(popAll(engine));
    }),
  );
});

test('an entry survives the log as it was, and nothing else is taken for one', () => {
  const entry: TimerEntry = {
    tag: 'armed',
    id: 'ä"\n',
    dueAtMs: 1,
    kind: 'k',
    opaque: '\u0000',
    order: createVersion(1, 2),
    sequence: 2 ** 40,
    tags: { REG: 1 },
  };
  expect(parseEntry(serializeEntry(entry))).toEqual(entry);
  expect(() => parseEntry('["x"]')).toThrow('not an entry');
});

test('tombstones are forgotten once the cancelled timer could not pop any more, after 24 h at most', () => {
  const engine = new TimerEngine();
  const dayMs = 24 * 3_600_000;
  for (const [name, dueAtMs] of [
    ['near', 1000],
    ['far', 10 * dayMs],
  ] as const) {
    engine.apply(
      { tag: 'armed', id: name, dueAtMs, kind: 'k', opaque: '', order: createVersion(1, 1), sequence: 1 },
      1,
    );
    const entry = engine.decideCancel(name, createVersion(1, 1), 0);
    if (entry === undefined || entry === 'already') throw new Error('it is there');
    engine.apply(entry, 2);
  }
  engine.takeDue(10_999, 10);
  expect(engine.size).toBe(2);
  engine.takeDue(11_000, 10);
  expect(engine.size).toBe(1);
  engine.takeDue(dayMs, 10);
  expect(engine.size).toBe(0);
});

test('tags of armed timers add up', () => {
  const engine = new TimerEngine();
  const base = {
    tag: 'armed',
    dueAtMs: 1,
    kind: 'k',
    opaque: '',
    order: createVersion(1, 1),
    sequence: 1,
  } as const;
  engine.apply({ ...base, id: 'a', tags: { REG: 1, BIND: 2 } }, 1);
  engine.apply({ ...base, id: 'b', tags: { REG: 1, BIND: 1 } }, 2);
  engine.apply({ ...base, id: 'b', tags: { REG: 1, BIND: 3 } }, 3);
  engine.apply({ ...base, id: 'c' }, 4);
  expect(engine.tagCounts()).toEqual(
    new Map([
      ['REG', 2],
      ['BIND', 5],
    ]),
  );
});
