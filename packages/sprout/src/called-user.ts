import type { Impu } from '@clearwater/ims';
import type { SipRequest } from '@clearwater/sip';
import type { HomeNetwork } from './home-network.ts';
import type { Lookup } from './subscriber-data.ts';

/** Whom a request is for, and what was found under that identity. */
export interface CalledUser<T> {
  readonly impu: Impu;
  readonly found: Lookup<T>;
}

/**
 * Looks up the user that the Request-URI names; undefined when it names none of ours. A number may be provisioned in either form
 * (TS 24.229 5.3.2.1): when the one that was called is unknown, the other is asked for and takes its place in the Request-URI. A sips
 * URI stays, for it says how the phone is to be reached.
 */
export async function lookUpCalled<T>(
  request: SipRequest,
  home: HomeNetwork,
  lookUp: (impu: Impu) => Promise<Lookup<T>>,
): Promise<CalledUser<T> | undefined> {
  const uri = request.parsedUri;
  const impu = home.identityOf(uri);
  if (impu === undefined) return undefined;
  const found = await lookUp(impu);
  const alias = found.tag === 'unknown' ? home.aliasOf(impu) : undefined;
  if (alias === undefined) return { impu, found };
  const foundAlias = await lookUp(alias);
  if (foundAlias.tag === 'found' && uri?.scheme !== 'sips')
    request.setUri(alias.startsWith('tel:') ? alias : `${alias};user=phone`);
  return { impu: alias, found: foundAlias };
}
