import { REGISTRATION_TABLE } from '@clearwater/ims';
import type { KeyedSecret } from '@clearwater/platform';
import type { SipResponse } from '@clearwater/sip';
import { createTestPlatform, type TestPlatform } from '@clearwater/testkit';
import { ABSENT, type EmbeddedVellum, openEmbeddedVellum } from '@clearwater/vellum';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ScriptedUser } from '../testing/scripted-homestead.ts';
import { SproutWorld, withoutPops } from '../testing/sprout-world.ts';

const USERS = [
  {
    impi: 'alice@example.com',
    password: 'secret',
    impus: [
      'sip:alice@example.com',
      'sip:+16505550001@example.com',
      'tel:+16505550001',
      { barred: 'sip:hidden@example.com' },
    ],
  },
  { impi: 'bob@example.com', password: 'hush', impus: ['sip:bob@example.com'] },
  { impi: 'barred@example.com', password: 'secret', impus: [{ barred: 'sip:barred@example.com' }] },
];
const ALICE = 'sip:alice@example.com';

let world: TestPlatform;
let vellum: EmbeddedVellum;
let sprout: SproutWorld;

beforeEach(async () => {
  world = createTestPlatform();
  vellum = await openEmbeddedVellum({ directory: ':memory:', platform: world.platform });
  sprout = new SproutWorld(world.platform, vellum, USERS);
  await vellum.part.start?.();
});
afterEach(() => vellum.part.stop?.());

/** Another Sprout on the same stores; timers pop at the first one. */
function secondSprout(
  config: Readonly<Record<string, unknown>> = {},
  keys: readonly KeyedSecret[] = [],
): SproutWorld {
  return new SproutWorld(
    world.platform,
    { records: vellum.records, timers: withoutPops(vellum.timers) },
    USERS,
    { config, keys },
  );
}

function contactsIn(response: SipResponse): readonly string[] {
  return response.values('Contact');
}

async function bindingsOfAlice(): Promise<readonly string[]> {
  const response = await sprout.register({ contacts: [] });
  expect(response.status).toBe(200);
  return contactsIn(response);
}

