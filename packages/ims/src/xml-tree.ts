import { SaxesParser } from 'saxes';

/** An XML element with namespace prefix and comments dropped. */
export interface XmlElement {
  readonly name: string;
  /** Its own character data, trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export interface XmlBounds {
  readonly lengthMax: number;
  readonly depthMax: number;
  readonly elementsMax: number;
}

export const XML_BOUNDS: XmlBounds = { lengthMax: 256 * 1024, depthMax: 16, elementsMax: 10_000 };

export type XmlResult =
  | { readonly tag: 'parsed'; readonly root: XmlElement }
  | { readonly tag: 'malformed'; readonly reason: string };

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/** A whole document as a tree. A document type declaration is refused, so no entity but the five of XML is ever expanded. */
export function parseXml(text: string, bounds: XmlBounds = XML_BOUNDS): XmlResult {
  if (text.length > bounds.lengthMax) return { tag: 'malformed', reason: 'too-long' };
  const parser = new SaxesParser();
  const open: OpenElement[] = [{ name: '', text: '', children: [] }];
  let elementCount = 0;
  const top = (): OpenElement => open.at(-1) as OpenElement; // the document itself is never closed
  parser.on('error', (error) => refuse(error.message));
  parser.on('doctype', () => refuse('document type declaration'));
  parser.on('opentag', (tag) => {
    elementCount += 1;
    if (open.length > bounds.depthMax) refuse('too-deep');
    if (elementCount > bounds.elementsMax) refuse('too-many-elements');
    open.push({ name: localName(tag.name), text: '', children: [] });
  });
  const addText = (characters: string): void => {
    top().text += characters;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const { name, text: characters, children } = open.pop() as OpenElement;
    top().children.push({ name, text: characters.trim(), children });
  });
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof XmlRefused) return { tag: 'malformed', reason: error.message };
    throw error;
  }
  const root = top().children[0];
  return root === undefined ? { tag: 'malformed', reason: 'empty' } : { tag: 'parsed', root };
}

class XmlRefused extends Error {}

function refuse(reason: string): never {
  throw new XmlRefused(reason);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

/** The text of the first child of that name, or undefined. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childOf(element, name)?.text;
}

/** `text` for use as XML character data or attribute value. */
export function escapeXml(text: string): string {
  return /[&<>"']/.test(text)
    ? text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    : text;
}

/** An element as text again, without white space between elements: what it was parsed from, less prefixes, attributes and comments. */
export function serializeXml({ name, text, children }: XmlElement): string {
  return `<${name}>${children.length > 0 ? children.map(serializeXml).join('') : escapeXml(text)}</${name}>`;
}
