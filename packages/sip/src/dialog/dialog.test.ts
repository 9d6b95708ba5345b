import { FakeClock } from '@clearwater/testkit';
import { expect, test } from '@jest/globals';
import {
  AnswerRepeater,
  createRequest,
  createResponse,
  Dialog,
  type HeaderList,
  RFC_TIMERS,
  type SipRequest,
} from '../mod.ts';

function invite(...extra: HeaderList): SipRequest {
  return createRequest({
    method: 'INVITE',
    uri: 'sip:bob@example.com',
    headers: [
      ['From', '<sip:alice@example.com>;tag=a'],
      ['To', '<sip:bob@example.com>'],
      ['Call-ID', 'c1'],
      ['CSeq', '7 INVITE'],
      ['Contact', '<sip:alice@10.0.0.2>'],
      ...extra,
    ],
  });
}

const ROUTES: HeaderList = [['Record-Route', '<sip:p2;lr>, <sip:p1;lr>']];

function bothSides(...routes: HeaderList): { uac: Dialog; uas: Dialog } {
  const request = invite(...routes);
  const headers: HeaderList = [['Contact', '<sip:bob@10.0.0.3>']];
  const answer = createResponse(request, 200, undefined, { toTag: 'b', copyRecordRoute: true, headers });
  const [uac, uas] = [Dialog.ofUac(request, answer), Dialog.ofUas(request, answer)];
  if (uac === undefined || uas === undefined) throw new Error('no dialog');
  return { uac, uas };
}

test('both sides see the route set in their own direction, each with its own sequence (RFC 3261 §12.1, §12.2.1.1)', () => {
  const { uac, uas } = bothSides(...ROUTES);
  const [ours, theirs, ack] = [uac.createRequest('BYE'), uas.createRequest('BYE'), uac.createAck(7)];
  expect([ours.uri, ours.values('Route'), ours.header('CSeq')]).toEqual([
    'sip:bob@10.0.0.3',
    ['<sip:p1;lr>', '<sip:p2;lr>'],
    '8 BYE',
  ]);
  expect([theirs.uri, theirs.values('Route'), theirs.header('CSeq')]).toEqual([
    'sip:alice@10.0.0.2',
    ['<sip:p2;lr>', '<sip:p1;lr>'],
    '1 BYE',
  ]);
  expect([theirs.from?.tag, theirs.to?.tag]).toEqual(['b', 'a']);
  expect([ack.header('CSeq'), ack.values('Route')]).toEqual(['7 ACK', ['<sip:p1;lr>', '<sip:p2;lr>']]);
});

test('a strict router stands in the Request-URI, the target behind the other routes', () => {
  const { uas } = bothSides(['Record-Route', '<sip:strict>, <sip:p1;lr>']);
  const bye = uas.createRequest('BYE');
  expect([bye.uri, bye.values('Route')]).toEqual(['sip:strict', ['<sip:p1;lr>', '<sip:alice@10.0.0.2>']]);
});

test('a request out of order is refused; a target refresh moves the target, another request does not (§12.2.2)', () => {
  const { uas } = bothSides();
  const inDialog = (method: string, sequence: number, contact: string): SipRequest => {
    const request = createRequest({ method, uri: 'sip:bob@10.0.0.3', headers: [] });
    request.set('CSeq', `${sequence} ${method}`);
    request.set('Contact', contact);
    return request;
  };
  expect(uas.accept(inDialog('INFO', 8, '<sip:other@10.0.0.9>'))).toBe(true);
  expect([uas.accept(inDialog('INFO', 8, '<sip:x@x>')), uas.accept(inDialog('BYE', 7, '<sip:x@x>'))]).toEqual(
    [false, false],
  );
  expect(uas.remoteTarget).toBe('sip:alice@10.0.0.2');
  expect(uas.accept(inDialog('UPDATE', 20, '<sip:alice@10.0.0.7>'))).toBe(true);
  expect(uas.remoteTarget).toBe('sip:alice@10.0.0.7');
});

test('without a To tag or a Contact there is no dialog', () => {
  const request = invite();
  expect(Dialog.ofUac(request, createResponse(request, 200, undefined, { toTag: 'b' }))).toBeUndefined();
  const untagged = createResponse(request, 200, undefined, { headers: [['Contact', '<sip:bob@10.0.0.3>']] });
  expect(Dialog.ofUac(request, untagged)).toBeUndefined();
});

test('a 2xx is repeated at T1, doubling to T2, and given up after exactly 64·T1 (§13.3.1.4); the ACK ends it', async () => {
  const clock = new FakeClock();
  const heard: (number | string)[] = [];
  const start = (): AnswerRepeater =>
    new AnswerRepeater(
      clock,
      RFC_TIMERS,
      () => heard.push(clock.monotonic()),
      () => heard.push(`no ACK at ${clock.monotonic()}`),
    );
  start();
  await clock.advance(100_000);
  expect(heard).toEqual([
    500,
    1_500,
    3_500,
    7_500,
    11_500,
    15_500,
    19_500,
    23_500,
    27_500,
    31_500,
    'no ACK at 32000',
  ]);
  start().stop();
  expect(clock.pendingTimerCount).toBe(0);
});