describe('challenge', () => {
  test('an initial REGISTER is challenged with MD5 and qop, and nothing is stored or asked for it', async () => {
    const response = await sprout.send(sprout.registerRequest()).final;
    expect(response.status).toBe(401);
    expect(response.header('WWW-Authenticate')).toMatch(
      /^Digest realm="example.com",nonce="[\w-]{43}",algorithm=MD5,qop="auth"$/,
    );
    expect(sprout.records.writes).toBe(0);
    expect(sprout.homestead.calls).toEqual(['status sip:alice@example.com REG']);
    expect(world.metrics.value('sprout_registers_total', 'challenged')).toBe(1);
  });

  test('unknown users, foreign and barred identities are challenged like known ones', async () => {
    const variants = [
      {},
      { impu: 'sip:nobody@example.com' },
      { impu: 'sip:barred@example.com' },
      {
        impu: 'sip:bob@example.com',
        headers: [['Authorization', emptyAnswer('alice@example.com')]] as const,
      },
      { headers: [['Authorization', emptyAnswer('nobody@example.com')]] as const },
    ];
    const shapes = [];
    for (const variant of variants) {
      const response = await sprout.send(sprout.registerRequest({ ...variant, callId: 'same', cseq: 1 }))
        .final;
      shapes.push(
        response.text
          .replaceAll(/nonce="[^"]*"/g, 'nonce')
          .replaceAll(/;tag=\w+/g, '')
          .replaceAll(/sip:\w+@example.com/g, 'user'),
      );
    }
    expect(new Set(shapes).size).toBe(1);
    expect(shapes[0]).toContain('401');
  });

  test('wrong password, unknown user and unknown identity climb the same ladder: 401 four times, then 403', async () => {
    const ladders = [];
    for (const options of [
      { password: 'wrong' },
      { impi: 'nobody@example.com', impu: 'sip:nobody@example.com' },
      { impu: 'sip:nobody@example.com', password: 'wrong' },
      { impu: 'sip:bob@example.com', password: 'wrong' },
    ]) {
      const ladder = [];
      let response = await sprout.send(sprout.registerRequest(options)).final;
      for (let attempt = 0; attempt < 6 && response.status === 401; attempt += 1) {
        expect(response.header('WWW-Authenticate')).not.toContain('stale');
        ladder.push(response.status);
        response = await sprout.send(sprout.answerTo(response, sprout.registerRequest(options), options))
          .final;
      }
      ladders.push([...ladder, response.status]);
    }
    expect(ladders).toEqual([1, 2, 3, 4].map(() => [401, 401, 401, 401, 403]));
    expect(sprout.records.writes).toBe(0);
  });

  test('the right password for an identity of someone else, or a barred one: 403', async () => {
    expect((await sprout.register({ impu: 'sip:bob@example.com' })).status).toBe(403);
    expect((await sprout.register({ impu: 'sip:nobody@example.com' })).status).toBe(403);
    expect((await sprout.register({ impu: 'sip:hidden@example.com' })).status).toBe(403);
    expect(
      (await sprout.register({ impu: 'sip:barred@example.com', impi: 'barred@example.com' })).status,
    ).toBe(403);
    expect(sprout.records.writes).toBe(0);
  });

  test('an answer that is late, or made with an unknown key, is stale, not wrong', async () => {
    const challenge = await sprout.send(sprout.registerRequest()).final;
    await world.clock.advance(241_000);
    const late = await sprout.send(sprout.answerTo(challenge, sprout.registerRequest())).final;
    expect(late.status).toBe(401);
    expect(late.header('WWW-Authenticate')).toContain('stale=true');
    const other = secondSprout({}, [{ id: 1, secret: Buffer.alloc(32, 9) }]);
    const foreign = await other.send(sprout.answerTo(late, sprout.registerRequest())).final;
    expect(foreign.header('WWW-Authenticate')).toContain('stale=true');
    expect((await sprout.send(sprout.answerTo(late, sprout.registerRequest())).final).status).toBe(200);
  });

  test('a nonce of one identity is none of another', async () => {
    const challenge = await sprout.send(sprout.registerRequest()).final;
    const moved = sprout.answerTo(
      challenge,
      sprout.registerRequest({ impu: 'sip:+16505550001@example.com' }),
    );
    expect((await sprout.send(moved).final).header('WWW-Authenticate')).toContain('stale=true');
  });

  test('an answer for another URI is 400; one without qop is wrong unless allowed', async () => {
    const challenge = await sprout.send(sprout.registerRequest()).final;
    const moved = sprout.answerTo(challenge, sprout.registerRequest());
    moved.setUri('sip:example.com;x=y;transport=tcp');
    expect((await sprout.send(moved).final).status).toBe(400);

    const bare = challenge.copy();
    bare.set('WWW-Authenticate', (challenge.header('WWW-Authenticate') ?? '').replace(',qop="auth"', ''));
    expect((await sprout.send(sprout.answerTo(bare, sprout.registerRequest())).final).status).toBe(401);
    const lenient = secondSprout({ allowDigestWithoutQop: true });
    const answer = sprout.answerTo(bare, sprout.registerRequest());
    expect((await lenient.send(answer.copy()).final).status).toBe(200);
    answer.set('CSeq', '9999 REGISTER');
    expect((await lenient.send(answer).final).header('WWW-Authenticate')).toContain('stale=true');
  });

  test('a captured REGISTER is refused at another Sprout, also when it names another identity of the set', async () => {
    const challenge = await sprout.send(sprout.registerRequest()).final;
    const captured = sprout.answerTo(challenge, sprout.registerRequest());
    const stolen = captured.copy();
    expect((await sprout.send(captured).final).status).toBe(200);
    const other = secondSprout();
    const elsewhere = stolen.copy();
    elsewhere.set('Via', 'SIP/2.0/UDP 10.6.6.6:5060;branch=z9hG4bKthief');
    expect((await other.send(elsewhere).final).status).toBe(500); // out of order
    for (const to of [ALICE, 'sip:+16505550001@example.com']) {
      const replay = stolen.copy();
      replay.set('To', `<${to}>`);
      replay.set('CSeq', '5000 REGISTER');
      replay.set('Contact', '<sip:thief@10.6.6.6>');
      const response = await other.send(replay).final;
      expect([response.status, response.header('WWW-Authenticate')]).toEqual([
        401,
        expect.stringContaining('stale=true'),
      ]);
    }
    expect(await bindingsOfAlice()).toEqual([expect.stringContaining('10.0.0.9')]);
  });

  test('the very same REGISTER from the same phone, whose 200 died with its Sprout, is answered 200 without a further write', async () => {
    const challenge = await sprout.send(sprout.registerRequest()).final;
    const answer = sprout.answerTo(challenge, sprout.registerRequest());
    const again = answer.copy();
    expect((await sprout.send(answer).final).status).toBe(200);
    const other = secondSprout();
    expect((await other.send(again).final).status).toBe(200);
    expect(other.records.writes).toBe(0);
  });

  test('a nonce serves refreshes with a higher count for its reuse time, and never with a lower one', async () => {
    const challenge = await sprout.send(sprout.registerRequest()).final;
    const use = async (nc: number): Promise<SipResponse> =>
      await sprout.send(sprout.answerTo(challenge, sprout.registerRequest(), { nc })).final;
    expect((await use(1)).status).toBe(200);
    expect((await use(5)).status).toBe(200);
    expect((await use(4)).header('WWW-Authenticate')).toContain('stale=true');
    await world.clock.advance(280_000);
    expect((await use(6)).status).toBe(200);
    await world.clock.advance(330_000);
    expect((await use(7)).header('WWW-Authenticate')).toContain('stale=true');
  });
});

