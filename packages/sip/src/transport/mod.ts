export { type Flow, hostForUri, isReliable, type TransportName } from './flow.ts';
export { DEFAULT_TRANSPORT_LIMITS, type ListenerConfig, type TransportLimits } from './transport-config.ts';
