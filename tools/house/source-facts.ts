import { parseSync } from '@swc/core';

/** What the house rules ask of a source file: whom it imports and which globals it reaches for. */
export interface SourceFacts {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly imports: readonly Import[];
  /** Called, passed or constructed names, as written: `setTimeout`, `Date.now`, `new Date` (only without arguments). */
  readonly uses: ReadonlySet<string>;
}

export interface Import {
  readonly specifier: string;
  readonly names: readonly string[];
  readonly typeOnly: boolean;
}

/** Reads the syntax tree, not the text: a rule must not trip over a comment, nor miss an import across lines. */
export function factsOf(path: string, source: string): SourceFacts {
  const imports: Import[] = [];
  const uses = new Set<string>();
  visit(parseSync(source, { syntax: 'typescript', target: 'es2024' }), (node) => {
    const found = importOf(node);
    if (found !== undefined) imports.push(found);
    for (const name of usesOf(node)) uses.add(name);
  });
  return { path, imports, uses };
}

/** A node of the swc tree, of which only a few kinds matter here. */
interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly source?: Node | null;
  readonly argument?: Node;
  readonly typeOnly?: boolean;
  readonly specifiers?: readonly {
    readonly local?: Node;
    readonly imported?: Node;
    readonly isTypeOnly?: boolean;
  }[];
  readonly callee?: Node;
  readonly arguments?: readonly { readonly expression: Node }[];
  readonly object?: Node;
  readonly property?: Node;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value) see(value as Node);
  for (const child of Object.values(value)) visit(child, see);
}

function importOf(node: Node): Import | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration': {
      const specifiers = node.specifiers ?? [];
      const allTypes = specifiers.length > 0 && specifiers.every((each) => each.isTypeOnly === true);
      return importFrom(
        node.source,
        specifiers.map((each) => textOf(each.imported ?? each.local)),
        node.typeOnly === true || allTypes,
      );
    }
    case 'CallExpression':
      return node.callee?.type === 'Import'
        ? importFrom(node.arguments?.[0]?.expression, [], false)
        : undefined;
    case 'TsImportType':
      return importFrom(node.argument, [], true);
    default:
      return undefined;
  }
}

function importFrom(
  source: Node | null | undefined,
  names: readonly string[],
  typeOnly: boolean,
): Import | undefined {
  return typeof source?.value === 'string' ? { specifier: source.value, names, typeOnly } : undefined;
}

function usesOf(node: Node): readonly string[] {
  switch (node.type) {
    case 'CallExpression':
      return [node.callee, ...(node.arguments ?? []).map((each) => each.expression)].map(textOf);
    case 'NewExpression': {
      const passed = node.arguments ?? [];
      return passed.length === 0
        ? [`new ${textOf(node.callee)}`]
        : passed.map((each) => textOf(each.expression));
    }
    case 'MemberExpression':
      return [`${textOf(node.object)}.${textOf(node.property)}`];
    default:
      return [];
  }
}

function textOf(node: Node | undefined): string {
  return node?.type === 'Identifier' ? String(node.value) : '';
}
