import { InputSchema } from '../api/input.ts';
import { AppError } from '../errors.ts';
import type { ConfigDefinition, ConfigFields, ConfigValues } from './definition.ts';

/** Where values come from, e.g. a file or the flags. */
export interface ConfigLayer {
  /** Named in every complaint about one of its values. */
  readonly source: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Flags and environment: values are text, converted to what the field asks for; a list is split at commas. */
  readonly isText?: boolean;
}

interface Given {
  readonly value: unknown;
  readonly source: string;
  readonly isText: boolean;
}

/**
 * Merges default < first layer < … < last layer, field by field, into a frozen config. Rejects with AppError `config.invalid` whose
 * `detail.problems` lists everything wrong as `path: reason`: unknown key, wrong type, out of bounds, missing, broken rule.
 */
export function loadConfig<F extends ConfigFields>(
  definition: ConfigDefinition<F>,
  layers: readonly ConfigLayer[],
): ConfigValues<F> {
  const { given, unknown } = gather(definition, layers);
  const problems: string[] = [...unknown];
  const values: Record<string, unknown> = {};
  for (const [path, field] of Object.entries(definition.fields)) {
    const value = given.get(path) ?? { value: field.default, source: 'default', isText: false };
    if (value.value === undefined) {
      if (field.isOptional !== true) problems.push(`${path}: missing`);
      continue;
    }
    const schema = new InputSchema(field.schema);
    const raw = value.isText ? splitList(field.schema, value.value) : value.value;
    const checked = value.isText ? schema.checkText(raw, path) : schema.check(raw, path);
    if (checked.tag === 'valid') values[path] = freezeDeep(structuredClone(checked.value));
    else problems.push(`${checked.reason} (${value.source})`);
  }
  const config = Object.freeze(values) as ConfigValues<F>;
  // A rule may rely on every field being of its type.
  if (problems.length === 0) {
    for (const rule of definition.rules)
      if (!rule.check(config)) problems.push(`${rule.path}: ${rule.reason}`);
  }
  if (problems.length > 0) {
    throw new AppError('config.invalid', {
      origin: 'internal',
      retry: 'never',
      detail: { config: definition.name, problems },
    });
  }
  return config;
}

/** The last value given for each field; keys that are no field are complaints. */
function gather(
  definition: ConfigDefinition,
  layers: readonly ConfigLayer[],
): { given: Map<string, Given>; unknown: string[] } {
  const given = new Map<string, Given>();
  const unknown: string[] = [];
  for (const { source, values, isText = false } of layers) {
    for (const [path, value] of Object.entries(values)) {
      if (!Object.hasOwn(definition.fields, path)) unknown.push(`${path}: unknown key (${source})`);
      else if (value !== undefined) given.set(path, { value, source, isText });
    }
  }
  return { given, unknown };
}

function splitList(schema: object, value: unknown): unknown {
  const isList = (schema as { readonly type?: unknown }).type === 'array';
  return isList && typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
}

function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) freezeDeep(item);
    Object.freeze(value);
  }
  return value;
}
