import { hash } from 'node:crypto';
import type { PrivateIdentity } from '@clearwater/vellum';

export interface GivenCredentials {
  readonly digest_ha1?: string;
  readonly plaintext_password?: string;
  readonly realm?: string;
}

/**
 * The credentials to store, with the digest computed where the password was given (RFC 7616 §3.4.2); undefined unless exactly one of
 * both was.
 */
export function credentialsOf(
  impi: string,
  given: GivenCredentials,
  { defaultRealm, keepPlaintext }: { readonly defaultRealm: string; readonly keepPlaintext: boolean },
): PrivateIdentity | undefined {
  const { digest_ha1: ha1, plaintext_password: password, realm = defaultRealm } = given;
  if (password === undefined) return ha1 === undefined ? undefined : { digestHa1: ha1.toLowerCase(), realm };
  if (ha1 !== undefined) return undefined;
  const digestHa1 = hash('md5', `${impi}:${realm}:${password}`);
  return { digestHa1, realm, ...(keepPlaintext ? { plaintextPassword: password } : {}) };
}
