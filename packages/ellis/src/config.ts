import { type ConfigOf, defineConfig, field } from '@clearwater/platform';
import { Type } from 'typebox';
import { NUMBER_PATTERN } from './number-identity.ts';
import { PASSWORD_COST } from './password-hasher.ts';

const Pool = Type.Object(
  {
    first: Type.String({ pattern: NUMBER_PATTERN }),
    count: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  },
  { additionalProperties: false },
);
const Smtp = Type.Object(
  {
    host: Type.String({ minLength: 1 }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    tls: Type.Boolean(),
    user: Type.String(),
    password: Type.String(),
    sender: Type.String({ minLength: 3 }),
  },
  { additionalProperties: false },
);

/** The settings of Ellis. */
export const ellisConfig = defineConfig(
  'ellis',
  {
    homeDomain: field(Type.String({ pattern: '^[a-z0-9.-]{1,253}$' }), {
      default: 'example.com',
      reload: 'restart',
      help: 'Domain of the identities made, and realm of their passwords.',
    }),
    listenHost: field(Type.String({ minLength: 1 }), {
      default: '127.0.0.1',
      reload: 'restart',
      help: 'Address of the HTTP server.',
    }),
    port: field(Type.Integer({ minimum: 0, maximum: 65_535 }), {
      default: 8_080,
      reload: 'restart',
      help: 'Port of the HTTP server; 0 takes any free one.',
    }),
    publicUrl: field(Type.String({ pattern: '^https?://[^/]+$' }), {
      isOptional: true,
      reload: 'restart',
      help: 'Where browsers reach Ellis, for the links in mails; https makes cookies Secure. None: http://listenHost:port.',
    }),
    signUpCode: field(Type.String({ minLength: 1, maxLength: 200 }), {
      reload: 'restart',
      help: 'What a new user has to know.',
    }),
    apiKey: field(Type.String({ minLength: 1, maxLength: 200 }), {
      reload: 'restart',
      help: 'NGV-API-Key of operators: may act for every account.',
    }),
    smtp: field(Smtp, {
      isOptional: true,
      reload: 'restart',
      help: 'Server for recovery mails: host, port, tls, user ("" for none), password, sender. Without it the links go to the log.',
    }),
    numberPool: field(Pool, {
      default: { first: '6505550000', count: 1_000 },
      reload: 'restart',
      help: 'Ordinary numbers (first, count), put into the pool at start.',
    }),
    pstnNumberPool: field(Pool, {
      isOptional: true,
      reload: 'restart',
      help: 'Numbers reachable from the public network (first, count).',
    }),
    numbersPerAccountMax: field(Type.Integer({ minimum: 1, maximum: 10_000 }), {
      default: 100,
      reload: 'restart',
      help: 'Numbers one account may hold.',
    }),
    sessionLifetimeS: field(Type.Integer({ minimum: 60, maximum: 2_592_000 }), {
      default: 86_400,
      reload: 'restart',
      help: 'How long a log-in lasts, in seconds.',
    }),
    passwordMemoryKib: field(Type.Integer({ minimum: 64, maximum: 1_048_576 }), {
      default: PASSWORD_COST.memoryKib,
      reload: 'restart',
      help: 'Memory of one password hash (argon2id), in KiB; at most four run at once.',
    }),
    passwordPassCount: field(Type.Integer({ minimum: 1, maximum: 100 }), {
      default: PASSWORD_COST.passCount,
      reload: 'restart',
      help: 'Passes of one password hash.',
    }),
  },
  [
    {
      path: 'numberPool',
      check: ({ numberPool }) => isWithinDigits(numberPool),
      reason: 'its last number needs as many digits as its first',
    },
    {
      path: 'pstnNumberPool',
      check: ({ pstnNumberPool }) => pstnNumberPool === undefined || isWithinDigits(pstnNumberPool),
      reason: 'its last number needs as many digits as its first',
    },
  ],
);
export type EllisConfig = ConfigOf<typeof ellisConfig>;

function isWithinDigits({ first, count }: { readonly first: string; readonly count: number }): boolean {
  const digits = first.replace('+', '');
  return count === 0 || (BigInt(digits) + BigInt(count - 1)).toString().length <= digits.length;
}
