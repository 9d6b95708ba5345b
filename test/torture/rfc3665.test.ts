import {
  authorize,
  createRequest,
  type HeaderList,
  parseChallenge,
  parseMessage,
  type SipRequest,
  type SipResponse,
} from '@clearwater/sip';
import type { TestPhone } from '@clearwater/testkit';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createDeployment, type Deployment, PASSWORD } from '../flows/deployment.ts';

/** Who is who on the wire; what happens inside the core is not the phones' to see. */
const NAMES: Readonly<Record<string, string>> = {
  '10.0.1.1:5060': 'alice',
  '10.0.1.2:5060': 'bob',
  '10.0.0.1:5060': 'edge',
};

let deployment: Deployment;
let alice: TestPhone;
let bob: TestPhone;
let ladder: string[];

beforeEach(async () => {
  deployment = await createDeployment(1);
  const { sim, phone } = deployment;
  alice = await phone('alice', '10.0.1.1');
  bob = await phone('bob', '10.0.1.2');
  ladder = [];
  sim.network.tap(({ tag, from, to, bytes }) => {
    if (tag === 'sent') ladder.push(`${NAMES[from]} > ${NAMES[to]} ${titleOf(bytes)}`);
  });
});

afterEach(async () => {
  await deployment.sim.clock.advance(400_000);
  expect(await deployment.end()).toEqual([]);
});

/** `INVITE`, or `180 INVITE`. */
function titleOf(bytes: Buffer): string {
  const parsed = parseMessage(bytes);
  if (parsed.tag === 'request') return parsed.message.method;
  return parsed.tag === 'response' ? `${parsed.message.status} ${parsed.message.cseq?.method}` : parsed.tag;
}

/** The ladder since the last look. */
function steps(): readonly string[] {
  return ladder.splice(0);
}

async function registered(...phones: readonly TestPhone[]): Promise<void> {
  const answers = Promise.all(phones.map((phone) => phone.register()));
  await deployment.sim.clock.advance(1_000);
  expect((await answers).map((answer) => answer?.status)).toEqual(phones.map(() => 200));
  steps();
}

/** A REGISTER with these headers, its challenge answered; what came last. */
async function register(
  phone: TestPhone,
  headers: HeaderList,
  { cseq, password = PASSWORD }: { readonly cseq: number; readonly password?: string },
): Promise<SipResponse | undefined> {
  const { impu } = phone.options;
  const build = (number: number): SipRequest =>
    createRequest({
      method: 'REGISTER',
      uri: 'sip:example.com',
      headers: [
        ['Route', phone.route],
        ['Max-Forwards', '70'],
        ['From', `<${impu}>;tag=r${number}`],
        ['To', `<${impu}>`],
        ['Call-ID', 'rfc3665'],
        ['CSeq', `${number} REGISTER`],
        ...headers,
      ],
    });
  const first = await answered(phone.request(build(cseq)));
  const challenge = parseChallenge(first?.header('WWW-Authenticate') ?? '');
  if (challenge === undefined) return first;
  const again = build(cseq + 1);
  const username = impu.slice('sip:'.length);
  again.set('Authorization', authorize(again, challenge, { username, password, nc: 1, cnonce: 'c' }) ?? '');
  return answered(phone.request(again));
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  await deployment.sim.clock.advance(1_000);
  return answer;
}

function contactsOf(response: SipResponse | undefined): readonly string[] {
  const contacts = response?.contacts;
  return contacts?.tag === 'list' ? contacts.contacts.map(({ uri }) => uri) : [];
}

const REGISTRATION = [
  'bob > edge REGISTER',
  'edge > bob 401 REGISTER',
  'bob > edge REGISTER',
  'edge > bob 200 REGISTER',
];
/** No 100: the 180 is there within the 200 ms that RFC 3261 §17.2.1 gives. */
const RINGING = [
  'alice > edge INVITE',
  'edge > bob INVITE',
  'bob > edge 180 INVITE',
  'edge > alice 180 INVITE',
];

/** Each hop acknowledges for itself. */
const refused = (status: number): readonly string[] => [
  `bob > edge ${status} INVITE`,
  'edge > bob ACK',
  `edge > alice ${status} INVITE`,
  'alice > edge ACK',
];

