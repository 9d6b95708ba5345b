import type { Platform } from '@clearwater/platform';
import { FakeClock, MemoryLog, SeededRandom, TestMetrics } from '@clearwater/testkit';
import { type EmbeddedVellum, type NumberTable, openEmbeddedVellum } from '@clearwater/vellum';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createNumberPool } from './number-pool.ts';
import { Numbers } from './numbers.ts';
import { Subscribers } from './subscribers.ts';
import { FakeProvisioning, type Fault } from './testing/fake-provisioning.ts';

const ALICE = 'alice@example.org';
const WANTED = { isPstn: false };
const POOL_COUNT = 3;

let clock: FakeClock;
let vellum: EmbeddedVellum;
let provisioning: FakeProvisioning;

beforeEach(() => {
  clock = new FakeClock();
  provisioning = new FakeProvisioning();
});
afterEach(async () => vellum.part.stop?.());

async function openPool(first: string): Promise<void> {
  const tools = { clock, log: new MemoryLog(), random: new SeededRandom(3), metrics: new TestMetrics() };
  vellum = await openEmbeddedVellum({ directory: ':memory:', platform: tools as unknown as Platform });
  const range = { first, count: POOL_COUNT, isPstn: false };
  await createNumberPool(vellum.numbers, [range], 'example.com').start?.();
}

/** Numbers of a process that has just started, on the stores that are there. */
function startNumbers(seed: number, numbers: NumberTable = vellum.numbers): Numbers {
  const subscribers = new Subscribers(provisioning.client, 'example.com');
  const ports = { numbers, subscribers, clock, random: new SeededRandom(seed), log: new MemoryLog() };
  return new Numbers(ports, { perAccountCountMax: 10 });
}

/** From its n-th call on the API does this. */
function failFrom(firstIndex: number, fault: Fault): void {
  let index = -1;
  provisioning.fault = (): Fault => {
    index += 1;
    return index >= firstIndex ? fault : undefined;
  };
}

async function owned(owner = ALICE): Promise<readonly string[]> {
  const read = await vellum.numbers.ofOwner(owner);
  return read.tag === 'found' ? read.value.map(({ uri }) => uri) : [];
}

/** Every number of the pool is allocated to whole subscribers, each with its own private identity. */
async function expectPoolWhole(numbers: Numbers, impusEach: number): Promise<void> {
  while ((await numbers.allocate(ALICE, WANTED)).tag === 'created');
  expect(await owned()).toHaveLength(POOL_COUNT);
  expect(provisioning.privates.size).toBe(POOL_COUNT);
  expect(provisioning.publics.size).toBe(POOL_COUNT * impusEach);
  const sets = [...provisioning.privates.values()].flatMap((identity) => [...identity.sets]);
  expect(new Set(sets).size).toBe(POOL_COUNT);
}

// A creation makes 3 calls for a local number and 5 for a global one, its compensation up to 4 more.
const CALLS = Array.from({ length: 10 }, (_, index) => index);
const POOLS = [
  { first: '6505550000', impusEach: 1 },
  { first: '+16505550000', impusEach: 2 },
];

test.each(
  POOLS.flatMap((pool) => (['request-lost', 'answer-lost'] as const).map((fault) => ({ ...pool, fault }))),
)(
  '$first: the API failing ($fault) from any call on leaves nothing that the next request does not clear up',
  async ({ first, impusEach, fault }) => {
    for (const index of CALLS) {
      provisioning = new FakeProvisioning();
      await openPool(first);
      const numbers = startNumbers(index);
      failFrom(index, fault);
      const outcome = await numbers
        .allocate(ALICE, WANTED)
        .catch((error: { code?: string }) => ({ tag: error.code }));
      expect(outcome.tag).toBe(provisioning.calls.length > index ? 'provisioning.failed' : 'created');
      provisioning.fault = (): Fault => undefined;
      await expectPoolWhole(numbers, impusEach);
      await vellum.part.stop?.();
    }
    await openPool(first);
  },
);

