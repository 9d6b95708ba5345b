import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { type ConfigOf, defineConfig, field, loadConfig } from '@clearwater/platform';
import Type from 'typebox';

/** Labels of letters, digits and inner hyphens (RFC 1123 §2.1); an IPv4 address is one too. */
const DOMAIN_PATTERN = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$';
/** Ports of Sprout, Bono's core side and Homestead, which have no setting of their own here. */
const FIXED_PORTS = [5052, 5054, 5058, 8886, 8888, 8889];

/** Settings of `cw lab`; on the command line in kebab case (`--ellis-port`). */
export const labConfig = defineConfig(
  'lab',
  {
    data: field(Type.String({ minLength: 1, maxLength: 1_024 }), {
      default: '.lab',
      reload: 'restart',
      help: 'Directory of everything that outlives a restart; made if it is not there.',
    }),
    listen: field(Type.Array(Type.String({ minLength: 2, maxLength: 45 }), { minItems: 1, maxItems: 16 }), {
      default: ['127.0.0.1'],
      reload: 'restart',
      help: 'IP addresses on which phones reach port 5060, UDP and TCP; give it once per address.',
    }),
    advertise: field(Type.String({ minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9.:-]+$' }), {
      isOptional: true,
      reload: 'restart',
      help: 'Address or name that phones see in Via and Record-Route, when it is not the one listened on (containers, NAT).',
    }),
    httpListen: field(Type.String({ minLength: 2, maxLength: 45 }), {
      isOptional: true,
      reload: 'restart',
      help: 'IP address of the HTTP ports; by default the first loopback address listened on, else 127.0.0.1.',
    }),
    domain: field(Type.String({ maxLength: 200, pattern: DOMAIN_PATTERN }), {
      default: 'example.com',
      reload: 'restart',
      help: 'Home domain: what stands behind the @ of every user.',
    }),
    sipPort: field(Type.Integer({ minimum: 1, maximum: 65_535 }), {
      default: 5060,
      reload: 'restart',
      help: 'Port on which phones reach the lab.',
    }),
    ellisPort: field(Type.Integer({ minimum: 1, maximum: 65_535 }), {
      default: 8080,
      reload: 'restart',
      help: 'Port of the self-care API.',
    }),
    apiKey: field(Type.String({ minLength: 6, maxLength: 200 }), {
      isOptional: true,
      reload: 'restart',
      help: 'Key of the management and provisioning APIs; `secret` while everything is on loopback, else generated.',
    }),
    registrationExpiryMaxS: field(Type.Integer({ minimum: 10, maximum: 86_400 }), {
      default: 300,
      reload: 'restart',
      help: 'Longest registration granted, in seconds.',
    }),
    registrationExpiryMinS: field(Type.Integer({ minimum: 1, maximum: 3_600 }), {
      default: 60,
      reload: 'restart',
      help: 'Shortest registration accepted, in seconds; shorter ones are answered 423.',
    }),
    drainMaxS: field(Type.Integer({ minimum: 0, maximum: 600 }), {
      default: 5,
      reload: 'restart',
      help: 'After SIGTERM calls in set-up have this long to end, in seconds.',
    }),
    trace: field(Type.Boolean(), {
      default: false,
      reload: 'restart',
      help: 'Keep the ladder of the last 1,000 Call-IDs: `/trace` and `/trace/<Call-ID>` on port 8886.',
    }),
    logLevel: field(Type.Enum(['debug', 'info', 'warn', 'error'] as const), {
      default: 'info',
      reload: 'restart',
      help: 'Least level of the log lines on standard error.',
    }),
  },
  [
    {
      path: 'listen',
      check: ({ listen }) => listen.every((address) => isIP(address) !== 0),
      reason: 'must be IP addresses',
    },
    {
      path: 'advertise',
      check: ({ listen, advertise }) => advertise !== undefined || !listen.some(isEveryAddress),
      reason:
        'must be given when listening on every address (0.0.0.0 or ::): phones need one they can answer to',
    },
    {
      path: 'sipPort',
      check: ({ sipPort, ellisPort }) => ![...FIXED_PORTS, ellisPort].includes(sipPort),
      reason: `must be none of the lab's other ports (${FIXED_PORTS.join(', ')}, ellisPort)`,
    },
    {
      path: 'ellisPort',
      check: ({ ellisPort }) => !FIXED_PORTS.includes(ellisPort),
      reason: `must be none of the lab's other ports (${FIXED_PORTS.join(', ')})`,
    },
    {
      path: 'httpListen',
      check: ({ httpListen }) => httpListen === undefined || isIP(httpListen) !== 0,
      reason: 'must be an IP address',
    },
    {
      path: 'registrationExpiryMinS',
      check: (c) => c.registrationExpiryMinS <= c.registrationExpiryMaxS,
      reason: 'must not be above registrationExpiryMaxS',
    },
    {
      path: 'listen',
      check: ({ listen }) => new Set(listen).size === listen.length,
      reason: 'names an address twice',
    },
  ],
);

export type LabConfig = ConfigOf<typeof labConfig>;

/** From the words behind `cw lab`; throws AppError `config.invalid`, or Node's own error for an unknown option. */
export function parseLabConfig(words: readonly string[]): LabConfig {
  const names = Object.keys(labConfig.fields);
  const options = Object.fromEntries(
    names.map((name) => {
      const type = isFlag(name) ? ('boolean' as const) : ('string' as const);
      return [kebab(name), { type, multiple: name === 'listen' }];
    }),
  );
  const { values } = parseArgs({ args: [...words], options, allowPositionals: false });
  const given = names.map((name) => [name, listText(values[kebab(name)])]);
  return loadConfig(labConfig, [{ source: 'command line', values: Object.fromEntries(given), isText: true }]);
}

/** What `cw lab --help` prints: every setting with its default. */
export function labUsage(): string {
  const lines = Object.entries(labConfig.fields).map(([name, { help, ...field }]) => {
    const preset = 'default' in field ? ` Default: ${String(field.default)}.` : '';
    return `  --${kebab(name).padEnd(28)} ${help}${preset}`;
  });
  return ['cw lab: the whole deployment in one process', '', ...lines, ''].join('\n');
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function isEveryAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Where core and HTTP ports live: never on an address that others can reach, unless asked to. */
export function coreAddress({ listen }: LabConfig): string {
  return listen.find(isLoopback) ?? '127.0.0.1';
}

/** A setting that is on when it is named: `--trace`. */
function isFlag(name: string): boolean {
  const { schema }: { schema: object } = labConfig.fields[name as keyof typeof labConfig.fields];
  return 'type' in schema && schema.type === 'boolean';
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function listText(value: unknown): unknown {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'boolean' ? String(value) : value;
}
