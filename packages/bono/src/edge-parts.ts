import type { Counter } from '@clearwater/platform';
import {
  type Flow,
  type HeaderList,
  type RoleHost,
  type Routing,
  respondTo,
  type SipRequest,
} from '@clearwater/sip';
import type { FlowIdentities } from './flow-identities.ts';
import type { FlowRecovery } from './flow-recovery.ts';
import type { FlowName, FlowTokens } from './flow-token.ts';
import type { OwnUris } from './own-uris.ts';

/** The node, with its flows by name. */
interface EdgeHost extends RoleHost {
  /** Undefined when the connection has closed or the local address is not ours. */
  flowOf(name: FlowName): Flow | undefined;
}

/** What the ways of a request through Bono share. */
export interface EdgeParts {
  readonly host: EdgeHost;
  readonly uris: OwnUris;
  readonly tokens: FlowTokens;
  readonly identities: FlowIdentities;
  readonly recovery: FlowRecovery;
  /** Requests this proxy itself refused, labelled by status. */
  readonly refusedTotal: Counter;
}

/** Names of the two sides of the node. */
export const EDGE = 'edge';
export const CORE = 'core';

/** A refusal by this proxy, with headers to add. */
export function refuse(
  request: SipRequest,
  status: number,
  parts: Pick<EdgeParts, 'host' | 'refusedTotal'>,
  headers: HeaderList = [],
): Routing {
  parts.refusedTotal.labels(String(status)).add();
  return answer(request, status, parts.host, headers);
}

const ALLOW =
  'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, MESSAGE, OPTIONS, REFER, SUBSCRIBE, NOTIFY, PUBLISH, REGISTER';

/** The answer to OPTIONS for the server itself (RFC 3261 §11.2): phones and peers use it as a keep-alive. */
export function describeServer(request: SipRequest, parts: Pick<EdgeParts, 'host'>): Routing {
  const headers: HeaderList = [
    ['Allow', ALLOW],
    ['Accept', 'application/sdp'],
    ['Supported', 'path'],
  ];
  return answer(request, 200, parts.host, headers);
}

function answer(request: SipRequest, status: number, host: EdgeHost, headers: HeaderList): Routing {
  const response = respondTo(request, status, host);
  for (const [name, value] of headers) response.append(name, value);
  return { tag: 'refused', response };
}

/** Only these make a dialog, and so need our Record-Route (RFC 3261 §12.1, RFC 6665 §4.1, RFC 3515 §2). */
export function createsDialog(request: SipRequest): boolean {
  return request.method === 'INVITE' || request.method === 'SUBSCRIBE' || request.method === 'REFER';
}

/** A new P-Charging-Vector (RFC 7315 §4.6): names the session in the charging records of all nodes. */
export function startCharging(request: SipRequest, { host, uris }: Pick<EdgeParts, 'host' | 'uris'>): void {
  const icid = host.random.token(24);
  request.set('P-Charging-Vector', `icid-value="${icid}";icid-generated-at=${uris.coreHost}`);
}
