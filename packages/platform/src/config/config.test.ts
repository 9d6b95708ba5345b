import { expect, test } from '@jest/globals';
import { Type } from 'typebox';
import {
  type ConfigLayer,
  type ConfigOf,
  defineConfig,
  field,
  loadConfig,
  renderConfigTable,
} from '../mod.ts';

const definition = defineConfig(
  'sprout',
  {
    expiryMaxS: field(Type.Integer({ minimum: 60, maximum: 86_400 }), {
      default: 300,
      reload: 'live',
      help: 'Longest registration, in seconds.',
    }),
    expiryMinS: field(Type.Integer({ minimum: 0 }), {
      default: 60,
      reload: 'live',
      help: 'Shortest registration.',
    }),
    domain: field(Type.String({ minLength: 1 }), { reload: 'restart', help: 'Home domain.' }),
    listen: field(Type.Array(Type.String()), {
      default: ['127.0.0.1'],
      reload: 'restart',
      help: 'Addresses | hosts.',
    }),
    isStrict: field(Type.Boolean(), { default: false, reload: 'live', help: 'Whether.' }),
    log: field(Type.Union([Type.Literal('info'), Type.Literal('debug')]), {
      default: 'info',
      reload: 'live',
      help: 'Level.',
    }),
    apiKey: field(Type.String(), { isOptional: true, reload: 'restart', help: 'Key.' }),
    peer: field(Type.Object({ port: Type.Integer() }, { additionalProperties: false }), {
      default: { port: 1 },
      reload: 'live',
      help: 'Peer.',
    }),
  },
  [
    {
      path: 'expiryMinS',
      check: ({ expiryMinS, expiryMaxS }) => expiryMinS <= expiryMaxS,
      reason: 'must not exceed expiryMaxS',
    },
  ],
);

const file = (values: Record<string, unknown>): ConfigLayer => ({ source: 'sprout.json', values });

test('a later layer wins field by field, text becomes what the field asks for, the result is frozen', () => {
  const config: ConfigOf<typeof definition> = loadConfig(definition, [
    file({ domain: 'a.example', expiryMaxS: 100, listen: ['::1'] }),
    {
      source: 'flags',
      isText: true,
      values: { expiryMaxS: '200', listen: '10.0.0.1, 10.0.0.2', isStrict: 'true', domain: undefined },
    },
  ]);
  expect(config).toEqual({
    expiryMaxS: 200,
    expiryMinS: 60,
    domain: 'a.example',
    listen: ['10.0.0.1', '10.0.0.2'],
    isStrict: true,
    log: 'info',
    peer: { port: 1 },
  });
  expect([Object.isFrozen(config), Object.isFrozen(config.listen), Object.isFrozen(config.peer)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(() => Object.assign(config.peer, { port: 2 })).toThrow(TypeError);
  expect(config.apiKey).toBeUndefined();
});

test('everything that is wrong is listed at once, with path, reason and source', () => {
  const problemsOf = (...layers: ConfigLayer[]): unknown => {
    try {
      return loadConfig(definition, layers);
    } catch (error) {
      return (error as { code: string; detail: { problems: string[] } }).detail.problems;
    }
  };
  const wrong = {
    expiryMaxS: 10,
    expiryMinS: '60',
    sipPort: 5060,
    listen: ['a', 7],
    peer: { port: 1, host: 'x' },
    log: 'loud',
    constructor: 1,
  };
  expect(problemsOf(file(wrong), { source: 'flags', isText: true, values: { isStrict: 'perhaps' } })).toEqual(
    [
      'sipPort: unknown key (sprout.json)',
      'constructor: unknown key (sprout.json)',
      'expiryMaxS: must be >= 60 (sprout.json)',
      'expiryMinS: must be integer (sprout.json)',
      'domain: missing',
      'listen.1: must be string (sprout.json)',
      'isStrict: must be boolean (flags)',
      expect.stringMatching(/^log: .*\(sprout\.json\)$/),
      'peer.host: unknown key (sprout.json)',
    ],
  );
  expect(problemsOf(file({ domain: 'a', expiryMinS: 400 }))).toEqual([
    'expiryMinS: must not exceed expiryMaxS',
  ]);
  expect(() => loadConfig(definition, [])).toThrow('config.invalid');
});

test('an open object in a field is a mistake of the program', () => {
  const open = field(Type.Array(Type.Object({ a: Type.String() })), { reload: 'live', help: '' });
  expect(() => defineConfig('x', { open })).toThrow('config x.open[]: set additionalProperties: false');
});

test('the README table comes from the definition', () => {
  expect(renderConfigTable(definition)).toBe(`| Setting | Value | Default | Takes effect | What it does |
|---|---|---|---|---|
| \`expiryMaxS\` | integer 60 … 86400 | \`300\` | live | Longest registration, in seconds. |
| \`expiryMinS\` | integer ≥ 0 | \`60\` | live | Shortest registration. |
| \`domain\` | string | must be given | restart | Home domain. |
| \`listen\` | list of string | \`["127.0.0.1"]\` | restart | Addresses \\| hosts. |
| \`isStrict\` | boolean | \`false\` | live | Whether. |
| \`log\` | \`"info"\` or \`"debug"\` | \`"info"\` | live | Level. |
| \`apiKey\` | string | none | restart | Key. |
| \`peer\` | object | \`{"port":1}\` | live | Peer. |

- \`expiryMinS\`: must not exceed expiryMaxS
`);
});
