import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type AorRecord,
  activeBindings,
  applyRegister,
  type ContactChange,
  canonicalImpu,
  decodeRecord,
  EMPTY_RECORD,
  encodeRecord,
  expire,
  type Impi,
  type Impu,
  isRegistered,
  mergeRecords,
  mergeRecordTexts,
  nextExpiryMs,
  type RegisterChange,
  type RegisterOutcome,
  recordTtlMs,
  type Writer,
} from './mod.ts';

const NOW_MS = 1_800_000_000_000;
const IMPI = 'alice@example.com' as Impi;
const IMPU = canonicalImpu('sip:alice@example.com') as Impu;

function contact(uri: string, more: Partial<ContactChange> = {}): ContactChange {
  return { uri, parameters: {}, expiresS: 300, qMilli: 1000, ...more };
}

function change(more: Partial<RegisterChange> = {}): RegisterChange {
  return {
    impi: IMPI,
    callId: 'call-1',
    cseq: 1,
    contacts: [contact('sip:alice@192.0.2.1:5060')],
    path: ['<sip:token@bono.example.com;lr>'],
    userAgent: 'phone/1',
    source: 'udp:192.0.2.1:5060',
    registration: {
      scscfUri: 'sip:scscf.example.com:5054',
      serviceRoute: ['<sip:scscf.example.com:5054;orig;lr>'],
      associated: [{ impu: IMPU, isBarred: false }],
    },
    ...more,
  };
}

const at = (nowMs: number, node = 'sprout-1'): Writer => ({ nowMs, node });

function applied(outcome: RegisterOutcome): Extract<RegisterOutcome, { tag: 'applied' }> {
  if (outcome.tag !== 'applied') throw new Error(`not applied: ${outcome.tag}`);
  return outcome;
}

const register = (record: AorRecord, more: Partial<RegisterChange> = {}, nowMs = NOW_MS): AorRecord =>
  applied(applyRegister(record, change(more), at(nowMs))).record;

const contactsOf = (record: AorRecord, nowMs = NOW_MS): readonly string[] =>
  activeBindings(record, nowMs).map((binding) => binding.contact);

test('a REGISTER adds a binding, the next refreshes it, expires=0 removes it', () => {
  const first = applied(applyRegister(EMPTY_RECORD, change(), at(NOW_MS)));
  expect(first.added.map((binding) => binding.contact)).toEqual(['sip:alice@192.0.2.1:5060']);
  expect(first.record.registration?.scscfUri).toBe('sip:scscf.example.com:5054');
  expect(nextExpiryMs(first.record)).toBe(NOW_MS + 300_000);

  const second = applied(applyRegister(first.record, change({ cseq: 2 }), at(NOW_MS + 100_000)));
  expect([second.added.length, second.refreshed.length]).toEqual([0, 1]);
  expect(nextExpiryMs(second.record)).toBe(NOW_MS + 400_000);

  const gone = change({ cseq: 3, contacts: [contact('sip:alice@192.0.2.1:5060', { expiresS: 0 })] });
  const third = applied(applyRegister(second.record, gone, at(NOW_MS + 200_000)));
  expect(third.removed.map((binding) => binding.contact)).toEqual(['sip:alice@192.0.2.1:5060']);
  expect(isRegistered(third.record, NOW_MS + 200_000)).toBe(false);
  expect(nextExpiryMs(third.record)).toBeUndefined();
});

test('equivalent contact URIs are one binding, others are not', () => {
  const record = register(EMPTY_RECORD, {
    contacts: [contact('sip:alice@Host.example:5060;transport=TCP;ob')],
  });
  const again = register(record, {
    cseq: 2,
    contacts: [contact('SIP:alice@host.example:5060;transport=tcp')],
  });
  expect(contactsOf(again)).toEqual(['SIP:alice@host.example:5060;transport=tcp']);
  const others = [
    'sip:Alice@host.example:5060;transport=tcp',
    'sip:alice@host.example;transport=tcp',
    'sip:alice@host.example:5060',
  ];
  expect(contactsOf(register(again, { cseq: 3, contacts: others.map((uri) => contact(uri)) })).length).toBe(
    4,
  );
});

