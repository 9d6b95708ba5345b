import { COLON, CR, HTAB, LF, parseDecimal, SP, tokenEnd } from './characters.ts';
import { Field } from './field.ts';
import { canonicalName, knownNameAt } from './header-names.ts';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from './limits.ts';
import type { SipMessage } from './message.ts';
import { isPlausibleUri } from './name-addr.ts';
import { SipRequest } from './sip-request.ts';
import { SipResponse } from './sip-response.ts';

/** What one received message turned out to be. `bytesExcess` are bytes behind Content-Length, which RFC 3261 §18.3 drops. */
export type ParsedMessage =
  | { readonly tag: 'request'; readonly message: SipRequest; readonly bytesExcess: number }
  | { readonly tag: 'response'; readonly message: SipResponse; readonly bytesExcess: number }
  | { readonly tag: 'keep-alive' }
  | MalformedMessage;

/** `request` is there when enough of it could be read to answer it with `status` (never for ACK). */
export interface MalformedMessage {
  readonly tag: 'malformed';
  readonly reason: string;
  readonly status: 400 | 413 | 505;
  readonly request?: SipRequest;
}

const SLASH = 47;

interface Fault {
  readonly reason: string;
  readonly status: 400 | 413 | 505;
}

interface StartLine {
  readonly method: string | undefined;
  readonly uri: string;
  readonly status: number;
  readonly reason: string;
  readonly fault: Fault | undefined;
}

interface Head {
  readonly fields: Field[];
  /** Where the body starts, or the text ends when there was no empty line. */
  readonly bodyStart: number;
  readonly fault: Fault | undefined;
}

/**
 * Parses one whole message: a datagram, or what the stream framer cut out. Checks start line, the mandatory headers, CSeq and
 * Content-Length (RFC 3261 §7, §8.1.1, §18.3, §25.1); every other header is left alone until it is asked for. Never throws.
 */
export function parseMessage(bytes: Buffer, limits: MessageLimits = DEFAULT_MESSAGE_LIMITS): ParsedMessage {
  if (bytes.length > limits.messageBytesMax) return malformed({ reason: 'message too large', status: 413 });
  const text = bytes.toString('latin1');
  let start = 0;
  while (text.charCodeAt(start) === CR && text.charCodeAt(start + 1) === LF) start += 2;
  if (start === text.length || text === '\0') return { tag: 'keep-alive' };
  const lineEnd = text.indexOf('\r', start);
  if (lineEnd < 0 || text.indexOf('\n', start) !== lineEnd + 1)
    return malformed({ reason: 'no start line', status: 400 });
  if (lineEnd - start > limits.fieldBytesMax)
    return malformed({ reason: 'start line too long', status: 400 });
  const startLine = parseStartLine(text, start, lineEnd);
  const head = indexFields(text, lineEnd + 2, limits);
  const contentLength = readContentLength(head.fields);
  const available = text.length - head.bodyStart;
  const bodyEnd =
    contentLength >= 0 && contentLength < available ? head.bodyStart + contentLength : text.length;
  const parts = {
    startLine: { source: text, start, end: lineEnd + 2 },
    fields: head.fields,
    body: { source: text, start: head.bodyStart, end: bodyEnd },
  };
  const message =
    startLine.method === undefined
      ? new SipResponse(startLine.status, startLine.reason, parts)
      : new SipRequest(startLine.method, startLine.uri, parts);
  const fault =
    startLine.fault ??
    head.fault ??
    lengthFault(contentLength, available) ??
    headerFault(message, head.fields);
  if (fault !== undefined) return malformed(fault, message);
  const bytesExcess = text.length - bodyEnd;
  return message instanceof SipRequest
    ? { tag: 'request', message, bytesExcess }
    : { tag: 'response', message: message as SipResponse, bytesExcess };
}

function malformed(fault: Fault, message?: SipMessage): MalformedMessage {
  const { reason, status } = fault;
  return message instanceof SipRequest && isAnswerable(message)
    ? { tag: 'malformed', reason, status, request: message }
    : { tag: 'malformed', reason, status };
}

function isAnswerable(request: SipRequest): boolean {
  return (
    request.method !== 'ACK' &&
    request.topVia !== undefined &&
    request.header('From') !== undefined &&
    request.header('To') !== undefined &&
    request.callId !== '' &&
    request.header('CSeq') !== undefined
  );
}

function bad(reason: string): Fault {
  return { reason, status: 400 };
}

function parseStartLine(text: string, start: number, end: number): StartLine {
  // No method holds a slash.
  if (text.charCodeAt(start + 3) === SLASH) return parseStatusLine(text, start, end);
  const methodEnd = tokenEnd(text, start, end);
  const method = text.slice(start, methodEnd);
  const uriEnd = text.lastIndexOf(' ', end - 1);
  if (methodEnd === start || text.charCodeAt(methodEnd) !== SP || uriEnd <= methodEnd) {
    return { method, uri: '', status: 0, reason: '', fault: bad('start line') };
  }
  const uri = text.slice(methodEnd + 1, uriEnd);
  return { method, uri, status: 0, reason: '', fault: requestLineFault(uri, text.slice(uriEnd + 1, end)) };
}

