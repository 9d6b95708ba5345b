import type { HomesteadClient } from '@clearwater/dime/api';
import type { KeyRing, Platform, ServicePart } from '@clearwater/platform';
import { type ListenerConfig, NonceMint, type Resolver, RFC_TIMERS, SipNode } from '@clearwater/sip';
import type { Records, Timers } from '@clearwater/vellum';
import type { SproutConfig } from './config.ts';
import { HomeNetwork } from './home-network.ts';
import { Icscf } from './icscf.ts';
import { Refusals } from './refusal.ts';
import { AorStore, EXPIRY_TIMER } from './registrar/aor-store.ts';
import { Registrar } from './registrar/registrar.ts';
import { RegistrationAudit } from './registrar/registration-audit.ts';
import { RegistrationExpiry } from './registrar/registration-expiry.ts';
import { Scscf } from './scscf.ts';
import { Originating } from './session/originating.ts';
import { Terminating } from './session/terminating.ts';
import { SubscriberData } from './subscriber-data.ts';

export interface SproutDependencies {
  readonly platform: Platform;
  readonly records: Records;
  readonly timers: Timers;
  readonly homestead: HomesteadClient;
  /** Shared by all Sprouts, so that any of them takes the answer to a challenge of another. */
  readonly nonceKeys: KeyRing;
  readonly resolver: Resolver;
}

export interface Sprout {
  readonly node: SipNode;
  /** To be started in this order. */
  readonly parts: readonly ServicePart[];
  /** To be told when subscriptions of these public identities changed or went; what follows, follows by itself. */
  onSubscriberChange(change: { readonly impus: readonly string[] }): void;
}

/** I-CSCF and S-CSCF on one SIP node; between the two, requests go in memory. Nothing is kept that outlives a transaction. */
export function createSprout(config: SproutConfig, dependencies: SproutDependencies): Sprout {
  const { platform, records, timers, homestead, nonceKeys, resolver } = dependencies;
  const { clock, log, metrics, random } = platform;
  const nodeName = config.nodeName ?? `sprout-${random.token(12)}`;
  const home = new HomeNetwork(config);
  const aors = new AorStore({ records, timers, clock, log });
  const subscribers = new SubscriberData(homestead, log, config.profileCacheMax);
  const refusals = new Refusals(platform);
  const nonces = new NonceMint(nonceKeys, random);

  const registrar = new Registrar({
    config,
    home,
    aors,
    subscribers,
    nonces,
    refusals,
    clock,
    random,
    metrics,
    log,
    nodeName,
  });
  const expiry = new RegistrationExpiry({ aors, subscribers, clock, log, scscfUri: home.scscfUri });
  timers.onPop(EXPIRY_TIMER, (pop) => expiry.pop(pop));

  const node = new SipNode(platform, { listeners: listenersOf(config), sendFrom: 'scscf' }, resolver);
  const session = { home, aors, subscribers, refusals, clock };
  const originating = new Originating(session);
  const terminating = new Terminating({ ...session, forkMax: config.forkMax, nodeName, log });
  node.add(new Icscf({ host: node, home, subscribers, refusals }), 'icscf');
  node.add(new Scscf({ host: node, home, registrar, originating, terminating, refusals }), 'scscf');
  const audit = new RegistrationAudit({ aors, subscribers, clock, log, nodeName });
  return {
    node,
    parts: [node],
    onSubscriberChange: ({ impus }) => {
      audit.check(impus).catch((error: unknown) => log.error('registration.audit-failed', { error }));
    },
  };
}

function listenersOf({ coreHost: host, icscfPort, scscfPort }: SproutConfig): readonly ListenerConfig[] {
  const common = { host, transports: ['UDP', 'TCP'], timers: RFC_TIMERS } as const;
  return [
    { name: 'icscf', port: icscfPort, ...common },
    { name: 'scscf', port: scscfPort, ...common },
  ];
}
