import type { Static, TSchema } from 'typebox';
import { assert } from '../assert.ts';

export interface ConfigField<S extends TSchema = TSchema, R extends boolean = boolean> {
  /** Type and bounds. */
  readonly schema: S;
  /** For the operator: what it does, in one sentence. */
  readonly help: string;
  /** Whether a change takes effect at once or at the next start. */
  readonly reload: 'live' | 'restart';
  /** Absent: the field must be given, unless it is optional. */
  readonly default?: Static<S>;
  /** May be left out, and is then undefined. */
  readonly isOptional?: R;
}

export type ConfigFields = Readonly<Record<string, ConfigField>>;

/** The frozen result: one property per field. */
export type ConfigValues<F extends ConfigFields> = {
  readonly [N in keyof F]: F[N] extends { readonly isOptional: true }
    ? Static<F[N]['schema']> | undefined
    : Static<F[N]['schema']>;
};

/** A relation between fields. */
export interface ConfigRule<F extends ConfigFields> {
  /** The field to blame. */
  readonly path: keyof F & string;
  /** True when the values fit together. */
  check(config: ConfigValues<F>): boolean;
  readonly reason: string;
}

export interface ConfigDefinition<F extends ConfigFields = ConfigFields> {
  readonly name: string;
  readonly fields: F;
  readonly rules: readonly ConfigRule<F>[];
}

/** The config type of a definition. */
export type ConfigOf<D extends { readonly fields: ConfigFields }> = ConfigValues<D['fields']>;

/** One field: `field(Type.Integer({ minimum: 60 }), { default: 300, reload: 'live', help: '…' })`. The unit is in its name. */
export function field<S extends TSchema, const R extends boolean = false>(
  schema: S,
  options: Omit<ConfigField<S, R>, 'schema'>,
): ConfigField<S, R> {
  return { schema, ...options };
}

/** Declares the config of a service: its fields, and the rules between them. Objects within a field must be closed, so that no unknown key slips through. */
export function defineConfig<F extends ConfigFields>(
  name: string,
  fields: F,
  rules: readonly ConfigRule<F>[] = [],
): ConfigDefinition<F> {
  for (const [path, { schema }] of Object.entries(fields))
    assertClosed(schema as JsonSchema, `${name}.${path}`);
  return { name, fields, rules };
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: unknown;
  readonly items?: JsonSchema;
}

function assertClosed(schema: JsonSchema, path: string): void {
  if (schema.properties !== undefined) {
    assert(schema.additionalProperties === false, `config ${path}: set additionalProperties: false`);
    for (const [name, property] of Object.entries(schema.properties))
      assertClosed(property, `${path}.${name}`);
  }
  if (schema.items !== undefined) assertClosed(schema.items, `${path}[]`);
}
