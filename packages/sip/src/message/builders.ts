import { type Field, singleLine, writeField } from './field.ts';
import type { MessageParts } from './message.ts';
import { REASON_PHRASES } from './reason-phrases.ts';
import { SipRequest } from './sip-request.ts';
import { SipResponse } from './sip-response.ts';

/** Name and value, in the order in which they are written. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A body; a string is latin1, one char per byte. */
export interface MessageBody {
  readonly contentType: string;
  readonly content: string | Buffer;
}

export interface RequestTemplate {
  readonly method: string;
  readonly uri: string;
  readonly headers: HeaderList;
  readonly body?: MessageBody | undefined;
}

export interface ResponseOptions {
  /** Added to To when the request had no tag and the status is above 100. */
  readonly toTag?: string | undefined;
  /** Record-Route is copied: for 101 to 299 to a request that can create a dialog (RFC 3261 §12.1.1). */
  readonly copyRecordRoute?: boolean | undefined;
  readonly headers?: HeaderList | undefined;
  readonly body?: MessageBody | undefined;
}

const NO_BODY = { source: '', start: 0, end: 0 } as const;

function newParts(startLine: string, fields: readonly Field[]): MessageParts {
  const line = `${singleLine(startLine)}\r\n`;
  return { startLine: { source: line, start: 0, end: line.length }, fields, body: NO_BODY };
}

function finish<M extends SipRequest | SipResponse>(message: M, body: MessageBody | undefined): M {
  if (body === undefined) message.set('Content-Length', '0');
  else message.setBody(body.contentType, body.content);
  return message;
}

/** A request with exactly these headers and Content-Length. */
export function createRequest(template: RequestTemplate): SipRequest {
  const fields = template.headers.map(([name, value]) => writeField(name, value));
  const line = `${template.method} ${template.uri} SIP/2.0`;
  return finish(new SipRequest(template.method, template.uri, newParts(line, fields)), template.body);
}

/**
 * A response to a request (RFC 3261 §8.2.6): its Via fields, From, To, Call-ID and CSeq go over untouched, Timestamp into a 100.
 * `reason` defaults to the registered phrase.
 */
export function createResponse(
  request: SipRequest,
  status: number,
  reason: string = REASON_PHRASES[status] ?? 'Unknown',
  options: ResponseOptions = {},
): SipResponse {
  const fields: Field[] = [...request.fieldsOf('Via')];
  if (options.copyRecordRoute === true) fields.push(...request.fieldsOf('Record-Route'));
  fields.push(...request.fieldsOf('From').slice(0, 1));
  fields.push(...toFields(request, status, options.toTag));
  fields.push(...request.fieldsOf('Call-ID').slice(0, 1), ...request.fieldsOf('CSeq').slice(0, 1));
  if (status === 100) fields.push(...request.fieldsOf('Timestamp'));
  for (const [name, value] of options.headers ?? []) fields.push(writeField(name, value));
  return finish(
    new SipResponse(status, reason, newParts(`SIP/2.0 ${status} ${reason}`, fields)),
    options.body,
  );
}

function toFields(request: SipRequest, status: number, toTag: string | undefined): readonly Field[] {
  const [to] = request.fieldsOf('To');
  if (to === undefined) return [];
  // In both forms of the header parameters stand last, so a tag can be put behind the text as it is (RFC 3261 §20.10).
  const needsTag = status > 100 && toTag !== undefined && request.to?.tag === undefined;
  return [needsTag ? writeField('To', `${to.value};tag=${toTag}`) : to];
}

/** The ACK to a final response other than 2xx, of the same client transaction (RFC 3261 §17.1.1.3). */
export function createAck(invite: SipRequest, response: SipResponse): SipRequest {
  return hopRequest('ACK', invite, response.fieldsOf('To'));
}

/** The CANCEL of a pending request (RFC 3261 §9.1), with further headers such as Reason. */
export function createCancel(invite: SipRequest, headers: HeaderList = []): SipRequest {
  const cancel = hopRequest('CANCEL', invite, invite.fieldsOf('To'));
  for (const [name, value] of headers) cancel.append(name, value);
  return cancel;
}

/** What ACK and CANCEL share: Request-URI, top Via, Route, From, Call-ID and the CSeq number of the request they belong to. */
function hopRequest(method: 'ACK' | 'CANCEL', invite: SipRequest, to: readonly Field[]): SipRequest {
  const fields = [
    writeField('Via', invite.firstValue('Via') ?? ''),
    ...invite.fieldsOf('Route'),
    writeField('Max-Forwards', '70'),
    ...invite.fieldsOf('From'),
    ...to.slice(0, 1),
    ...invite.fieldsOf('Call-ID'),
    writeField('CSeq', `${invite.cseq?.number ?? 0} ${method}`),
  ];
  return finish(
    new SipRequest(method, invite.uri, newParts(`${method} ${invite.uri} SIP/2.0`, fields)),
    undefined,
  );
}
