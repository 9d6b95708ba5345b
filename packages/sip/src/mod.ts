export * from './dialog/mod.ts';
export * from './digest/mod.ts';
export * from './message/mod.ts';
export * from './proxy/mod.ts';
export * from './resolver/mod.ts';
export * from './role/mod.ts';
export * from './transaction/mod.ts';
export * from './transport/mod.ts';
