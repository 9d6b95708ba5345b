import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = new URL('../../testdata/rfc4475/', import.meta.url);
/** Messages with bytes that are no text stand in base64. */
const FILE = /^(\w+)\.dat(\.base64)?$/;

/** The messages of RFC 4475 by file name (`TC_BADASPEC_I`), byte for byte. */
export function rfc4475Messages(): ReadonlyMap<string, Buffer> {
  const messages = new Map<string, Buffer>();
  for (const file of readdirSync(DIRECTORY)) {
    const [, name, isBase64] = FILE.exec(file) ?? [];
    if (name === undefined) continue;
    const bytes = readFileSync(new URL(file, DIRECTORY));
    messages.set(name, isBase64 === undefined ? bytes : Buffer.from(bytes.toString('latin1'), 'base64'));
  }
  return messages;
}
