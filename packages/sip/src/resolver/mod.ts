export type { Hop, Resolver } from './resolver.ts';
export { type HostTable, StaticResolver } from './static-resolver.ts';
