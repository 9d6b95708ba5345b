import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_MESSAGE_LIMITS, StreamFramer } from './mod.ts';

function message(body: string, lengthField = 'Content-Length'): string {
  return `MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bK1\r\n${lengthField}: ${body.length}\r\nX: y\r\n\r\n${body}`;
}

function frame(chunks: readonly string[]): {
  messages: string[];
  pings: number[];
  result: string;
  framer: StreamFramer;
} {
  const framer = new StreamFramer();
  const messages: string[] = [];
  const pings: number[] = [];
  let result = 'ok';
  for (const chunk of chunks)
    result = framer.push(
      Buffer.from(chunk, 'latin1'),
      (bytes) => messages.push(bytes.toString('latin1')),
      (count) => pings.push(count),
    );
  return { messages, pings, result, framer };
}

test('several messages in one segment come out one by one', () => {
  const texts = [message('one'), message('', 'l'), message('three\r\n\r\n', 'CONTENT-length ')];
  expect(frame([texts.join('')])).toMatchObject({ messages: texts, result: 'ok' });
});

test('one message byte by byte comes out once, and nothing is held behind it', () => {
  const text = message('body', 'Content-Length:\r\n ').replace('::', ':').replace(' : ', ' ');
  const { messages, framer } = frame([...text]);
  expect(messages).toEqual([text]);
  expect(framer.bytesPending).toBe(0);
});

test('any segmentation gives the same messages and pings', () => {
  const piece = fc.oneof(
    fc
      .string({ unit: fc.constantFrom('a', '\r', '\n', ':', 'l: 3\r\n'), maxLength: 30 })
      .map((body) => message(body)),
    fc.constant('\r\n\r\n'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }), (pieces, cuts) => {
      const text = pieces.join('');
      const points = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
        (a, b) => a - b,
      );
      const chunks = points.slice(1).map((point, i) => text.slice(points[i], point));
      const { messages, pings, result } = frame(chunks);
      expect(result).toBe('ok');
      expect(messages).toEqual(pieces.filter((each) => each !== '\r\n\r\n'));
      expect(pings.reduce((sum, count) => sum + count, 0)).toBe(
        pieces.filter((each) => each === '\r\n\r\n').length,
      );
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['a ping', ['\r\n\r\n'], [1]],
  ['a ping in four segments', ['\r', '\n', '\r', '\n'], [0, 1]],
  ['two pings at once', ['\r\n\r\n\r\n\r\n'], [2]],
  ['a pong', ['\r\n'], [0]],
  ['a CRLF before a message', [`\r\n${message('x')}`], [0]],
])('%s is noticed', (_, chunks, expected) => {
  expect(frame(chunks)).toMatchObject({ pings: expected, result: 'ok' });
});

test.each([
  ['without Content-Length', 'MESSAGE sip:a@b SIP/2.0\r\nVia: x\r\n\r\n'],
  ['with two Content-Lengths', message('x').replace('X: y', 'l: 2')],
  ['with a Content-Length that is no number', message('x').replace(': 1', ': 0x1')],
  ['larger than the limit', message('x').replace(': 1', ': 65535')],
  ['of which the header never ends', 'X: y\r\n'.repeat(12_000)],
  ['that begins with white space', ' x'],
  ['that begins with a lone CR', '\rx'],
])('a message %s breaks the stream for good', (_, text) => {
  const { result, framer } = frame([text]);
  expect(result).toBe('malformed');
  const push = framer.push(
    Buffer.from(message('x')),
    () => expect(0).toBe(1),
    () => expect(0).toBe(1),
  );
  expect(push).toBe('malformed');
  expect(framer.bytesPending).toBe(0);
});

test('random bytes never throw, and never hold more than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
      const framer = new StreamFramer();
      for (const chunk of chunks)
        framer.push(
          Buffer.from(chunk),
          () => undefined,
          () => undefined,
        );
      expect(framer.bytesPending).toBeLessThanOrEqual(DEFAULT_MESSAGE_LIMITS.messageBytesMax);
    }),
  );
});
