export { FakeClock, type PendingTimer } from './fake-clock.ts';
export { type LogLine, MemoryLog } from './memory-log.ts';
export { SeededRandom } from './seeded-random.ts';
export { forEachSeed, seeds } from './seeds.ts';
export { TestMetrics } from './test-metrics.ts';
