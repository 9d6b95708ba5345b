export { type Core, type CoreOptions, createCore } from './lab/core.ts';
export { type LabConfig, labConfig, parseLabConfig } from './lab/lab-config.ts';
export { publishHosts } from './lab/lab-hosts.ts';
