import { type ConfigOf, defineConfig, field } from '@clearwater/platform';
import { Type } from 'typebox';

const Port = Type.Integer({ minimum: 1, maximum: 65_535 });

/** The config of Sprout. */
export const sproutConfig = defineConfig(
  'sprout',
  {
    homeDomain: field(Type.String({ minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9.-]+$' }), {
      reload: 'restart',
      help: 'The home domain, which is also the digest realm.',
    }),
    coreHost: field(Type.String({ minLength: 1, maxLength: 255 }), {
      default: '127.0.0.1',
      reload: 'restart',
      help: 'Address of the core side. Core ports are not public: loopback, or a network of listed peers.',
    }),
    icscfPort: field(Port, { default: 5052, reload: 'restart', help: 'Port of the I-CSCF, UDP and TCP.' }),
    scscfPort: field(Port, { default: 5054, reload: 'restart', help: 'Port of the S-CSCF, UDP and TCP.' }),
    scscfUri: field(Type.String({ maxLength: 255, pattern: '^sip:[^<>"\\s]+$' }), {
      isOptional: true,
      reload: 'restart',
      help: 'Name of the S-CSCF that all Sprouts share; without it `sip:scscf.<homeDomain>:<scscfPort>;transport=TCP`.',
    }),
    nodeName: field(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }), {
      isOptional: true,
      reload: 'restart',
      help: 'Writer of this node in the registration records, unique among all Sprouts; random without it.',
    }),
    registrationExpiryMaxS: field(Type.Integer({ minimum: 10, maximum: 604_800 }), {
      default: 300,
      reload: 'restart',
      help: 'Longest registration granted, in seconds; also what a phone gets that asks for nothing.',
    }),
    registrationExpiryMinS: field(Type.Integer({ minimum: 1, maximum: 3_600 }), {
      default: 60,
      reload: 'restart',
      help: 'Shortest registration accepted, in seconds; below it the answer is 423.',
    }),
    bindingsMax: field(Type.Integer({ minimum: 1, maximum: 32 }), {
      default: 10,
      reload: 'restart',
      help: 'Contacts one implicit registration set may have at once.',
    }),
    forkMax: field(Type.Integer({ minimum: 1, maximum: 32 }), {
      default: 10,
      reload: 'restart',
      help: 'Devices one request is sent to at once; those of the highest q are taken.',
    }),
    allowDigestWithoutQop: field(Type.Boolean(), {
      default: false,
      reload: 'restart',
      help: 'Accept answers in the form of RFC 2069, each nonce once.',
    }),
    nonceLifetimeS: field(Type.Integer({ minimum: 30, maximum: 3_600 }), {
      default: 240,
      reload: 'restart',
      help: 'How long a challenge may be answered, in seconds (TS 24.229 reg-await-auth).',
    }),
    nonceReuseS: field(Type.Integer({ minimum: 30, maximum: 86_400 }), {
      default: 600,
      reload: 'restart',
      help: 'How long after its making a nonce that was answered is good for refreshes with a higher nonce count, in seconds.',
    }),
    profileCacheMax: field(Type.Integer({ minimum: 1, maximum: 1_000_000 }), {
      default: 10_000,
      reload: 'restart',
      help: 'Profiles whose parsed form is kept.',
    }),
  },
  [
    {
      path: 'registrationExpiryMinS',
      check: (config) => config.registrationExpiryMinS <= config.registrationExpiryMaxS,
      reason: 'must not exceed registrationExpiryMaxS',
    },
    {
      path: 'nonceReuseS',
      check: (config) => config.nonceReuseS >= config.nonceLifetimeS,
      reason: 'must be at least nonceLifetimeS',
    },
  ],
);
export type SproutConfig = ConfigOf<typeof sproutConfig>;
