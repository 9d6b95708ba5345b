import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Value } from 'typebox/value';

/** A value from outside, or why it was refused: `path: reason` lines joined by `; `. */
export type Checked =
  | { readonly tag: 'valid'; readonly value: unknown }
  | { readonly tag: 'invalid'; readonly reason: string };

const REASON_COUNT_MAX = 8;

/** A compiled schema for values from outside. */
export class InputSchema {
  readonly #schema: TSchema;
  readonly #validator: Validator;

  constructor(schema: TSchema) {
    this.#schema = schema;
    this.#validator = Compile(schema) as unknown as Validator;
  }

  /** `where` begins each path (`query`, `body`). */
  check(value: unknown, where: string): Checked {
    if (this.#validator.Check(value)) return { tag: 'valid', value };
    return { tag: 'invalid', reason: this.problems(value, where).join('; ') };
  }

  /** As `check`, for text: `"5"` and `"true"` become what the schema asks for. */
  checkText(value: unknown, where: string): Checked {
    return this.check(Value.Convert(this.#schema, value), where);
  }

  /** At most 8 `path: reason`. */
  problems(value: unknown, where: string): readonly string[] {
    const problems = this.#validator.Errors(value).flatMap((error) => {
      const path = pathOf(where, error.instancePath);
      if (error.keyword === 'additionalProperties') {
        return error.params.additionalProperties.map((name) => `${path}.${name}: unknown key`);
      }
      // The same once more, from the `false` that forbids the property.
      return error.keyword === 'boolean' ? [] : [`${path}: ${error.message}`];
    });
    return problems.slice(0, REASON_COUNT_MAX);
  }
}

/** `body` and `/a/0/b` → `body.a.0.b`. */
function pathOf(where: string, pointer: string): string {
  return [where, ...pointer.split('/').slice(1)].filter((step) => step !== '').join('.');
}