test('RFC 3665 §2.1, §2.2, §2.3, §2.4: registration, update, query, cancellation', async () => {
  const [first, second] = [`<${bob.contact}>`, '<sip:bob@10.0.1.2:5062>'];
  const added = await register(bob, [['Contact', first]], { cseq: 1 });
  expect(steps()).toEqual(REGISTRATION);
  expect([added?.status, contactsOf(added)]).toEqual([200, [bob.contact]]);

  const updated = await register(bob, [['Contact', second]], { cseq: 3 });
  expect(steps()).toEqual(REGISTRATION);
  expect(contactsOf(updated).toSorted()).toEqual([bob.contact, 'sip:bob@10.0.1.2:5062'].toSorted());

  const queried = await register(bob, [], { cseq: 5 });
  expect(steps()).toEqual(REGISTRATION);
  expect(contactsOf(queried)).toEqual(contactsOf(updated));

  const all = [
    ['Contact', '*'],
    ['Expires', '0'],
  ] as const;
  const cancelled = await register(bob, all, { cseq: 7 });
  expect(steps()).toEqual(REGISTRATION);
  expect([cancelled?.status, contactsOf(cancelled)]).toEqual([200, []]);
});

test('RFC 3665 §2.5: a wrong password is challenged again', async () => {
  const refused = await register(bob, [['Contact', `<${bob.contact}>`]], { cseq: 1, password: 'guess' });
  expect(refused?.status).toBe(401);
  expect(steps()).toEqual([...REGISTRATION.slice(0, 3), 'edge > bob 401 REGISTER']);
});

test('RFC 3665 §3.2: a session through two proxies, which its BYE passes too', async () => {
  await registered(alice, bob);
  const call = alice.call(bob.options.impu);
  await deployment.sim.clock.advance(1_000);
  expect(call.state).toBe('talking');
  expect(steps()).toEqual([
    ...RINGING,
    'bob > edge 200 INVITE',
    'edge > alice 200 INVITE',
    'alice > edge ACK',
    'edge > bob ACK',
  ]);
  const ended = bob.calls.get(call.callId)?.hangUp();
  expect(await answered(Promise.resolve(ended))).toBe(200);
  expect(steps()).toEqual([
    'bob > edge BYE',
    'edge > alice BYE',
    'alice > edge 200 BYE',
    'edge > bob 200 BYE',
  ]);
});

test('RFC 3665 §3.8: the caller gives up while it rings', async () => {
  await registered(alice, bob);
  bob.answerPlan = { ringAfterMs: 0, answerAfterMs: 60_000 };
  const call = alice.call(bob.options.impu);
  await deployment.sim.clock.advance(1_000);
  call.cancel();
  await deployment.sim.clock.advance(1_000);
  expect([call.state, call.finalStatus]).toEqual(['ended', 487]);
  expect(steps()).toEqual([
    ...RINGING,
    'alice > edge CANCEL',
    'edge > alice 200 CANCEL',
    'edge > bob CANCEL',
    'bob > edge 200 CANCEL',
    ...refused(487),
  ]);
});

test.each([
  { title: '§3.9: busy', plan: { answerAfterMs: 0, status: 486 } },
  { title: '§3.11: temporarily unavailable', plan: { ringAfterMs: 0, answerAfterMs: 100, status: 480 } },
])('RFC 3665 $title', async ({ plan }) => {
  await registered(alice, bob);
  bob.answerPlan = plan;
  const call = alice.call(bob.options.impu);
  await deployment.sim.clock.advance(1_000);
  expect([call.state, call.finalStatus]).toEqual(['ended', plan.status]);
  const setup = plan.ringAfterMs === undefined ? RINGING.slice(0, 2) : RINGING;
  expect(steps()).toEqual([...setup, ...refused(plan.status)]);
});

test('RFC 3665 §3.10: nobody answers', async () => {
  await registered(alice, bob);
  await bob.stop();
  const call = alice.call(bob.options.impu);
  await deployment.sim.clock.advance(40_000);
  expect([call.state, call.finalStatus]).toEqual(['ended', 408]);
  expect(steps()).toEqual([
    'alice > edge INVITE',
    'edge > bob INVITE',
    'edge > alice 100 INVITE',
    ...Array.from({ length: 6 }, () => 'edge > bob INVITE'), // until timer B
    'edge > alice 408 INVITE',
    'alice > edge ACK',
  ]);
});
