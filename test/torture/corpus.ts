import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = new URL('../../packages/sip/src/message/testdata/rfc4475/', import.meta.url);

/** The messages of RFC 4475 by their name there, byte for byte. */
export const RFC4475: ReadonlyMap<string, Buffer> = new Map(
  readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.dat'))
    .map((file) => [nameOf(file), readFileSync(new URL(file, DIRECTORY))]),
);

/** `TC_BADASPEC_I.dat` is `badaspec`. */
function nameOf(file: string): string {
  return file.replace(/^TC_|(?:_[VI])?\.dat$/g, '').toLowerCase();
}