function requestLineFault(uri: string, version: string): Fault | undefined {
  if (version !== 'SIP/2.0' && version.toUpperCase() !== 'SIP/2.0') {
    return /^SIP\/\d+\.\d+$/i.test(version) ? { reason: 'SIP version', status: 505 } : bad('start line');
  }
  return isPlausibleUri(uri) && !hasHeaders(uri) ? undefined : bad('Request-URI');
}

/** A Request-URI has none (RFC 3261 §19.1.1); forwarded, they would be anybody's header fields. A user part may hold `?`. */
function hasHeaders(uri: string): boolean {
  return uri.includes('?', uri.indexOf('@') + 1) && /^sips?:/i.test(uri);
}

function parseStatusLine(text: string, start: number, end: number): StartLine {
  const versionEnd = text.indexOf(' ', start);
  const status = parseDecimal(text, versionEnd + 1, versionEnd + 4, 3);
  const codeEnd = versionEnd + 4;
  const isWhole =
    codeEnd <= end && status >= 100 && status <= 699 && (codeEnd === end || text.charCodeAt(codeEnd) === SP);
  const isVersionRight = text.slice(start, versionEnd).toUpperCase() === 'SIP/2.0';
  const fault = isWhole ? (isVersionRight ? undefined : bad('SIP version')) : bad('status line');
  return { method: undefined, uri: '', status, reason: text.slice(Math.min(codeEnd + 1, end), end), fault };
}

/** The one pass over the header: where each field starts, its name, where its value is, whether it is folded. */
function indexFields(text: string, start: number, limits: MessageLimits): Head {
  const fields: Field[] = [];
  const length = text.length;
  let at = start;
  let fault: Fault | undefined;
  while (at < length) {
    if (text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF)
      return { fields, bodyStart: at + 2, fault };
    let isFolded = false;
    let lineEnd = at;
    for (;;) {
      const lineStart = lineEnd;
      lineEnd = text.indexOf('\r', lineStart);
      if (lineEnd < 0) return { fields, bodyStart: length, fault: bad('header not terminated') };
      // A lone CR or LF is refused: to a laxer parser behind us it would end the line and start a field that we did not see.
      if (text.indexOf('\n', lineStart) !== lineEnd + 1)
        return { fields, bodyStart: length, fault: bad('lone CR or LF') };
      const next = text.charCodeAt(lineEnd + 2);
      if (next !== SP && next !== HTAB) break;
      isFolded = true;
      lineEnd += 2;
    }
    const end = lineEnd + 2;
    const known = knownNameAt(text, at);
    const nameEnd = known === undefined ? tokenEnd(text, at, lineEnd) : at + known.length;
    let colon = nameEnd;
    while (text.charCodeAt(colon) === SP || text.charCodeAt(colon) === HTAB) colon++;
    if (nameEnd === at || text.charCodeAt(colon) !== COLON) fault ??= bad('header field');
    else if (end - at > limits.fieldBytesMax) fault ??= bad('header field too long');
    else if (fields.length === limits.headerFieldsMax)
      return { fields, bodyStart: length, fault: bad('too many header fields') };
    else
      fields.push(
        new Field(known ?? canonicalName(text.slice(at, nameEnd)), text, at, colon + 1, end, isFolded),
      );
    at = end;
  }
  return { fields, bodyStart: length, fault: fault ?? bad('header not terminated') };
}

const LENGTH_ABSENT = -1;
const LENGTH_MALFORMED = -2;

function readContentLength(fields: readonly Field[]): number {
  let length = LENGTH_ABSENT;
  for (const field of fields) {
    if (field.name !== 'Content-Length') continue;
    const value = field.value;
    const number = parseDecimal(value, 0, value.length, 12);
    if (number < 0 || length !== LENGTH_ABSENT) return LENGTH_MALFORMED;
    length = number;
  }
  return length;
}

function lengthFault(contentLength: number, available: number): Fault | undefined {
  if (contentLength === LENGTH_MALFORMED) return bad('Content-Length');
  return contentLength > available ? bad('body shorter than Content-Length') : undefined;
}

function headerFault(message: SipMessage, fields: readonly Field[]): Fault | undefined {
  let seen = 0;
  for (const field of fields) {
    const bit = singleHeaderBit(field.name);
    if ((seen & bit) !== 0) return bad(`${field.name} repeated`);
    seen |= bit;
  }
  if (message.topVia === undefined) return bad('Via');
  if (message.from === undefined) return bad('From');
  if (message.to === undefined) return bad('To');
  if (message.callId === '') return bad('Call-ID');
  const cseq = message.cseq;
  if (cseq === undefined) return bad('CSeq');
  return message instanceof SipRequest && cseq.method !== message.method ? bad('CSeq method') : undefined;
}

function singleHeaderBit(name: string): number {
  switch (name) {
    case 'From':
      return 1;
    case 'To':
      return 2;
    case 'Call-ID':
      return 4;
    case 'CSeq':
      return 8;
    case 'Max-Forwards':
      return 16;
    default:
      return 0;
  }
}
