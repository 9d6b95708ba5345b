import { parseArgs } from 'node:util';
import { type NumberRange, parseNumberRange } from './number-range.ts';

export const USER_USAGE: string = `Usage: cw user COMMAND [options]

  create N | A..B   make the subscribers of one number or a range; what is there stays, what is missing is made
  list              print every public identity
  show N | IMPU     print one subscriber: identities, registration set, service profile
  delete N | A..B   remove the subscribers of one number or a range

A number with + is global and gets sip:+N@DOMAIN and tel:+N; any other is local and gets sip:N@DOMAIN.

Options
  --domain NAME        home domain (default example.com)
  --password TEXT      create: the SIP password of all (default: one each, generated and printed)
  --impi NAME          create: the private identity of a single number (default: N@DOMAIN); one that exists keeps its password
  --json               one JSON object a line
  --provisioning URL   Homestead's provisioning API (default http://127.0.0.1:8889, or CW_PROVISIONING)
  --api-key KEY        its key (or CW_API_KEY)
  --help               this text

Exit status: 0 done, 1 failed or not found, 2 called wrongly.`;

interface Connection {
  readonly origin: string;
  readonly apiKey: string | undefined;
}

export type UserCommand = { readonly isJson: boolean; readonly domain: string } & (
  | {
      readonly tag: 'create';
      readonly range: NumberRange;
      readonly password: string | undefined;
      readonly impi: string | undefined;
    }
  | { readonly tag: 'list' }
  | { readonly tag: 'show'; readonly name: string }
  | { readonly tag: 'delete'; readonly range: NumberRange }
);

export type UserArguments =
  | { readonly tag: 'command'; readonly command: UserCommand; readonly connection: Connection }
  | { readonly tag: 'help' }
  | { readonly tag: 'wrong'; readonly reason: string };

const OPTIONS = {
  domain: { type: 'string', default: 'example.com' },
  password: { type: 'string' },
  impi: { type: 'string' },
  json: { type: 'boolean', default: false },
  provisioning: { type: 'string' },
  'api-key': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Reads `argv` (what follows `cw user`); flags come before the environment. */
export function parseUserArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): UserArguments {
  const parsed = parse(argv);
  if (typeof parsed === 'string') return wrong(parsed);
  const { values, positionals } = parsed;
  if (values.help) return { tag: 'help' };
  const [name = '', subject, ...rest] = positionals;
  if (rest.length > 0) return wrong(`too much: ${rest.join(' ')}`);
  const origin = values.provisioning ?? env['CW_PROVISIONING'] ?? 'http://127.0.0.1:8889';
  if (!/^https?:\/\/[^/]+\/?$/.test(origin) || !URL.canParse(origin)) {
    return wrong(`--provisioning: "${origin}" is not http://host:port`);
  }
  if (!/^[a-z0-9.-]{1,253}$/.test(values.domain))
    return wrong(`--domain: "${values.domain}" is no domain in lower case`);
  const command = commandOf(name, subject, values);
  if (typeof command === 'string') return wrong(command);
  const apiKey = values['api-key'] ?? env['CW_API_KEY'];
  return { tag: 'command', command, connection: { origin: new URL(origin).origin, apiKey } };
}

interface Values {
  readonly domain: string;
  readonly json: boolean;
  readonly password?: string;
  readonly impi?: string;
}

/** The command, or what is wrong with it. */
function commandOf(name: string, subject: string | undefined, values: Values): UserCommand | string {
  const { domain, json: isJson, password, impi } = values;
  if (name !== 'create' && (password !== undefined || impi !== undefined)) {
    return '--password and --impi belong to create';
  }
  switch (name) {
    case 'list':
      return subject === undefined ? { tag: 'list', isJson, domain } : `too much: ${subject}`;
    case 'show':
      return subject === undefined ? 'show which one?' : { tag: 'show', isJson, domain, name: subject };
    case 'create':
    case 'delete': {
      if (subject === undefined) return `${name} which numbers? N or A..B`;
      const parsed = parseNumberRange(subject);
      if (parsed.tag === 'invalid') return parsed.reason;
      const { range } = parsed;
      if (name === 'delete') return { tag: 'delete', isJson, domain, range };
      if (impi !== undefined && range.count > 1) return '--impi is for a single number';
      if (impi !== undefined && !/^[^\s<>"\\]{1,255}$/.test(impi)) return '--impi: not a private identity';
      if (password === '') return '--password: empty';
      return { tag: 'create', isJson, domain, range, password, impi };
    }
    default:
      return name === '' ? 'a command is missing' : `no such command: ${name}`;
  }
}

function parse(argv: readonly string[]): ReturnType<typeof parseOptions> | string {
  try {
    return parseOptions(argv);
  } catch (error) {
    return error !== null && typeof error === 'object' && 'message' in error
      ? String(error.message)
      : String(error);
  }
}

function parseOptions(argv: readonly string[]): {
  readonly values: Values & {
    readonly provisioning?: string;
    readonly 'api-key'?: string;
    readonly help: boolean;
  };
  readonly positionals: readonly string[];
} {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
}

function wrong(reason: string): UserArguments {
  return { tag: 'wrong', reason };
}
