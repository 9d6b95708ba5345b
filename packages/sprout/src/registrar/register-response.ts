import {
  type AorRecord,
  activeBindings,
  type ImsSubscription,
  type KeyedBinding,
  usableIdentities,
} from '@clearwater/ims';
import {
  createResponse,
  type HeaderList,
  type SipRequest,
  type SipResponse,
  serializeChallenge,
} from '@clearwater/sip';

export interface Acceptance {
  readonly record: AorRecord;
  readonly subscription: ImsSubscription;
  readonly path: readonly string[];
  /** Value of the Service-Route header. */
  readonly serviceRoute: string;
  readonly nowMs: number;
  readonly toTag: string;
}

/** The 200 of a REGISTER (RFC 3261 §10.3 step 8, TS 24.229 5.4.1.2.2F): all bindings, who the user is, and the way to its S-CSCF. */
export function acceptRegister(request: SipRequest, acceptance: Acceptance): SipResponse {
  const { record, subscription, path, serviceRoute, nowMs, toTag } = acceptance;
  const headers: [string, string][] = activeBindings(record, nowMs).map((binding) => [
    'Contact',
    contactValue(binding, nowMs),
  ]);
  if (path.length > 0) headers.push(['Path', path.join(', ')]); // RFC 3327 §5.3
  headers.push(['Supported', 'path'], ['Service-Route', serviceRoute]);
  const identities = usableIdentities(subscription);
  if (identities.length > 0) {
    headers.push(['P-Associated-URI', identities.map((impu) => `<${impu}>`).join(', ')]);
  }
  return createResponse(request, 200, undefined, { toTag, headers });
}

/** The 401 of a REGISTER: the same for users that are there and users that are not. */
export function challengeRegister(
  request: SipRequest,
  challenge: {
    readonly realm: string;
    readonly nonce: string;
    readonly isStale: boolean;
    readonly toTag: string;
  },
): SipResponse {
  const { realm, nonce, isStale, toTag } = challenge;
  const value = serializeChallenge({ realm, nonce, algorithm: 'MD5', qop: ['auth'], stale: isStale });
  const headers: HeaderList = [['WWW-Authenticate', value]];
  return createResponse(request, 401, undefined, { toTag, headers });
}

function contactValue(binding: KeyedBinding, nowMs: number): string {
  const { contact, parameters, qMilli, expiresAtMs } = binding;
  const others = Object.entries(parameters).map(([name, value]) =>
    value === '' ? `;${name}` : `;${name}=${value}`,
  );
  const q = qMilli === 1_000 ? '' : `;q=${qMilli / 1_000}`;
  const leftS = Math.max(1, Math.round((expiresAtMs - nowMs) / 1_000));
  return `<${contact}>${others.join('')}${q};expires=${leftS}`;
}