describe('bindings', () => {
  test('the 200 tells who the user is, the way, and all bindings, default identity first and nothing barred', async () => {
    const response = await sprout.register({
      impu: 'sip:+16505550001@example.com',
      contacts: ['<sip:alice@10.0.0.9:5060>;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=1;expires=120'],
    });
    expect(response.status).toBe(200);
    expect(response.header('P-Associated-URI')).toBe(
      '<sip:alice@example.com>, <sip:+16505550001@example.com>, <tel:+16505550001>',
    );
    expect(response.header('Service-Route')).toBe('<sip:scscf.example.com:5054;transport=TCP;lr;orig>');
    expect(response.header('Path')).toBe('<sip:flow-5060@edge.example.com;lr>');
    expect(contactsIn(response)).toEqual([
      '<sip:alice@10.0.0.9:5060>;+sip.instance="<urn:uuid:1>";reg-id=1;q=0.5;expires=120',
    ]);
    expect(sprout.records.writes).toBe(1);
  });

  test('several contacts and devices, refresh, removal of one, query, removal of all', async () => {
    await sprout.register({ contacts: ['<sip:a@10.0.0.1>', '<sip:b@10.0.0.2>;expires=100'] });
    await sprout.register({ contacts: ['<sip:c@10.0.0.3>'], callId: 'other phone' });
    await world.clock.advance(10_000);
    await sprout.register({ contacts: ['<sip:a@10.0.0.1>;expires=200'] });
    expect(await bindingsOfAlice()).toEqual([
      '<sip:a@10.0.0.1>;expires=200',
      '<sip:c@10.0.0.3>;expires=290',
      '<sip:b@10.0.0.2>;expires=90',
    ]);
    const removed = await sprout.register({ contacts: ['<sip:b@10.0.0.2>;expires=0'] });
    expect(contactsIn(removed)).toHaveLength(2);
    expect(sprout.homestead.calls.filter((call) => call.includes('dereg'))).toEqual([]);
    const all = await sprout.register({ contacts: ['*'], headers: [['Expires', '0']] });
    expect([all.status, contactsIn(all)]).toEqual([200, []]);
    expect(sprout.homestead.calls).toContain('status sip:alice@example.com DEREG');
    expect(sprout.homestead.calls.at(-1)).toBe('assign sip:alice@example.com dereg-user');
  });

  test('what is asked wrongly is refused whole, and changes nothing', async () => {
    const statusOf = async (
      contacts: readonly string[],
      headers: readonly (readonly [string, string])[] = [],
    ) => (await sprout.register({ contacts, headers })).status;
    await sprout.register();
    expect(await statusOf(['<sip:new@10.0.0.7>', '<sip:x@10.0.0.8>;expires=20'])).toBe(423);
    expect(await statusOf(['<sip:new@10.0.0.7>', '<mailto:alice@example.com>'])).toBe(400);
    expect(await statusOf(['*'])).toBe(400);
    expect(await statusOf(['*', '<sip:new@10.0.0.7>'], [['Expires', '0']])).toBe(400);
    expect(await statusOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `<sip:new@10.0.1.${n}>`))).toBe(403);
    expect(await statusOf(['<sip:new@10.0.0.7>'], [['Require', 'path, gruu']])).toBe(420);
    const brief = await sprout.register({ headers: [['Expires', '59']] });
    expect([brief.status, brief.header('Min-Expires')]).toEqual([423, '60']);
    expect(await bindingsOfAlice()).toEqual(['<sip:alice@10.0.0.9:5060>;expires=300']);
    expect(contactsIn(await sprout.register({ headers: [['Expires', '7200']] }))[0]).toContain('expires=300');
  });

  test('an older REGISTER of the same phone fails and changes nothing', async () => {
    await sprout.register({ cseq: 50 });
    expect((await sprout.register({ cseq: 49, headers: [['Expires', '0']] })).status).toBe(500);
    expect(await bindingsOfAlice()).toHaveLength(1);
  });

  test('foreign domains and users that are no user are 404', async () => {
    const foreign = sprout.registerRequest();
    foreign.setUri('sip:elsewhere.net');
    expect((await sprout.send(foreign).final).status).toBe(404);
    expect(
      (await sprout.send(sprout.registerRequest({ impu: 'sip:alice@elsewhere.net' })).final).status,
    ).toBe(404);
  });
});

