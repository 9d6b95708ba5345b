import { createTestPlatform, type FakeClock } from '@clearwater/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from '../ports/outcomes.ts';
import type { NewSubscriber, SubscriberTable } from '../ports/tables/subscriber-table.ts';
import { adapters, foundValue, type VellumUnderTest } from '../testing/contract-adapters.ts';

const HA1 = '0123456789abcdef0123456789abcdef';
const ALICE = 'alice@example.com';
const TABLET = 'alice-tablet@example.com';

describe.each(adapters)('subscribers: $name', ({ open }) => {
  let vellum: VellumUnderTest<FakeClock>;
  let table: SubscriberTable;
  beforeEach(async () => {
    vellum = await open(createTestPlatform());
    table = vellum.subscribers;
  });
  afterEach(() => vellum.stop());

  /** Alice: two devices, a set of two profiles, three public identities. */
  const provisionAlice = async (): Promise<void> => {
    for (const impi of [ALICE, TABLET])
      await table.putPrivate(impi, { digestHa1: HA1, realm: 'example.com' });
    await table.putSet('irs-1');
    for (const impi of [ALICE, TABLET]) await table.associate(impi, 'irs-1');
    const work = { irs: 'irs-1', profile: 'work' };
    const home = { irs: 'irs-1', profile: 'home' };
    await table.putProfile(work);
    await table.putProfile(home);
    await table.putFilterCriteria(work, '<ServiceProfile>work</ServiceProfile>');
    await table.putPublic(work, 'sip:z-first@example.com', '<first/>');
    await table.putPublic(home, 'tel:+123', '<tel/>');
    await table.putPublic(work, 'sip:alice@example.com', '<alice/>');
  };

  test('one read answers what an assignment needs, from any identity of the set', async () => {
    await provisionAlice();
    const expected = {
      irs: 'irs-1',
      impis: [TABLET, ALICE].sort(),
      profiles: [
        {
          profile: 'work',
          serviceProfileXml: '<ServiceProfile>work</ServiceProfile>',
          publics: [
            { impu: 'sip:z-first@example.com', publicIdentityXml: '<first/>' },
            { impu: 'sip:alice@example.com', publicIdentityXml: '<alice/>' },
          ],
        },
        {
          profile: 'home',
          serviceProfileXml: '',
          publics: [{ impu: 'tel:+123', publicIdentityXml: '<tel/>' }],
        },
      ],
    };
    for (const impu of ['sip:alice@example.com', 'tel:+123']) {
      expect(foundValue(await table.subscription(impu))).toEqual(expected);
    }
    expect(await table.subscription('sip:nobody@example.com')).toEqual({ tag: 'absent' });
  });

  test('one read answers what authentication needs', async () => {
    await provisionAlice();
    expect(foundValue(await table.credentials(ALICE))).toEqual({
      impi: ALICE,
      digestHa1: HA1,
      realm: 'example.com',
      impus: ['sip:alice@example.com', 'sip:z-first@example.com', 'tel:+123'],
    });
    await table.putPrivate('new', { digestHa1: HA1, realm: 'r', plaintextPassword: 'secret' });
    expect(foundValue(await table.credentials('new'))).toMatchObject({
      plaintextPassword: 'secret',
      impus: [],
    });
    expect(await table.credentials('nobody')).toEqual({ tag: 'absent' });
  });

  test('who belongs to whom can be asked from every side', async () => {
    await provisionAlice();
    const publics = ['sip:alice@example.com', 'sip:z-first@example.com', 'tel:+123'];
    expect(foundValue(await table.setsOfPrivate(ALICE))).toEqual(['irs-1']);
    expect(foundValue(await table.publicsOfPrivate(TABLET))).toEqual(publics);
    expect(foundValue(await table.publicsOfSet('irs-1'))).toEqual(publics);
    expect(foundValue(await table.privatesOfSet('irs-1'))).toEqual([TABLET, ALICE].sort());
    expect(foundValue(await table.publicsOfProfile({ irs: 'irs-1', profile: 'home' }))).toEqual(['tel:+123']);
    expect(foundValue(await table.privatesOfPublic('tel:+123'))).toEqual([TABLET, ALICE].sort());
    expect(foundValue(await table.getPublic('tel:+123'))).toEqual({
      impu: 'tel:+123',
      irs: 'irs-1',
      profile: 'home',
      publicIdentityXml: '<tel/>',
    });
    const absent = { tag: 'absent' };
    expect(await table.setsOfPrivate('nobody')).toEqual(absent);
    expect(await table.publicsOfSet('nothing')).toEqual(absent);
    expect(await table.privatesOfPublic('sip:nobody@example.com')).toEqual(absent);
  });

  test('a profile that is not of the set, or an identity that is not of the profile, is a mismatch', async () => {
    await provisionAlice();
    await table.putSet('irs-2');
    await table.putProfile({ irs: 'irs-2', profile: 'other' });
    const wrongSet = { irs: 'irs-2', profile: 'work' };
    const other = { irs: 'irs-2', profile: 'other' };
    const mismatch = { tag: 'mismatch' };
    expect(await table.putProfile(wrongSet)).toEqual(mismatch);
    expect(await table.getFilterCriteria(wrongSet)).toEqual(mismatch);
    expect(await table.putFilterCriteria(wrongSet, '<x/>')).toEqual(mismatch);
    expect(await table.publicsOfProfile(wrongSet)).toEqual(mismatch);
    expect(await table.removeProfile(wrongSet)).toEqual(mismatch);
    expect(await table.putPublic(other, 'tel:+123', '<stolen/>')).toEqual(mismatch);
    expect(await table.removePublic(other, 'tel:+123')).toEqual(mismatch);
    expect(foundValue(await table.getPublic('tel:+123'))).toMatchObject({ publicIdentityXml: '<tel/>' });
    const unknown = { irs: 'irs-1', profile: 'unknown' };
    expect(await table.putPublic(unknown, 'sip:x@example.com', '')).toEqual({ tag: 'absent' });
    expect(await table.getFilterCriteria(unknown)).toEqual({ tag: 'absent' });
    expect(await table.putProfile({ irs: 'nothing', profile: 'p' })).toEqual({ tag: 'absent' });
    expect(await table.associate(ALICE, 'nothing')).toEqual({ tag: 'absent' });
    expect(await table.associate('nobody', 'irs-1')).toEqual({ tag: 'absent' });
  });

  test('putting twice changes what there is and makes nothing new', async () => {
    await provisionAlice();
    await provisionAlice();
    await table.putPublic({ irs: 'irs-1', profile: 'home' }, 'tel:+123', '<changed/>');
    expect(foundValue(await table.publicsOfSet('irs-1'))).toHaveLength(3);
    expect(foundValue(await table.getPublic('tel:+123'))).toMatchObject({
      publicIdentityXml: '<changed/>',
    });
  });

  test('removals take along what hangs on them, and no more', async () => {
    await provisionAlice();
    expect(await table.removeProfile({ irs: 'irs-1', profile: 'home' })).toEqual({ tag: 'removed' });
    expect(await table.getPublic('tel:+123')).toEqual({ tag: 'absent' });
    expect(await table.removePublic({ irs: 'irs-1', profile: 'work' }, 'sip:z-first@example.com')).toEqual({
      tag: 'removed',
    });
    expect(await table.removePublic({ irs: 'irs-1', profile: 'work' }, 'sip:z-first@example.com')).toEqual({
      tag: 'absent',
    });
    expect(await table.removePrivate(TABLET)).toEqual({ tag: 'removed' });
    expect(foundValue(await table.privatesOfSet('irs-1'))).toEqual([ALICE]);
    expect(await table.removeSet('irs-1')).toEqual({ tag: 'removed' });
    expect(await table.removeSet('irs-1')).toEqual({ tag: 'absent' });
    expect(await table.subscription('sip:alice@example.com')).toEqual({ tag: 'absent' });
    expect(await table.getFilterCriteria({ irs: 'irs-1', profile: 'work' })).toEqual({ tag: 'absent' });
    expect(foundValue(await table.setsOfPrivate(ALICE))).toEqual([]);
    expect(foundValue(await table.getPrivate(ALICE))).toEqual({ digestHa1: HA1, realm: 'example.com' });
    expect(await table.dissociate(ALICE, 'irs-1')).toEqual({ tag: 'absent' });
  });

  test('a whole subscriber is put at once, again at will, but never over another set', async () => {
    const bob: NewSubscriber = {
      irs: 'irs-b',
      profile: 'sp-b',
      impi: 'bob@example.com',
      identity: { digestHa1: HA1, realm: 'example.com' },
      serviceProfileXml: '<ifc/>',
      impu: 'sip:bob@example.com',
      publicIdentityXml: '<bob/>',
    };
    expect(await table.putSubscriber(bob)).toEqual({ tag: 'stored' });
    expect(await table.putSubscriber(bob)).toEqual({ tag: 'stored' });
    expect(foundValue(await table.subscription(bob.impu))).toMatchObject({
      irs: 'irs-b',
      impis: [bob.impi],
    });
    const mismatch = { tag: 'mismatch' };
    expect(await table.putSubscriber({ ...bob, irs: 'irs-c', profile: 'sp-c', impi: 'c' })).toEqual(mismatch);
    expect(await table.putSubscriber({ ...bob, irs: 'irs-c', impu: 'sip:c@example.com', impi: 'c' })).toEqual(
      mismatch,
    );
    expect(await table.getPrivate('c')).toEqual({ tag: 'absent' });
  });

  test('listing gives every identity once, in key order, page by page', async () => {
    const impus = Array.from(
      { length: 25 },
      (_, index) => `sip:${String(index).padStart(3, '0')}@example.com`,
    );
    await table.putSet('irs');
    await table.putProfile({ irs: 'irs', profile: 'sp' });
    await Promise.all(
      impus.toReversed().map((impu) => table.putPublic({ irs: 'irs', profile: 'sp' }, impu, '')),
    );
    const seen: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: Page<{ readonly impu: string }> = foundValue(await table.listPublics({ after, limit: 10 }));
      seen.push(...page.entries.map((entry) => entry.impu));
      after = page.next;
    }
    expect(seen).toEqual(impus);
  });
});
