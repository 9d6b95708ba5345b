import type { ConfigDefinition, ConfigField, ConfigFields } from './definition.ts';

/** The Markdown table of a service's settings for its README. */
export function renderConfigTable<F extends ConfigFields>(definition: ConfigDefinition<F>): string {
  const rows = Object.entries(definition.fields).map(([name, field]) => {
    const cells = [`\`${name}\``, boundsOf(field.schema), defaultOf(field), field.reload, field.help];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const rules = definition.rules.map((rule) => `- \`${rule.path}\`: ${rule.reason}`);
  return ['| Setting | Value | Default | Takes effect | What it does |', '|---|---|---|---|---|', ...rows]
    .concat(rules.length === 0 ? [] : ['', ...rules])
    .join('\n')
    .concat('\n');
}

function defaultOf(field: ConfigField): string {
  if (field.default !== undefined) return `\`${JSON.stringify(field.default)}\``;
  return field.isOptional === true ? 'none' : 'must be given';
}

interface JsonSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
}

function boundsOf(schema: object): string {
  const {
    type = 'value',
    minimum,
    maximum,
    anyOf,
    enum: values,
    items,
    const: constant,
  } = schema as JsonSchema;
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (anyOf !== undefined) return anyOf.map(boundsOf).join(' or ');
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (items !== undefined) return `list of ${boundsOf(items)}`;
  if (minimum !== undefined && maximum !== undefined) return `${type} ${minimum} … ${maximum}`;
  if (minimum !== undefined) return `${type} ≥ ${minimum}`;
  return maximum === undefined ? type : `${type} ≤ ${maximum}`;
}