describe('the store', () => {
  test('two REGISTERs at two Sprouts at once: both bindings survive, each nonce is remembered', async () => {
    const other = secondSprout();
    let isFirst = true;
    sprout.records.beforeWrite = async () => {
      if (!isFirst) return;
      isFirst = false;
      expect((await other.register({ contacts: ['<sip:b@10.0.0.2>'], callId: 'b' })).status).toBe(200);
    };
    const response = await sprout.register({ contacts: ['<sip:a@10.0.0.1>'], callId: 'a' });
    expect(response.status).toBe(200);
    expect(contactsIn(response)).toHaveLength(2);
  });

  test('a writer that always loses gives up with a temporary answer', async () => {
    const other = secondSprout();
    sprout.records.beforeWrite = () => other.register({ callId: 'other' });
    const response = await sprout.register();
    expect(response.status).toBe(500); // a 503 that went through the I-CSCF
    expect(Number(response.header('Retry-After'))).toBeGreaterThan(0);
  });

  test('a write of unknown outcome is read again: done once when it was stored, done when it was not', async () => {
    const faults = ['answer-lost', undefined, 'request-lost'] as const;
    let count = 0;
    sprout.records.fault = (operation) => (operation === 'write' ? faults[count++] : undefined);
    expect(contactsIn(await sprout.register())).toHaveLength(1);
    expect(count).toBe(1);
    count = 2;
    expect(contactsIn(await sprout.register())).toHaveLength(1);
    expect(count).toBe(4);
  });

  test('stores that are away say nothing about the user: temporary answers, before and after', async () => {
    const expectTemporary = async (): Promise<void> => {
      const response = await sprout.register();
      expect(response.status).toBe(504);
      expect(Number(response.header('Retry-After'))).toBeGreaterThan(0);
    };
    sprout.records.fault = () => 'unavailable';
    await expectTemporary();
    sprout.records.fault = (operation) => (operation === 'write' ? 'unavailable' : undefined);
    await expectTemporary();
    sprout.records.fault = () => undefined;
    sprout.homestead.isAway = true;
    await expectTemporary();
    sprout.homestead.isAway = false;
    expect((await sprout.register()).status).toBe(200);
  });
});

