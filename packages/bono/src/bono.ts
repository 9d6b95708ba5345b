import type { KeyRing, Platform, ServicePart } from '@clearwater/platform';
import {
  CELLULAR_TIMERS,
  DEFAULT_TRANSPORT_LIMITS,
  type ListenerConfig,
  type Resolver,
  RFC_TIMERS,
  SipNode,
  type TransportName,
} from '@clearwater/sip';
import type { Records } from '@clearwater/vellum';
import { BonoRole } from './bono-role.ts';
import type { BonoConfig } from './config.ts';
import { CORE, EDGE } from './edge-parts.ts';
import { FlowIdentities } from './flow-identities.ts';
import { FlowRecovery, type RegDataSource } from './flow-recovery.ts';
import { BOOT_ID_BYTES, FlowTokens } from './flow-token.ts';
import { OwnUris } from './own-uris.ts';

export interface BonoDependencies {
  readonly platform: Platform;
  /** The registration records, read only. */
  readonly records: Records;
  /** Homestead; only reg-data is read. */
  readonly homestead: RegDataSource;
  /** Shared by all Bonos; may be replaced inside while running (rotation). */
  readonly flowKeys: KeyRing;
  readonly resolver: Resolver;
}

export interface Bono {
  readonly node: SipNode;
  /** To be started in this order, drained and stopped in reverse. */
  readonly parts: readonly ServicePart[];
}

/** A Bono ready to start: P-CSCF between phones on the `edge` listeners and the core on `core`. */
export function createBono(config: BonoConfig, deps: BonoDependencies): Bono {
  const { platform, records, homestead } = deps;
  const { clock, log } = platform;
  const nowMs = (): number => clock.now();
  const node = new SipNode(
    platform,
    { listeners: listenersOf(config), sendFrom: CORE, limits: limitsOf(config) },
    deps.resolver,
  );
  const uris = new OwnUris(config);
  const owner = { nodeId: config.nodeId, bootId: platform.random.bytes(BOOT_ID_BYTES) };
  const tokens = new FlowTokens(deps.flowKeys, owner, nowMs);
  const identities = new FlowIdentities(config, nowMs);
  const recovery = new FlowRecovery({
    records,
    homestead,
    tokens,
    clock,
    log,
    coreHost: uris.coreHost,
    concurrentMax: config.recoveriesMax,
  });
  const refusedTotal = platform.metrics.counter({
    name: 'bono_requests_refused_total',
    help: 'Requests that Bono itself refused, by status',
    labelNames: ['status'],
  });
  node.add(new BonoRole({ host: node, uris, tokens, identities, recovery, refusedTotal }), EDGE, CORE);
  return { node, parts: [node] };
}

function listenersOf(config: BonoConfig): readonly ListenerConfig[] {
  const { edgeAddresses, edgePort, advertisedHost, coreAddress, corePort } = config;
  const transports: readonly TransportName[] = ['UDP', 'TCP'];
  const timersOf = (profile: 'rfc' | 'cellular') => (profile === 'rfc' ? RFC_TIMERS : CELLULAR_TIMERS);
  return [
    ...edgeAddresses.map((host) => ({
      name: EDGE,
      host,
      port: edgePort,
      transports,
      timers: timersOf(config.edgeTimers),
      ...(advertisedHost !== undefined && { advertisedHost }),
    })),
    { name: CORE, host: coreAddress, port: corePort, transports, timers: timersOf(config.coreTimers) },
  ];
}

function limitsOf({ connectionsMax, firstMessageTimeoutMs }: BonoConfig): typeof DEFAULT_TRANSPORT_LIMITS {
  return { ...DEFAULT_TRANSPORT_LIMITS, connectionsMax, firstMessageTimeoutMs };
}