test('a phone with an instance is one binding per reg-id, wherever it moves', () => {
  const instance = '<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>';
  const record = register(EMPTY_RECORD, { contacts: [contact('sip:a@192.0.2.1:1', { instance, regId: 1 })] });
  const moved = register(record, {
    cseq: 2,
    contacts: [contact('sip:a@192.0.2.9:9', { instance, regId: 1 })],
  });
  expect(contactsOf(moved)).toEqual(['sip:a@192.0.2.9:9']);
  const flows = register(moved, {
    cseq: 3,
    contacts: [contact('sip:a@192.0.2.9:9', { instance, regId: 2 })],
  });
  expect(flows.bindings.size).toBe(2);
  const twice = [contact('sip:a@192.0.2.1:1', { instance }), contact('sips:a@192.0.2.1:1', { instance })];
  expect(register(EMPTY_RECORD, { contacts: twice }).bindings.size).toBe(2);
});

test('several contacts come in order of q, then the latest first', () => {
  const contacts = [contact('sip:a@h1', { qMilli: 200 }), contact('sip:a@h2', { qMilli: 700 })];
  const record = register(EMPTY_RECORD, { contacts });
  const more = register(
    record,
    { callId: 'call-2', contacts: [contact('sip:a@h3', { qMilli: 700 })] },
    NOW_MS + 1,
  );
  expect(contactsOf(more, NOW_MS + 1)).toEqual(['sip:a@h3', 'sip:a@h2', 'sip:a@h1']);
});

test('within one Call-ID CSeq must rise, else nothing of the request is done', () => {
  const record = register(EMPTY_RECORD, { cseq: 5 });
  const late = change({ cseq: 4, contacts: [contact('sip:new@h'), contact('sip:alice@192.0.2.1:5060')] });
  expect(applyRegister(record, late, at(NOW_MS))).toEqual({ tag: 'out-of-order' });
  expect(applyRegister(record, { ...late, callId: 'call-2', cseq: 1 }, at(NOW_MS)).tag).toBe('applied');
  expect(applyRegister(record, { ...late, contacts: '*' }, at(NOW_MS))).toEqual({ tag: 'out-of-order' });
});

test('a REGISTER overtaken by its removal does not bring the binding back', () => {
  const record = register(register(EMPTY_RECORD, { cseq: 5 }), { cseq: 7, contacts: '*' });
  expect(applyRegister(record, change({ cseq: 6 }), at(NOW_MS + 31_000)).tag).toBe('out-of-order');
  expect(applyRegister(record, change({ cseq: 1 }), at(NOW_MS + 33_000)).tag).toBe('applied');
});

test('a request whose write had an unknown outcome is recognised by its effect, from its own flow alone', () => {
  const record = register(EMPTY_RECORD);
  expect(applyRegister(record, change(), at(NOW_MS + 5)).tag).toBe('repeated');
  expect(applyRegister(record, change({ source: 'udp:203.0.113.9:5060' }), at(NOW_MS + 5)).tag).toBe(
    'out-of-order',
  );
  const twice = register(EMPTY_RECORD, nonce('n', 1));
  expect(applyRegister(twice, change(nonce('n', 1)), at(NOW_MS)).tag).toBe('repeated');
  expect(applyRegister(twice, change(nonce('n', 2)), at(NOW_MS)).tag).toBe('out-of-order');
  const cleared = register(record, { cseq: 2, contacts: '*' });
  expect(applyRegister(cleared, change({ cseq: 2, contacts: '*' }), at(NOW_MS)).tag).toBe('repeated');
});