test('all devices of a user may register at the same moment', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, at) =>
      sprout.register({ contacts: [`<sip:alice@10.0.0.${at}>`], callId: `device-${at}` }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await bindingsOfAlice()).toHaveLength(10);
});

test('a registration larger than a record may be is 413, and what was registered stays', async () => {
  expect((await sprout.register({ contacts: ['<sip:alice@10.0.0.1>'] })).status).toBe(200);
  const contacts = Array.from({ length: 9 }, (_, at) => `<sip:a${at}@10.0.0.2;x=${'x'.repeat(900)}>`);
  const refused = await sprout.register({ contacts, callId: 'c'.repeat(8_000) });
  expect([refused.status, refused.has('Retry-After')]).toEqual([413, false]);
  expect(await bindingsOfAlice()).toEqual([expect.stringMatching(/^<sip:alice@10\.0\.0\.1>/)]);
});

test('a record that nobody can read is a temporary failure, not an absent user, and is left as it is', async () => {
  const table = vellum.records.table(REGISTRATION_TABLE);
  await table.compareAndSet(ALICE, ABSENT, '{"v":99}', { expiresAtMs: world.clock.now() + 60_000 });
  expect((await sprout.register()).status).toBe(504);
  expect((await sprout.ask('MESSAGE', ALICE)).status).toBe(504);
  expect(await table.get(ALICE)).toMatchObject({ value: '{"v":99}' });
  expect(world.log.events('error')).toContain('registration.record-unreadable');
});

describe('expiry', () => {
  const deregistrations = (): readonly string[] =>
    sprout.homestead.calls.filter((call) => call.includes('dereg'));

  test('the record decides from the first request; the pop brings the consequences once', async () => {
    await sprout.register({ headers: [['Expires', '60']] });
    await world.clock.advance(59_000);
    expect((await sprout.ask('MESSAGE', ALICE)).status).toBe(200);
    await vellum.timers.cancel('aor sip:alice@example.com', '9999999.1' as never);
    await world.clock.advance(1_000);
    expect((await sprout.ask('MESSAGE', ALICE)).status).toBe(480);
    expect(deregistrations()).toEqual([]);
  });

  test('a refresh arms nothing: the pop comes early, arms itself anew, and ends the registration at its time', async () => {
    await sprout.register({ headers: [['Expires', '60']] });
    await world.clock.advance(50_000);
    await sprout.register({ headers: [['Expires', '100']] });
    await world.clock.advance(99_000);
    expect(deregistrations()).toEqual([]);
    expect(world.metrics.value('vellum_timer_pops_total', 'again')).toBe(1);
    await world.clock.advance(5_000);
    expect(deregistrations()).toEqual(['assign sip:alice@example.com dereg-timeout']);
    await world.clock.advance(600_000);
    expect(deregistrations()).toHaveLength(1);
    expect(world.metrics.value('vellum_timer_pops_total', 'again')).toBe(1);
  });

  test('a shorter expiry is armed at once; the other contact lives on', async () => {
    await sprout.register({ contacts: ['<sip:a@10.0.0.1>'] });
    await sprout.register({ contacts: ['<sip:b@10.0.0.2>;expires=60'], callId: 'b' });
    await world.clock.advance(61_000);
    expect(world.metrics.value('vellum_timer_pops_total', 'again')).toBe(1);
    expect(await bindingsOfAlice()).toEqual(['<sip:a@10.0.0.1>;expires=239']);
    await world.clock.advance(240_000);
    expect(deregistrations()).toHaveLength(1);
  });

  test('a pop that cannot reach record or Homestead is tried again until it can', async () => {
    await sprout.register({ headers: [['Expires', '60']] });
    await world.clock.advance(59_000);
    sprout.records.fault = () => 'unavailable';
    await world.clock.advance(3_000);
    sprout.records.fault = () => undefined;
    sprout.homestead.isAway = true;
    await world.clock.advance(5_000);
    expect(deregistrations().length).toBeGreaterThan(0);
    sprout.homestead.isAway = false;
    await world.clock.advance(60_000);
    const told = deregistrations().length;
    await world.clock.advance(600_000);
    expect(deregistrations()).toHaveLength(told);
    expect(world.metrics.value('vellum_timer_pops_total', 'done')).toBe(1);
  });

  test('the timer of a registration that was removed pops into nothing; a new one is armed again', async () => {
    await sprout.register({ headers: [['Expires', '100']] });
    await sprout.register({ headers: [['Expires', '0']] });
    await world.clock.advance(50_000);
    await sprout.register({ headers: [['Expires', '100']] });
    await world.clock.advance(99_000);
    expect(deregistrations()).toEqual(['assign sip:alice@example.com dereg-user']);
    await world.clock.advance(2_000);
    expect(deregistrations()[1]).toBe('assign sip:alice@example.com dereg-timeout');
  });
});

