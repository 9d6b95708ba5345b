import type { ContactChange, Impu } from '@clearwater/ims';
import {
  type HeaderList,
  type NameAddr,
  parseExpires,
  parseQValueThousandths,
  parseVia,
  parseWholeNumber,
  type SipRequest,
  SipUri,
} from '@clearwater/sip';
import type { HomeNetwork } from '../home-network.ts';
import type { RefusalReason } from '../refusal.ts';

export interface ExpiryLimits {
  readonly registrationExpiryMinS: number;
  readonly registrationExpiryMaxS: number;
}

/** A REGISTER as the registrar understands it, before it is known whether its sender may. */
export interface RegisterIntent {
  readonly impu: Impu;
  readonly callId: string;
  readonly cseq: number;
  readonly contacts: readonly ContactChange[] | '*';
  readonly path: readonly string[];
  readonly userAgent: string;
  readonly source: string;
}

export type ParsedRegister =
  | { readonly tag: 'valid'; readonly intent: RegisterIntent }
  | { readonly tag: 'refused'; readonly reason: RefusalReason; readonly headers?: HeaderList };

/** Option tags that a registrar must understand when a REGISTER requires them. */
const EXTENSIONS = new Set(['path']);
const CONTACT_LENGTH_MAX = 1_024;
const PATH_LENGTH_MAX = 2_048;
const USER_AGENT_LENGTH_MAX = 128;
const EXPIRES_LIMIT = 2 ** 32;

/** Reads a REGISTER (RFC 3261 §10.3 steps 1 to 6, §10.2). All of its contacts are good, or it is refused. */
export function parseRegister(request: SipRequest, home: HomeNetwork, limits: ExpiryLimits): ParsedRegister {
  const impu = home.identityOf(request.to?.parsedUri);
  if (impu === undefined) return refused('callee-unknown');
  const unsupported = request.values('Require').filter((tag) => !EXTENSIONS.has(tag.toLowerCase()));
  if (unsupported.length > 0) return refused('extension-required', [['Unsupported', unsupported.join(', ')]]);
  const contacts = contactsOf(request, limits);
  if (contacts === 'malformed') return refused('malformed');
  if (contacts === 'too-brief') {
    return refused('interval-too-brief', [['Min-Expires', String(limits.registrationExpiryMinS)]]);
  }
  const path = request.values('Path');
  if (path.join().length > PATH_LENGTH_MAX) return refused('malformed');
  return {
    tag: 'valid',
    intent: {
      impu,
      callId: request.callId,
      cseq: request.cseq?.number ?? 0,
      contacts,
      path,
      userAgent: request.header('User-Agent')?.slice(0, USER_AGENT_LENGTH_MAX) ?? '',
      source: sourceOf(request),
    },
  };
}

/** Whether a REGISTER only ends bindings: what the I-CSCF tells Homestead (TS 24.229 5.3.1.2). */
export function isDeregistration(request: SipRequest): boolean {
  return request.contacts?.tag === 'all' || request.header('Expires')?.trim() === '0';
}

function refused(reason: RefusalReason, headers: HeaderList = []): ParsedRegister {
  return { tag: 'refused', reason, headers };
}

function contactsOf(
  request: SipRequest,
  limits: ExpiryLimits,
): readonly ContactChange[] | '*' | 'malformed' | 'too-brief' {
  const { contacts } = request;
  if (contacts === undefined) return 'malformed';
  const expires = request.header('Expires');
  const headerS = expires === undefined ? undefined : parseExpires(expires);
  if (contacts.tag === 'all') return headerS === 0 ? '*' : 'malformed'; // §10.2.2
  const changes: ContactChange[] = [];
  for (const contact of contacts.contacts) {
    const change = changeOf(contact, headerS, limits);
    if (typeof change === 'string') return change;
    changes.push(change);
  }
  return changes;
}

function changeOf(
  contact: NameAddr,
  headerS: number | undefined,
  limits: ExpiryLimits,
): ContactChange | 'malformed' | 'too-brief' {
  if (!(contact.parsedUri instanceof SipUri) || contact.toString().length > CONTACT_LENGTH_MAX)
    return 'malformed';
  const { params } = contact;
  const ownS = parseExpires(params.get('expires') ?? '');
  const expiresS = grantedS(ownS ?? headerS, limits);
  if (expiresS === undefined) return 'too-brief';
  const instance = params.getUnquoted('+sip.instance');
  const regId = parseWholeNumber(params.get('reg-id') ?? '', EXPIRES_LIMIT);
  const others = [...params.entries()].filter(([name]) => name !== 'q' && name !== 'expires');
  return {
    uri: contact.uri,
    parameters: Object.fromEntries(others.map(([name, value = '']) => [name, value])),
    ...(instance === undefined || instance === '' ? {} : { instance }),
    ...(regId === undefined || instance === undefined ? {} : { regId }),
    expiresS,
    qMilli: parseQValueThousandths(params.get('q') ?? '') ?? 1_000,
  };
}

/** Undefined when too brief. What was not asked, or not understood, gets the longest (§10.3 step 6, §20.19). */
function grantedS(askedS: number | undefined, limits: ExpiryLimits): number | undefined {
  if (askedS === undefined) return limits.registrationExpiryMaxS;
  if (askedS !== 0 && askedS < limits.registrationExpiryMinS) return undefined;
  return Math.min(askedS, limits.registrationExpiryMaxS);
}

/** `<transport>:<host>:<port>` of the phone: its edge wrote where the request came from into the Via below its own (RFC 3581 §4). */
function sourceOf(request: SipRequest): string {
  const vias = request.values('Via');
  const via = parseVia(vias[1] ?? vias[0] ?? '');
  if (via === undefined) return '';
  return `${via.transport}:${via.received ?? via.host}:${via.rport ?? via.port ?? 5060}`;
}