test('* removes every binding', () => {
  const record = register(EMPTY_RECORD, { contacts: [contact('sip:a@h1'), contact('sip:a@h2')] });
  const outcome = applied(applyRegister(record, change({ callId: 'call-2', contacts: '*' }), at(NOW_MS)));
  expect([outcome.removed.length, isRegistered(outcome.record, NOW_MS)]).toEqual([2, false]);
});

test('more live bindings than the limit are refused as a whole; ended ones do not count', () => {
  const limits = { bindingsMax: 2, noncesMax: 8 };
  const record = register(EMPTY_RECORD, { contacts: [contact('sip:a@h1'), contact('sip:a@h2')] });
  const third = change({ callId: 'call-2', contacts: [contact('sip:a@h3')] });
  expect(applyRegister(record, third, at(NOW_MS), limits)).toEqual({ tag: 'too-many-bindings' });
  expect(applyRegister(record, third, at(NOW_MS + 300_000), limits).tag).toBe('applied');
});

test('the leftover of a restarted phone goes only when its flow is known to be dead', () => {
  const old = register(EMPTY_RECORD, {
    contacts: [contact('sip:a@192.0.2.1:1000')],
    source: 'tcp:192.0.2.1:1000',
  });
  const restart = {
    callId: 'call-2',
    contacts: [contact('sip:a@192.0.2.1:2000')],
    source: 'tcp:192.0.2.1:2000',
  };
  expect(contactsOf(register(old, restart)).length).toBe(2);
  expect(contactsOf(register(old, { ...restart, replacesDeadFlow: true }))).toEqual(['sip:a@192.0.2.1:2000']);
  for (const other of [
    { userAgent: 'phone/2' },
    { impi: 'bob@example.com' as Impi },
    { source: 'tcp:192.0.2.2:2000' },
  ]) {
    expect(contactsOf(register(old, { ...restart, ...other, replacesDeadFlow: true })).length).toBe(2);
  }
});

const nonce = (id: string, nc: number, expiresAtMs = NOW_MS + 240_000): Pick<RegisterChange, 'nonce'> => ({
  nonce: { id, nc, expiresAtMs },
});

test('a nonce count is used once, at any node', () => {
  const record = register(EMPTY_RECORD, nonce('n1', 1));
  const replayed = change({ callId: 'replay', ...nonce('n1', 1) });
  expect(applyRegister(record, replayed, at(NOW_MS))).toEqual({ tag: 'stale-nonce' });
  const other = register(record, { callId: 'x', ...nonce('n2', 1) });
  expect(applyRegister(other, replayed, at(NOW_MS))).toEqual({ tag: 'stale-nonce' });
  expect(applyRegister(other, change({ callId: 'y', ...nonce('n1', 2) }), at(NOW_MS)).tag).toBe('applied');
  expect(applyRegister(other, { ...replayed, impi: 'bob@example.com' as Impi }, at(NOW_MS)).tag).toBe(
    'applied',
  );
});

test('a nonce that has ended is forgotten, and refused also where the clock is behind', () => {
  const first = register(EMPTY_RECORD, nonce('n1', 1, NOW_MS + 10));
  const change2 = change({ callId: 'later', ...nonce('n2', 1, NOW_MS + 250) });
  const second = applyRegister(first, change2, at(NOW_MS + 20));
  const record = second.tag === 'applied' ? second.record : EMPTY_RECORD;
  expect(Object.keys(record.authentication.get(IMPI)?.nonces ?? {})).toEqual(['n2']);
  const replay = change({ callId: 'replay', ...nonce('n1', 2, NOW_MS + 10) });
  expect(applyRegister(record, replay, at(NOW_MS))).toEqual({ tag: 'stale-nonce' });
});

test('of many nonces the newest are remembered and older ones refused unseen', () => {
  let record = EMPTY_RECORD;
  for (let i = 1; i <= 20; i += 1)
    record = register(record, { callId: `c${i}`, ...nonce(`n${i}`, 1, NOW_MS + i) });
  expect(Object.keys(record.authentication.get(IMPI)?.nonces ?? {}).length).toBe(8);
  const unseen = change({ callId: 'z', ...nonce('never-seen', 1, NOW_MS + 5) });
  expect(applyRegister(record, unseen, at(NOW_MS))).toEqual({ tag: 'stale-nonce' });
});