describe('a subscriber who changes', () => {
  test('deletion ends the registration; a change of the password does not, but the old one no longer answers', async () => {
    await sprout.register();
    const [alice, ...others] = sprout.homestead.users;
    sprout.homestead.users.splice(0, 9, { ...(alice ?? (USERS[0] as never)), password: 'new' }, ...others);
    sprout.sprout.onSubscriberChange({ impus: [ALICE, 'tel:+16505550001'] });
    await world.clock.settle();
    expect((await sprout.ask('MESSAGE', ALICE)).status).toBe(200);
    const challenge = await sprout.register();
    expect(challenge.status).toBe(401);
    expect((await sprout.register({ password: 'new' })).status).toBe(200);

    sprout.homestead.users.splice(0, 9, ...others);
    sprout.sprout.onSubscriberChange({ impus: [ALICE, 'tel:+16505550001'] });
    await world.clock.settle();
    sprout.homestead.users.push(...USERS);
    expect((await sprout.ask('MESSAGE', ALICE)).status).toBe(480);
    expect(world.log.events()).toContain('registration.ended');
  });

  test('bindings of a private identity that may not use the set any longer are ended, those of others stay', async () => {
    await sprout.register();
    const [alice, ...others] = USERS;
    sprout.homestead.users.splice(0, 9, { ...alice, impi: 'tablet@example.com' } as ScriptedUser, ...others);
    const tablet = { impi: 'tablet@example.com', contacts: ['<sip:tablet@10.0.0.8>'], callId: 'tablet' };
    expect(contactsIn(await sprout.register(tablet))).toHaveLength(2);
    sprout.sprout.onSubscriberChange({ impus: [ALICE] });
    await world.clock.settle();
    expect((await sprout.ask('MESSAGE', ALICE)).status).toBe(200);
    expect(sprout.edge.received.map(({ uri }) => uri)).toEqual(['sip:tablet@10.0.0.8']);
  });

  test('a record whose identity no longer leads the set is ended', async () => {
    await sprout.register();
    const [, ...others] = USERS;
    const swapped = { ...USERS[0], impus: ['tel:+16505550001', ALICE] } as (typeof USERS)[0];
    sprout.homestead.users.splice(0, 9, swapped, ...others);
    sprout.sprout.onSubscriberChange({ impus: [ALICE] });
    await world.clock.settle();
    sprout.homestead.users.splice(0, 9, ...USERS);
    expect((await sprout.ask('MESSAGE', ALICE)).status).toBe(480);
  });
});

function emptyAnswer(impi: string): string {
  return `Digest username="${impi}",realm="example.com",nonce="",uri="sip:example.com",response=""`;
}
