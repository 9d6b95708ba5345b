export { type Bono, type BonoDependencies, createBono } from './bono.ts';
export { type BonoConfig, bonoConfig } from './config.ts';
export type { RegDataSource } from './flow-recovery.ts';
