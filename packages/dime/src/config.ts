import { type ConfigOf, defineConfig, field } from '@clearwater/platform';
import { Type } from 'typebox';

const ChargingFunctions = Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 8 });

const Port = Type.Integer({ minimum: 0, maximum: 65_535 });

/** The config of Dime. */
export const dimeConfig = defineConfig(
  'dime',
  {
    httpHost: field(Type.String({ minLength: 2, maxLength: 45 }), {
      default: '127.0.0.1',
      reload: 'restart',
      help: 'The address of the HTTP servers.',
    }),
    signallingPort: field(Port, {
      default: 8888,
      reload: 'restart',
      help: 'Port of the signalling API; 0: any.',
    }),
    managementPort: field(Port, {
      default: 8886,
      reload: 'restart',
      help: 'Port of the management API; 0: any.',
    }),
    provisioningPort: field(Port, {
      default: 8889,
      reload: 'restart',
      help: 'Port of the provisioning API; 0: any.',
    }),
    apiKey: field(Type.String({ minLength: 6, maxLength: 255 }), {
      isOptional: true,
      reload: 'restart',
      help: 'The key callers send as Authorization: Bearer; needed where httpHost is not loopback.',
    }),
    homeDomain: field(Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Za-z0-9.-]+$' }), {
      reload: 'restart',
      help: 'The home domain; also the digest realm of a private identity provisioned without one.',
    }),
    scscfUri: field(Type.String({ minLength: 5, maxLength: 255, pattern: '^sips?:' }), {
      reload: 'restart',
      help: 'The S-CSCF that serves all users: what registration-status and location answer.',
    }),
    ccfs: field(ChargingFunctions, {
      default: [],
      reload: 'restart',
      help: 'Charging collection functions, most preferred first.',
    }),
    ecfs: field(ChargingFunctions, {
      default: [],
      reload: 'restart',
      help: 'Event charging functions, most preferred first.',
    }),
  },
  [
    {
      path: 'apiKey',
      check: ({ httpHost, apiKey }) => apiKey !== undefined || /^(127\.|::1$|localhost$)/.test(httpHost),
      reason: 'needed where httpHost is not a loopback address',
    },
  ],
);
export type DimeConfig = ConfigOf<typeof dimeConfig>;
