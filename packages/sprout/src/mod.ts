export { type SproutConfig, sproutConfig } from './config.ts';
export { createSprout, type Sprout, type SproutDependencies } from './sprout.ts';