test.each(
  POOLS.flatMap((pool) => (['crash-before', 'crash-after'] as const).map((fault) => ({ ...pool, fault }))),
)('$first: a process that dies ($fault) at any call loses no number', async ({ first, impusEach, fault }) => {
  let diedCount = 0;
  for (const index of CALLS) {
    provisioning = new FakeProvisioning();
    await openPool(first);
    failFrom(index, fault);
    let isDone = false;
    void startNumbers(index)
      .allocate(ALICE, WANTED)
      .then(() => {
        isDone = true;
      });
    for (let turn = 0; turn < 20; turn += 1) await clock.settle();
    if (!isDone) diedCount += 1;
    provisioning.fault = (): Fault => undefined;
    await expectPoolWhole(startNumbers(100 + index), impusEach);
    await vellum.part.stop?.();
  }
  expect(diedCount).toBe(impusEach === 1 ? 3 : 5);
  await openPool(first);
});

test('one that failed for good is undone at once and free for others', async () => {
  await openPool('6505550000');
  provisioning.fault = (call): Fault => (call === 'putSubscriber' ? 'answer-lost' : undefined);
  await expect(startNumbers(1).allocate(ALICE, WANTED)).rejects.toMatchObject({
    code: 'provisioning.failed',
  });
  expect(await owned()).toEqual([]);
  expect([provisioning.privates.size, provisioning.publics.size]).toEqual([0, 0]);
});

test('what the owner of an interrupted request never comes back for is found when the pool runs dry', async () => {
  await openPool('6505550000');
  failFrom(2, 'crash-before');
  void startNumbers(1).allocate('gone@example.org', WANTED);
  for (let turn = 0; turn < 20; turn += 1) await clock.settle();
  provisioning.fault = (): Fault => undefined;
  const numbers = startNumbers(2);
  while ((await numbers.allocate(ALICE, WANTED)).tag === 'created');
  expect(await owned()).toHaveLength(POOL_COUNT - 1);
  await numbers.sweep();
  expect(await owned('gone@example.org')).toEqual([]);
  expect(await numbers.allocate(ALICE, WANTED)).toMatchObject({ tag: 'created' });
});

test('an unknown outcome of the claim is asked again and costs no second number', async () => {
  await openPool('6505550000');
  let unknownCount = 0;
  const forgetful: NumberTable = Object.assign(Object.create(vellum.numbers) as NumberTable, {
    allocate: async (claim: Parameters<NumberTable['allocate']>[0]) => {
      const outcome = await vellum.numbers.allocate(claim);
      unknownCount += 1;
      return unknownCount === 1 ? { tag: 'unknown', reason: 'timeout' } : outcome;
    },
    ofOwner: vellum.numbers.ofOwner.bind(vellum.numbers),
  });
  expect(await startNumbers(1, forgetful).allocate(ALICE, WANTED)).toMatchObject({ tag: 'created' });
  expect(unknownCount).toBe(2);
  expect(await owned()).toHaveLength(1);
});

test('a pool number that an operator made a subscriber of is passed over, its password untouched', async () => {
  await openPool('6505550000');
  const subscribers = new Subscribers(provisioning.client, 'example.com');
  const impus = ['sip:6505550001@example.com'] as const;
  await subscribers.create({ impi: '6505550001@example.com', impus }, 'operator');
  const before = provisioning.privates.get('6505550001@example.com')?.digest_ha1;
  const numbers = startNumbers(1);
  while ((await numbers.allocate(ALICE, WANTED)).tag === 'created');
  expect(await owned()).toEqual(['sip:6505550000@example.com', 'sip:6505550002@example.com']);
  expect(provisioning.privates.get('6505550001@example.com')?.digest_ha1).toBe(before);

  await subscribers.remove({ impi: '6505550001@example.com', impus });
  await numbers.sweep();
  expect(await numbers.allocate(ALICE, WANTED)).toMatchObject({ tag: 'created', number: { uri: impus[0] } });
});

test('two requests of one account at once get a number each', async () => {
  await openPool('6505550000');
  const numbers = startNumbers(1);
  const both = await Promise.all([numbers.allocate(ALICE, WANTED), numbers.allocate(ALICE, WANTED)]);
  expect(both.map(({ tag }) => tag)).toEqual(['created', 'created']);
  expect(await owned()).toHaveLength(2);
});
