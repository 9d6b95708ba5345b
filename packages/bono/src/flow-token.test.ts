import type { KeyRing } from '@clearwater/platform';
import { type Flow, RFC_TIMERS } from '@clearwater/sip';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FlowTokens, flowKey, identityTagOf, names } from './flow-token.ts';

const KEY_1 = { id: 1, secret: Buffer.alloc(32, 1) };
const KEY_2 = { id: 2, secret: Buffer.alloc(32, 2) };
const OWNER = { nodeId: 'bono-1', bootId: Buffer.from('boot-1') };
const NOW_MS = Date.UTC(2026, 0, 1);

function tokensWith({
  keys = { current: KEY_1, previous: [] } as KeyRing,
  owner = OWNER,
  nowMs = NOW_MS,
} = {}): FlowTokens {
  return new FlowTokens(keys, owner, () => nowMs);
}

function flowOf(changes: Partial<Flow> = {}): Flow {
  return {
    transport: 'UDP',
    listener: 'edge',
    local: { host: '10.0.0.1', port: 5060 },
    remote: { host: '192.0.2.7', port: 40_123 },
    connection: 0,
    isOpen: true,
    sentBy: '10.0.0.1:5060',
    timers: RFC_TIMERS,
    send: () => undefined,
    ...changes,
  };
}

const FLOWS: readonly (readonly [string, Flow])[] = [
  ['an IPv4 datagram flow', flowOf()],
  [
    'an IPv6 datagram flow',
    flowOf({ local: { host: '2001:db8::1', port: 5060 }, remote: { host: 'fe80::1%eth0', port: 65_535 } }),
  ],
  ['a connection', flowOf({ transport: 'TCP', connection: 4_294_967_297 })],
];

test.each(FLOWS)('a token of %s names it again, within 255 octets of Path', (_, flow) => {
  const tokens = tokensWith();
  const token = tokens.seal(flow);
  expect(token).toMatch(/^[A-Za-z0-9_-]{40,160}$/);
  const opened = tokens.open(token, 'any call');
  expect(opened).toMatchObject({ tag: 'flow', identityTag: undefined });
  expect(opened.tag === 'flow' && names(opened.name, flow)).toBe(true);
  expect(
    opened.tag === 'flow' && names(opened.name, flowOf({ remote: { host: '192.0.2.7', port: 40_124 } })),
  ).toBe(false);
});

test.each(FLOWS)('no single character of a token of %s can be changed, dropped or added', (_, flow) => {
  const tokens = tokensWith();
  const token = tokens.seal(flow, { callId: 'call-1', defaultImpu: 'sip:alice@example.com' });
  for (let at = 0; at < token.length; at += 1) {
    const other = token[at] === 'A' ? 'B' : 'A';
    expect(tokens.open(token.slice(0, at) + other + token.slice(at + 1), 'call-1').tag).toBe('forged');
    expect(tokens.open(token.slice(0, at), 'call-1').tag).toBe('forged');
  }
  for (const spelt of [`${token}A`, `${token}=`, `A${token}`, ` ${token}`, token.repeat(9)])
    expect(tokens.open(spelt, 'call-1').tag).toBe('forged');
});

test('whatever else stands where a token should is forged and throws nothing', () => {
  const tokens = tokensWith();
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => tokens.open(text, 'x').tag === 'forged'),
  );
});

test('a token holds through a change of keys as long as its key is among the previous ones', () => {
  const token = tokensWith().seal(flowOf());
  expect(tokensWith({ keys: { current: KEY_2, previous: [KEY_1] } }).open(token, '').tag).toBe('flow');
  expect(tokensWith({ keys: { current: KEY_2, previous: [] } }).open(token, '').tag).toBe('forged');
  const sameId = { id: KEY_1.id, secret: KEY_2.secret };
  expect(tokensWith({ keys: { current: sameId, previous: [] } }).open(token, '').tag).toBe('forged');
});

