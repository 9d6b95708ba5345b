import { rfc4475Messages } from '@clearwater/testkit';

/** The messages of RFC 4475 by their name there: `TC_BADASPEC_I` is `badaspec`. */
export const RFC4475: ReadonlyMap<string, Buffer> = new Map(
  [...rfc4475Messages()].map(([name, bytes]) => [name.replace(/^TC_|_[VI]$/g, '').toLowerCase(), bytes]),
);
