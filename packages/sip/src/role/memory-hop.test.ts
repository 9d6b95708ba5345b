import { expect, test } from '@jest/globals';
import { createRequest, createResponse } from '../mod.ts';
import { MemoryHop } from './memory-hop.ts';

function createHop(method = 'INVITE') {
  const request = createRequest({
    method,
    uri: 'sip:bob@example.com',
    headers: [
      ['From', '<sip:alice@example.com>;tag=a'],
      ['To', '<sip:bob@example.com>'],
      ['Call-ID', 'c1'],
      ['CSeq', `1 ${method}`],
    ],
  });
  const heard: (string | number)[] = [];
  const events: (() => void)[] = [];
  const hop = new MemoryHop(
    request,
    { tag: 'role' },
    {
      onResponse: ({ status }) => heard.push(status),
      onFailure: (failure) => heard.push(failure),
    },
    (event) => events.push(event),
  );
  const attach = (): void => hop.attach({ onCancel: (reason) => heard.push(`cancel ${reason}`) });
  const respond = (status: number): void => hop.respond(createResponse(request, status));
  const settle = (): void => {
    for (const event of events.splice(0)) event();
  };
  return { hop, heard, attach, respond, settle };
}

test('nothing is heard before the queue runs; 100 is never heard; order is kept', () => {
  const { heard, respond, settle } = createHop();
  for (const status of [100, 180, 200]) respond(status);
  expect(heard).toEqual([]);
  settle();
  expect(heard).toEqual([180, 200]);
});

test('after a 2xx to an INVITE more 2xx pass and nothing else; after any other final response nothing', () => {
  const answered = createHop();
  for (const status of [200, 183, 486, 200]) answered.respond(status);
  answered.hop.abandon();
  answered.settle();
  expect(answered.heard).toEqual([200, 200]);
  for (const hop of [createHop(), createHop('MESSAGE')]) {
    for (const status of [486, 200, 180]) hop.respond(status);
    hop.settle();
    expect(hop.heard).toEqual([486]);
  }
  const message = createHop('MESSAGE');
  for (const status of [200, 200]) message.respond(status);
  message.settle();
  expect(message.heard).toEqual([200]);
});

test('a cancellation is heard once, however late the receiver attaches', () => {
  const early = createHop();
  early.attach();
  early.hop.cancel('r');
  early.hop.cancel('again');
  early.settle();
  expect(early.heard).toEqual(['cancel r']);
  const between = createHop();
  between.hop.cancel('r');
  between.attach(); // as when the sender cancels in the turn in which it sent
  between.settle();
  expect(between.heard).toEqual(['cancel r']);
  const late = createHop();
  late.hop.cancel('r');
  late.settle();
  late.attach();
  expect(late.heard).toEqual(['cancel r']);
});

test('a cancellation that crosses the final response, or of another method, is not heard', () => {
  const crossed = createHop();
  crossed.attach();
  crossed.hop.cancel();
  crossed.respond(200);
  crossed.settle();
  const message = createHop('MESSAGE');
  message.attach();
  message.hop.cancel();
  message.settle();
  expect([crossed.heard, message.heard]).toEqual([[200], []]);
});

test('an abandoned hop fails as timed out, once', () => {
  const { hop, heard, respond, settle } = createHop('MESSAGE');
  hop.abandon();
  hop.abandon();
  respond(200);
  settle();
  expect(heard).toEqual(['timeout']);
});
