import { type ParsedMessage, parseMessage, type SipMessage } from '@clearwater/sip';
import type { SimEvent } from '@clearwater/testkit';

/** What a sender and the next hop see of one message. */
export interface WireOutcome {
  /** `400`, `forwarded`, `480 and forwarded`; `dropped` when nothing at all came. */
  readonly seen: string;
  /** What the next hop got. */
  readonly forwarded: Buffer | undefined;
  /** The first final response. */
  readonly answer: Buffer | undefined;
}

/** Reads what `node` put on the wire about `received`: to `sender` answers, to anybody else forwarded messages. A 100 is no answer. */
export function outcomeOf(
  received: Buffer,
  events: readonly SimEvent[],
  { node, sender }: { readonly node: string; readonly sender: string },
): WireOutcome {
  const callId = callIdOf(received);
  const sent = events.filter(
    ({ tag, from, bytes }) => tag === 'sent' && hostOf(from) === node && callIdOf(bytes) === callId,
  );
  const finals = sent.filter(({ to, bytes }) => hostOf(to) === sender && statusOf(bytes) >= 200);
  const forwarded = sent.find(({ to }) => hostOf(to) !== sender)?.bytes;
  const seen = [...new Set(finals.map(({ bytes }) => String(statusOf(bytes))))];
  if (forwarded !== undefined) seen.push('forwarded');
  return { seen: seen.join(' and ') || 'dropped', forwarded, answer: finals[0]?.bytes };
}

/** Read without our parser: an answer repeats what was malformed in its request. */
function statusOf(bytes: Buffer): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(bytes.toString('latin1'))?.[1] ?? 0);
}

/** Every message of the corpora has one of its own, or none. */
function callIdOf(bytes: Buffer): string | undefined {
  return /^(?:call-id|i)[ \t]*:[ \t]*(.*)\r$/im.exec(bytes.toString('latin1'))?.[1];
}

/** `request`, `response`, `keep-alive`, or the status of what is malformed: `400`; `400 unanswerable` when no answer can be made. */
export function parsedAs(parsed: ParsedMessage): string {
  if (parsed.tag !== 'malformed') return parsed.tag;
  return `${parsed.status}${parsed.request === undefined ? ' unanswerable' : ''}`;
}

/**
 * What a hop changed: names of header fields whose bytes differ, came or went, `start-line`, `body`. Fields are compared as they stand,
 * with their folding and spelling.
 */
export function differences(received: Buffer, forwarded: Buffer): readonly string[] {
  const [before, after] = [messageOf(received), messageOf(forwarded)];
  const names = new Set([...before.headerNames, ...after.headerNames]);
  const differing = [...names].filter((name) => rawFields(before, name) !== rawFields(after, name));
  if (startLineOf(before) !== startLineOf(after)) differing.push('start-line');
  if (before.body !== after.body) differing.push('body');
  return differing.sort();
}

function messageOf(bytes: Buffer): SipMessage {
  const parsed = parseMessage(bytes);
  if (parsed.tag !== 'request' && parsed.tag !== 'response') throw new Error(`sent on as ${parsed.tag}`);
  return parsed.message;
}

function rawFields(message: SipMessage, name: string): string {
  return message
    .fieldsOf(name)
    .map(({ source, start, end }) => source.slice(start, end))
    .join('');
}

function startLineOf(message: SipMessage): string {
  return message.text.slice(0, message.text.indexOf('\r\n'));
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}