test.each([
  ['after a restart', { ...OWNER, bootId: Buffer.from('boot-2') }],
  ['at another node', { ...OWNER, nodeId: 'bono-2' }],
])('%s a connection token is genuine but dead, a datagram token lives', (_, owner) => {
  const later = tokensWith({ owner });
  expect(later.open(tokensWith().seal(flowOf({ connection: 3 })), '').tag).toBe('elsewhere');
  expect(later.open(tokensWith().seal(flowOf()), '').tag).toBe('flow');
});

test('a datagram token dies of age after a week', () => {
  const token = tokensWith().seal(flowOf());
  const weekMs = 7 * 86_400_000;
  expect(tokensWith({ nowMs: NOW_MS + weekMs }).open(token, '').tag).toBe('flow');
  expect(tokensWith({ nowMs: NOW_MS + weekMs + 1_000 }).open(token, '').tag).toBe('elsewhere');
});

test('a dialog token holds for its Call-ID alone and carries a hash of the identity', () => {
  const tokens = tokensWith();
  const token = tokens.seal(flowOf(), { callId: 'call-1', defaultImpu: 'sip:alice@example.com' });
  expect(tokens.open(token, 'call-1')).toMatchObject({
    tag: 'flow',
    identityTag: identityTagOf('sip:alice@example.com'),
  });
  expect(tokens.open(token, 'call-2').tag).toBe('forged');
  expect(identityTagOf('sip:alice@example.com')).not.toBe(identityTagOf('sip:bob@example.com'));
});

test.each([
  ['made', (tokens: FlowTokens) => tokens],
  ['opened', (_: FlowTokens, keys: KeyRing, nowMs: () => number) => new FlowTokens(keys, OWNER, nowMs)],
])('a token that was %s here before is asked no less: Call-ID, spelling, age, key', (_, instanceOf) => {
  let nowMs = NOW_MS;
  const keys = { current: KEY_1, previous: [] as KeyRing['previous'] };
  const maker = new FlowTokens(keys, OWNER, () => nowMs);
  const dialog = { callId: 'call 1', defaultImpu: 'sip:alice@example.com' };
  const [path, route] = [maker.seal(flowOf()), maker.seal(flowOf(), dialog)];
  const tokens = instanceOf(maker, keys, () => nowMs);
  const tagsOf = (): readonly string[] => [tokens.open(path, 'call 2').tag, tokens.open(route, 'call 1').tag];
  const first = [tokens.open(path, ''), tokens.open(route, 'call 1')];
  expect([tokens.open(path, ''), tokens.open(route, 'call 1')]).toEqual(first);
  expect(tagsOf()).toEqual(['flow', 'flow']);

  for (const callId of ['call 2', 'call', '1', '']) expect(tokens.open(route, callId).tag).toBe('forged');
  expect(tokens.open(`${route} call`, '1').tag).toBe('forged');
  expect(tokens.open(`${route.length} ${route} call 1`, '').tag).toBe('forged');
  expect(tokens.open(` ${path}`, '').tag).toBe('forged');

  Object.assign(keys, { current: KEY_2, previous: [KEY_1] });
  expect(tagsOf()).toEqual(['flow', 'flow']);
  keys.previous = [];
  expect(tagsOf()).toEqual(['forged', 'forged']);
  keys.previous = [{ id: KEY_1.id, secret: KEY_2.secret }];
  expect(tagsOf()).toEqual(['forged', 'forged']);
  keys.previous = [KEY_1];
  nowMs += 7 * 86_400_000;
  expect(tagsOf()).toEqual(['flow', 'flow']);
  nowMs += 1_000;
  expect(tagsOf()).toEqual(['elsewhere', 'elsewhere']);
});

test('flows have one key exactly when they are the same flow', () => {
  expect(flowKey(flowOf())).toBe(flowKey(flowOf()));
  const others = [
    flowOf({ connection: 5 }),
    flowOf({ connection: 6 }),
    flowOf({ remote: { host: '192.0.2.7', port: 1 } }),
    flowOf({ local: { host: '10.0.0.2', port: 5060 } }),
  ];
  expect(new Set([flowOf(), ...others].map(flowKey)).size).toBe(5);
});