test('a binding ends at its own time, becomes a tombstone, and is forgotten 10 s after its end', () => {
  const record = register(EMPTY_RECORD);
  const endMs = NOW_MS + 300_000;
  expect([isRegistered(record, endMs - 1), isRegistered(record, endMs)]).toEqual([true, false]);
  expect(expire(record, endMs - 1)).toEqual({ record, expired: [] });
  const ended = expire(record, endMs);
  expect(ended.expired.map((binding) => binding.contact)).toEqual(['sip:alice@192.0.2.1:5060']);
  expect(ended.record.bindings.size).toBe(1);
  expect(expire(ended.record, endMs + 9_999).record).toBe(ended.record);
  expect(expire(ended.record, endMs + 10_000).record.bindings.size).toBe(0);
  expect(recordTtlMs(record, NOW_MS)).toBe(900_000);
});

test('expiry at one site does not undo a refresh at another', () => {
  const record = register(EMPTY_RECORD);
  const refreshed = register(record, { cseq: 2 }, NOW_MS + 200_000);
  const expired = expire(record, NOW_MS + 301_000).record;
  expect(isRegistered(mergeRecords(expired, refreshed), NOW_MS + 301_000)).toBe(true);
});

test('a removal is later than what it removes, even when the clock went back', () => {
  const record = register(EMPTY_RECORD);
  const removed = register(record, { cseq: 2, contacts: '*' }, NOW_MS - 3_600_000);
  expect(isRegistered(mergeRecords(record, removed), NOW_MS)).toBe(false);
});

// One history from two sites: each step is a REGISTER or an expiry, on a copy, by a site, sometimes after a merge.
const step = fc.record({
  site: fc.integer({ min: 0, max: 2 }),
  from: fc.integer({ min: 0, max: 2 }),
  host: fc.integer({ min: 1, max: 3 }),
  expiresS: fc.constantFrom(0, 5, 300),
  afterMs: fc.integer({ min: -2_000, max: 8_000 }),
  nc: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom('register', 'register', 'clear', 'expire', 'merge'),
});

function copiesAfter(
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
): readonly AorRecord[] {
  const copies = [EMPTY_RECORD, EMPTY_RECORD, EMPTY_RECORD];
  let nowMs = NOW_MS;
  for (const [index, { site, from, host, expiresS, afterMs, nc, kind }] of steps.entries()) {
    nowMs += afterMs;
    const record = copies[site] ?? EMPTY_RECORD;
    if (kind === 'merge') copies[site] = mergeRecords(record, copies[from] ?? EMPTY_RECORD);
    else if (kind === 'expire') copies[site] = expire(record, nowMs).record;
    else {
      const contacts = kind === 'clear' ? ('*' as const) : [contact(`sip:a@h${host}`, { expiresS })];
      const request = change({
        callId: `c${index}`,
        contacts,
        nonce: { id: `n${host}`, nc, expiresAtMs: NOW_MS + host },
      });
      const outcome = applyRegister(
        record,
        request,
        { nowMs, node: `s${site}` },
        { bindingsMax: 32, noncesMax: 2 },
      );
      if (outcome.tag === 'applied')
        copies[site] = { ...outcome.record, timerSequence: index, extra: { later: index % 3 } };
    }
  }
  return copies;
}

// Maps may differ in order: compare what is stored, keys sorted.
const content = (record: AorRecord): unknown => JSON.parse(encodeRecord(record));

test('merging is commutative, associative and idempotent', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 25 }), (steps) => {
      const [a = EMPTY_RECORD, b = EMPTY_RECORD, c = EMPTY_RECORD] = copiesAfter(steps);
      const ab = mergeRecords(a, b);
      expect(content(mergeRecords(b, a))).toEqual(content(ab));
      expect(content(mergeRecords(ab, c))).toEqual(content(mergeRecords(a, mergeRecords(b, c))));
      expect(content(mergeRecords(ab, b))).toEqual(content(ab));
      expect(content(mergeRecords(a, a))).toEqual(content(a));
    }),
    { seed: 3, numRuns: 120 },
  );
});

