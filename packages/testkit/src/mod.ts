export { FakeClock, type PendingTimer } from './fake-clock.ts';
export { type LogLine, MemoryLog } from './memory-log.ts';
export { type AnswerPlan, type CallState, TestCall } from './phone/test-call.ts';
export { TestPhone, type TestPhoneOptions } from './phone/test-phone.ts';
export { TestProxy } from './phone/test-proxy.ts';
export { SeededRandom } from './seeded-random.ts';
export { forEachSeed, seeds } from './seeds.ts';
export { type LinkKnobs, SimLinks } from './sim-links.ts';
export { type DropRule, type SimEvent, SimNetwork } from './sim-network.ts';
export { TestMetrics } from './test-metrics.ts';
export {
  createTestPlatform,
  type NodePlatform,
  type TestPlatform,
  type TestPlatformOptions,
} from './test-platform.ts';
export { rfc4475Messages } from './torture/rfc4475.ts';
