import { type ConfigOf, defineConfig, field } from '@clearwater/platform';
import { DEFAULT_TRANSPORT_LIMITS } from '@clearwater/sip';
import { Type } from 'typebox';

const Address = Type.String({ minLength: 2, maxLength: 45, pattern: '^[0-9A-Fa-f:.]+$' });
const HostName = Type.String({ minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9.-]+$' });
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const Timers = Type.Union([Type.Literal('rfc'), Type.Literal('cellular')]);
const restart = { reload: 'restart' } as const;

/** The config of Bono. */
export const bonoConfig = defineConfig(
  'bono',
  {
    homeDomain: field(HostName, {
      ...restart,
      help: 'The home domain; our name in routes is `bono.<homeDomain>`.',
    }),
    nodeId: field(Type.String({ minLength: 1, maxLength: 64 }), {
      ...restart,
      default: 'bono-1',
      help: 'Tells the instances of Bono apart; unique in the deployment.',
    }),
    edgeAddresses: field(Type.Array(Address, { minItems: 1, maxItems: 16 }), {
      ...restart,
      help: 'IP addresses that phones reach, each with UDP and TCP.',
    }),
    edgePort: field(Port, { ...restart, default: 5060, help: 'Port for phones.' }),
    advertisedHost: field(Type.String({ minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9.:-]+$' }), {
      ...restart,
      isOptional: true,
      help: 'Name or address that phones see in Record-Route, where it is not the address they reached (containers, NAT).',
    }),
    coreAddress: field(Address, {
      ...restart,
      default: '127.0.0.1',
      help: 'IP address for the core; never one that strangers reach: what comes in there is trusted.',
    }),
    corePort: field(Port, { ...restart, default: 5058, help: 'Port for the core, UDP and TCP.' }),
    icscfUri: field(Type.String({ maxLength: 255, pattern: '^sip:[^<>\\s?]+$' }), {
      ...restart,
      isOptional: true,
      help: 'Where REGISTER goes; default `sip:icscf.<homeDomain>:5052;transport=TCP`.',
    }),
    coreDomains: field(Type.Array(HostName, { maxItems: 16 }), {
      ...restart,
      default: [],
      help: 'Further domains whose hosts belong to the core: phones may route requests within dialogs to them.',
    }),
    edgeTimers: field(Timers, {
      ...restart,
      default: 'rfc',
      help: 'Timer profile towards phones: `rfc` (RFC 3261) or `cellular` (TS 24.229 Table 7.7.1).',
    }),
    coreTimers: field(Timers, { ...restart, default: 'rfc', help: 'Timer profile towards the core.' }),
    connectionsMax: field(Type.Integer({ minimum: 1, maximum: 1_000_000 }), {
      ...restart,
      default: DEFAULT_TRANSPORT_LIMITS.connectionsMax,
      help: 'Stream connections accepted at once.',
    }),
    firstMessageTimeoutMs: field(Type.Integer({ minimum: 100, maximum: 600_000 }), {
      ...restart,
      default: DEFAULT_TRANSPORT_LIMITS.firstMessageTimeoutMs,
      help: 'A connection that has not brought a whole message by then is closed.',
    }),
    flowsMax: field(Type.Integer({ minimum: 1, maximum: 10_000_000 }), {
      ...restart,
      default: 200_000,
      help: 'Flows whose identities are kept in memory; those beyond are read from the records again.',
    }),
    registrationsPerFlowMax: field(Type.Integer({ minimum: 1, maximum: 1_000 }), {
      ...restart,
      default: 64,
      help: 'Registrations kept in memory per flow (several users behind one connection).',
    }),
    recoveriesMax: field(Type.Integer({ minimum: 1, maximum: 100_000 }), {
      ...restart,
      default: 1_000,
      help: 'Unknown flows looked up in the records at once; a request beyond is answered 500 with Retry-After.',
    }),
  },
  [
    {
      path: 'advertisedHost',
      check: ({ edgeAddresses, advertisedHost }) =>
        advertisedHost !== undefined || !edgeAddresses.some((address) => /^(0\.0\.0\.0|::)$/.test(address)),
      reason: 'needed where edgeAddresses holds the wildcard address: phones cannot route to it',
    },
    {
      path: 'corePort',
      check: ({ edgeAddresses, edgePort, coreAddress, corePort }) =>
        corePort !== edgePort || !edgeAddresses.includes(coreAddress),
      reason: 'the core needs a port of its own on an address that phones reach',
    },
  ],
);
export type BonoConfig = ConfigOf<typeof bonoConfig>;
