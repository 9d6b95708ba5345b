import { createTestPlatform, type FakeClock } from '@clearwater/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Account } from '../ports/tables/account-table.ts';
import { adapters, foundValue, type VellumUnderTest } from '../testing/contract-adapters.ts';

const ANN: Account = { email: 'ann@example.com', passwordHash: 'hash 1', fullName: 'Ann' };
const privateIdOf = (uri: string): string => uri.replace('sip:', '');

describe.each(adapters)('accounts, sessions, numbers: $name', ({ open }) => {
  let vellum: VellumUnderTest<FakeClock>;
  beforeEach(async () => {
    vellum = await open(createTestPlatform());
  });
  afterEach(() => vellum.stop());

  test('an address has one account; a retry of its creation finds its own success', async () => {
    const { accounts } = vellum;
    const outcomes = await Promise.all(
      ['r1', 'r2', 'r3'].map((requestId) => accounts.create(ANN, requestId)),
    );
    expect(outcomes.map((outcome) => outcome.tag).sort()).toEqual(['exists', 'exists', 'stored']);
    const winner = ['r1', 'r2', 'r3'][outcomes.findIndex((outcome) => outcome.tag === 'stored')] ?? '';
    expect(await accounts.create(ANN, winner)).toEqual({ tag: 'stored' });
    expect(foundValue(await accounts.get(ANN.email))).toEqual(ANN);
    expect(await accounts.remove(ANN.email)).toEqual({ tag: 'removed' });
    expect(await accounts.remove(ANN.email)).toEqual({ tag: 'absent' });
    expect(await accounts.get(ANN.email)).toEqual({ tag: 'absent' });
  });

  test('a recovery token works once, in its time, and not after the password changed', async () => {
    const { accounts } = vellum;
    const request = { email: ANN.email, tokenHash: 't', createdSinceMs: 100, passwordHash: 'hash 2' };
    await accounts.create(ANN, 'r');
    expect(await accounts.recover(request)).toEqual({ tag: 'absent' });
    await accounts.setRecovery(ANN.email, { tokenHash: 't', createdAtMs: 99 });
    expect(await accounts.recover(request)).toEqual({ tag: 'absent' });
    await accounts.setRecovery(ANN.email, { tokenHash: 't', createdAtMs: 100 });
    expect(await accounts.recover({ ...request, tokenHash: 'guess' })).toEqual({ tag: 'absent' });
    const twice = await Promise.all([accounts.recover(request), accounts.recover(request)]);
    expect(twice.map((outcome) => outcome.tag)).toEqual(['stored', 'absent']);
    expect(foundValue(await accounts.get(ANN.email)).passwordHash).toBe('hash 2');
    await accounts.setRecovery(ANN.email, { tokenHash: 't', createdAtMs: 100 });
    await accounts.setPasswordHash(ANN.email, 'hash 3');
    expect(await accounts.recover(request)).toEqual({ tag: 'absent' });
    expect(await accounts.setPasswordHash('nobody', 'x')).toEqual({ tag: 'absent' });
    expect(await accounts.setRecovery('nobody', { tokenHash: 't', createdAtMs: 1 })).toEqual({
      tag: 'absent',
    });
  });

  test('expired accounts are found, the longest expired first', async () => {
    const { accounts } = vellum;
    await accounts.create(ANN, 'r');
    for (const expiresAtMs of [300, 100, 200]) {
      await accounts.create({ ...ANN, email: `${expiresAtMs}`, expiresAtMs }, `r${expiresAtMs}`);
    }
    expect(foundValue(await accounts.expired(200, 10))).toEqual(['100', '200']);
    expect(foundValue(await accounts.expired(1000, 1))).toEqual(['100']);
    expect(foundValue(await accounts.get('300'))).toMatchObject({ expiresAtMs: 300 });
  });

  test('a session lives until it expires or ends', async () => {
    const { sessions, clock } = vellum;
    await vellum.start();
    const expiresAtMs = clock.now() + 5000;
    for (const tokenHash of ['a', 'b', 'c']) await sessions.put({ tokenHash, email: ANN.email, expiresAtMs });
    expect(foundValue(await sessions.get('a'))).toEqual({ tokenHash: 'a', email: ANN.email, expiresAtMs });
    expect(await sessions.remove('a')).toEqual({ tag: 'removed' });
    expect(await sessions.get('a')).toEqual({ tag: 'absent' });
    await sessions.put({ tokenHash: 'other', email: 'bob', expiresAtMs });
    expect(await sessions.removeAllOf(ANN.email)).toEqual({ tag: 'removed' });
    expect(await sessions.get('b')).toEqual({ tag: 'absent' });
    expect(await sessions.get('other')).toMatchObject({ tag: 'found' });
    await clock.advance(5000);
    expect(await sessions.get('other')).toEqual({ tag: 'absent' });
  });

  test('no number is given to two, however many ask at once, and each asker can ask again', async () => {
    const { numbers } = vellum;
    const pool = Array.from({ length: 40 }, (_, index) => ({
      uri: `sip:${6505550000 + index}@example.com`,
      isPstn: index >= 30,
    }));
    expect(await numbers.addToPool(pool)).toEqual({ tag: 'stored', addedCount: 40 });
    expect(await numbers.addToPool(pool)).toEqual({ tag: 'stored', addedCount: 0 });
    const ask = (index: number) =>
      numbers.allocate({
        owner: `owner ${index % 3}`,
        isPstn: false,
        privateIdOf,
        requestId: `request ${index}`,
      });
    const indexes = Array.from({ length: 45 }, (_, index) => index);
    const claims = await Promise.all(indexes.map(ask));
    const stored = claims.flatMap((claim) => (claim.tag === 'stored' ? [claim.number] : []));
    expect(new Set(stored.map((number) => number.uri)).size).toBe(30);
    expect(claims.filter((claim) => claim.tag === 'exhausted')).toHaveLength(15);
    expect(
      stored.every((number) => !number.isPstn && number.privateId === privateIdOf(number.uri)),
    ).toBeTruthy();
    expect(await Promise.all(indexes.map(ask))).toEqual(claims);
    const pstn = await numbers.allocate({ owner: 'p', isPstn: true, privateIdOf, requestId: 'p' });
    expect(pstn).toMatchObject({
      tag: 'stored',
      number: { isPstn: true, isListed: true, isSpecified: false },
    });
  });

  test('numbers are not handed out in their order', async () => {
    const { numbers } = vellum;
    await numbers.addToPool(
      Array.from({ length: 200 }, (_, index) => ({ uri: String(1000 + index), isPstn: false })),
    );
    const uris: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const claim = await numbers.allocate({
        owner: 'a',
        isPstn: false,
        privateIdOf,
        requestId: `${index}`,
      });
      if (claim.tag === 'stored') uris.push(claim.number.uri);
    }
    expect(uris).toHaveLength(20);
    expect(uris).not.toEqual(uris.toSorted());
  });

  test('a released number goes back to the pool, one asked for by name goes away', async () => {
    const { numbers } = vellum;
    await numbers.addToPool([{ uri: 'pool', isPstn: false }]);
    await numbers.allocate({ owner: 'a', isPstn: false, privateIdOf, requestId: '1' });
    const claim = { uri: 'named', isPstn: false, owner: 'a', privateId: 'p', requestId: '2' };
    expect(await numbers.claim(claim)).toMatchObject({
      tag: 'stored',
      number: { isSpecified: true, privateId: 'p' },
    });
    expect(await numbers.claim(claim)).toMatchObject({ tag: 'stored' });
    expect(await numbers.claim({ ...claim, owner: 'b', requestId: '3' })).toEqual({ tag: 'taken' });
    expect(await numbers.claim({ ...claim, uri: 'pool', requestId: '4' })).toEqual({ tag: 'taken' });
    expect(foundValue(await numbers.ofOwner('a')).map((number) => number.uri)).toEqual(['named', 'pool']);
    expect(await numbers.release('pool', 'b')).toEqual({ tag: 'absent' });
    for (const uri of ['pool', 'named']) expect(await numbers.release(uri, 'a')).toEqual({ tag: 'removed' });
    expect(await numbers.release('pool', 'a')).toEqual({ tag: 'absent' });
    expect(await numbers.get('pool')).toEqual({ tag: 'absent' });
    const again = { owner: 'b', isPstn: false, privateIdOf };
    expect(await numbers.allocate({ ...again, requestId: '5' })).toMatchObject({
      number: { uri: 'pool', owner: 'b' },
    });
    expect(await numbers.allocate({ ...again, requestId: '6' })).toEqual({ tag: 'exhausted' });
  });

  test('the address book holds the numbers whose owners want it', async () => {
    const { numbers } = vellum;
    for (const uri of ['c', 'a', 'b']) {
      await numbers.claim({ uri, isPstn: false, owner: 'o', privateId: uri, requestId: uri });
    }
    expect(await numbers.setListed('b', 'o', false)).toEqual({ tag: 'stored' });
    expect(await numbers.setListed('a', 'someone else', false)).toEqual({ tag: 'absent' });
    const first = foundValue(await numbers.listed({ limit: 1 }));
    expect(first.entries.map((number) => number.uri)).toEqual(['a']);
    const rest = foundValue(await numbers.listed({ limit: 10, after: first.next ?? 'missing' }));
    expect(rest.entries.map((number) => number.uri)).toEqual(['c']);
    expect(foundValue(await numbers.get('b')).isListed).toBeFalsy();
  });
});
