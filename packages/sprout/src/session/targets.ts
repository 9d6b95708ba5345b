import type { KeyedBinding } from '@clearwater/ims';
import { parseUri, type SipRequest, SipUri } from '@clearwater/sip';
import type { HomeNetwork } from '../home-network.ts';

/** The flows by which one device can be reached, the one to use first (RFC 5626 §6). */
export type Flows = readonly [KeyedBinding, ...KeyedBinding[]];

/**
 * The devices a request is sent to, at most `forkMax`: q decides which (bindings come in its order), not when. A device with several
 * flows is one; the flow registered last goes first, of two at once that of the higher reg-id (RFC 5626 §5.3).
 */
export function devicesOf(
  bindings: readonly KeyedBinding[],
  forkMax: number,
  home: HomeNetwork,
): readonly Flows[] {
  const devices = new Map<string, [KeyedBinding, ...KeyedBinding[]]>();
  for (const binding of bindings) {
    if (leadsBack(binding, home)) continue;
    const id = binding.instance ?? binding.key;
    const flows = devices.get(id);
    if (flows === undefined) devices.set(id, [binding]);
    else flows.push(binding);
  }
  const chosen = [...devices.values()].slice(0, forkMax);
  for (const flows of chosen) flows.sort(byRecency);
  return chosen;
}

/** The request on its way to one binding (TS 24.229 5.4.3.3): Request-URI is the contact, Route its Path. */
export function requestTo(request: SipRequest, binding: KeyedBinding): SipRequest {
  const copy = request.copy();
  copy.set('P-Called-Party-ID', `<${request.uri}>`);
  const uri = parseUri(binding.contact);
  // Headers of a URI do not belong into a Request-URI (RFC 3261 §19.1.1).
  copy.setUri(
    uri instanceof SipUri && uri.headers !== '' ? uri.with({ headers: '' }).toString() : binding.contact,
  );
  copy.remove('Route');
  if (binding.path.length > 0) copy.append('Route', binding.path.join(', '));
  return copy;
}

/** A contact without a Path that names this network: the request would come back to us. */
function leadsBack({ contact, path }: KeyedBinding, home: HomeNetwork): boolean {
  if (path.length > 0) return false;
  const uri = parseUri(contact);
  return !(uri instanceof SipUri) || home.isOwn(uri) || uri.host === home.domain;
}

function byRecency(a: KeyedBinding, b: KeyedBinding): number {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp ? -1 : 1;
  return (b.regId ?? 0) - (a.regId ?? 0);
}
