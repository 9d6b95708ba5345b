import { type BodyKind, isEmpty, isFormOrJson, isText } from './body.ts';
import { type Checked, InputSchema } from './input.ts';

/** Turns the bytes of a request's body into what the endpoint declared. */
export type BodyReader = (bytes: Buffer | undefined, contentType: string) => Checked;

const NO_BODY: Checked = { tag: 'valid', value: undefined };

/** The reader of one body kind; `undefined` is an endpoint without body. JSON is taken whatever its media type says, as the original did. */
export function bodyReader(body: BodyKind | undefined): BodyReader {
  if (body === undefined || isEmpty(body)) {
    return (bytes) =>
      bytes === undefined || bytes.length === 0 ? NO_BODY : refused('no body is allowed here');
  }
  if (isText(body))
    return (bytes) =>
      isPresent(bytes) ? { tag: 'valid', value: bytes.toString() } : refused('text is missing');
  const isForm = isFormOrJson(body);
  const schema = new InputSchema(isFormOrJson(body) ? body.schema : body);
  return (bytes = Buffer.alloc(0), contentType) => {
    // Nothing at all is a form nobody filled in.
    if (isForm && (bytes.length === 0 || contentType.startsWith('application/x-www-form-urlencoded'))) {
      return schema.checkText(Object.fromEntries(new URLSearchParams(bytes.toString())), 'body');
    }
    const parsed = parseJson(bytes.toString());
    return parsed.tag === 'invalid' ? parsed : schema.check(parsed.value, 'body');
  };
}

function isPresent(bytes: Buffer | undefined): bytes is Buffer {
  return bytes !== undefined && bytes.length > 0;
}

/** JSON from outside; a `__proto__` key has no honest use. */
export function parseJson(text: string): Checked {
  if (text.includes('"__proto__"')) return refused('not allowed: __proto__');
  try {
    return { tag: 'valid', value: JSON.parse(text) as unknown };
  } catch {
    return refused('not JSON');
  }
}

function refused(reason: string): Checked {
  return { tag: 'invalid', reason: `body: ${reason}` };
}