test('a merged record keeps every nonce count from being used again', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 25 }), (steps) => {
      const [a = EMPTY_RECORD, b = EMPTY_RECORD] = copiesAfter(steps);
      const merged = mergeRecords(a, b);
      for (const { nonces } of [a, b].flatMap((copy) => [...copy.authentication.values()])) {
        for (const [id, use] of Object.entries(nonces)) {
          const replay = change({ callId: 'replay', contacts: [], nonce: { id, ...use } });
          expect(applyRegister(merged, replay, at(NOW_MS)).tag).toBe('stale-nonce');
        }
      }
    }),
    { seed: 4, numRuns: 60 },
  );
});

test('records survive their codec, fields of a later version included', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      for (const record of copiesAfter(steps)) expect(decodeRecord(encodeRecord(record))).toEqual(record);
    }),
    { seed: 5, numRuns: 60 },
  );
  const later = JSON.parse(encodeRecord(register(EMPTY_RECORD)));
  const [key = ''] = Object.keys(later.bindings);
  later.bindings[key].pnProvider = 'apns';
  later.registration.icid = 7;
  later.subscriptions.s1 = { stamp: later.bindings[key].stamp, uri: 'sip:watcher@h' };
  later.notifyCseq = 9;
  const refreshed = register(decodeRecord(JSON.stringify(later)), { cseq: 2 }, NOW_MS + 1);
  const stored = JSON.parse(encodeRecord(refreshed));
  expect([stored.bindings[key].pnProvider, stored.registration.icid, stored.notifyCseq]).toEqual([
    'apns',
    7,
    9,
  ]);
  expect(stored.subscriptions.s1.uri).toBe('sip:watcher@h');
  expect(mergeRecordTexts(JSON.stringify(stored), JSON.stringify(later))).toContain('"notifyCseq":9');
});

const malformed = [
  '',
  '[]',
  '{}',
  '{"v":1}',
  'null',
  '{"v":1,"bindings":{"c:x":{}},"subscriptions":{},"authentication":{},"timerSequence":0}',
];

test.each(malformed)('text %j is no record', (text) => {
  expect(() => decodeRecord(text)).toThrow('ims.record-malformed');
});

test('a record of a later format is refused, not guessed at', () => {
  expect(() => decodeRecord('{"v":2}')).toThrow('ims.record-version');
});

test('a binding with any field of a wrong type is no binding', () => {
  const contacts = [contact('sip:a@h', { instance: '<urn:uuid:1>', regId: 1 })];
  const whole = JSON.parse(encodeRecord(register(EMPTY_RECORD, { contacts })));
  const [[key = '', binding = {}] = []] = Object.entries<Record<string, unknown>>(whole.bindings);
  const fields = Object.keys(binding);
  expect(fields.length).toBe(13);
  for (const field of fields) {
    const damaged = { ...whole, bindings: { [key]: { ...binding, [field]: false } } };
    expect(() => decodeRecord(JSON.stringify(damaged))).toThrow('ims.record-malformed');
  }
});

test('any damage to a stored record is refused or read, never anything else', () => {
  const whole = JSON.parse(encodeRecord(register(EMPTY_RECORD, nonce('n', 1))));
  fc.assert(
    fc.property(
      fc.constantFrom('bindings', 'authentication', 'registration', 'timerSequence'),
      fc.jsonValue(),
      (field, value) => {
        try {
          decodeRecord(JSON.stringify({ ...whole, [field]: value }));
        } catch (error) {
          expect((error as { code?: string }).code).toBe('ims.record-malformed');
        }
      },
    ),
    { seed: 6, numRuns: 200 },
  );
});
