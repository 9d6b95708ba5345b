/** The pieces of a SIP, SIPS or tel URI that identities and contact keys are made of (RFC 3261 §19.1.1, RFC 3966 §3). */
export interface UriParts {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** Unescaped where the escape was not needed, without password; the number of a tel URI; `''` when absent. */
  readonly user: string;
  /** Lower-case; `''` for tel. */
  readonly host: string;
  readonly port: string;
  /** `;`-separated, names and values as received. */
  readonly parameters: readonly string[];
}

const URI_LENGTH_MAX = 1024;
// The host part ends at a parameter or header; a user part may hold `;` and `?`, so it is taken up to the `@` first.
const SIP_URI =
  /^(sips?):(?:([^@\s<>"]*)@)?([A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?((?:;[^?\s<>"]*)?)(?:\?[^\s<>"]*)?$/i;
const TEL_URI = /^tel:([^;\s<>"]+)((?:;[^\s<>"]*)?)$/i;

/** The pieces of `text`, or undefined when it is no SIP, SIPS or tel URI or longer than 1,024 characters. */
export function uriParts(text: string): UriParts | undefined {
  if (text.length > URI_LENGTH_MAX) return undefined;
  const tel = TEL_URI.exec(text);
  if (tel !== null) {
    const [, number = '', tail = ''] = tel;
    return { scheme: 'tel', user: number, host: '', port: '', parameters: parametersOf(tail) };
  }
  const sip = SIP_URI.exec(text);
  if (sip === null) return undefined;
  const [, scheme = '', userInfo = '', host = '', port = '', tail = ''] = sip;
  const user = unescaped(userInfo.split(':', 1)[0] ?? '');
  if (user === undefined) return undefined;
  return {
    scheme: scheme.toLowerCase() === 'sips' ? 'sips' : 'sip',
    user,
    host: host.toLowerCase(),
    port,
    parameters: parametersOf(tail),
  };
}

function parametersOf(tail: string): readonly string[] {
  return tail === '' ? [] : tail.split(';').filter((parameter) => parameter !== '');
}

/** RFC 3261 §19.1.4: an escaped character equals the plain one unless it is reserved there; undefined for a broken escape. */
function unescaped(user: string): string | undefined {
  if (!user.includes('%')) return user;
  if (/%(?![0-9A-Fa-f]{2})/.test(user)) return undefined;
  return user.replace(/%([0-9A-Fa-f]{2})/g, (sequence: string, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-_.!~*'()&=+$,;?/]/.test(character) ? character : sequence.toUpperCase();
  });
}
