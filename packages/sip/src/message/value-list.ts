import { BACKSLASH, COMMA, GREATER, LESS, QUOTE, trimLws } from './characters.ts';

/** Index of the comma that ends the list element starting at `start`, or the length of the text. Commas in quotes or <> do not count. */
export function listElementEnd(text: string, start: number): number {
  if (text.indexOf(',', start) < 0) return text.length;
  let inAngle = false;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COMMA) {
      if (!inAngle) return i;
    } else if (code === QUOTE && !inAngle) {
      for (i++; i < text.length && text.charCodeAt(i) !== QUOTE; i++)
        if (text.charCodeAt(i) === BACKSLASH) i++;
    } else if (code === LESS) inAngle = true;
    else if (code === GREATER) inAngle = false;
  }
  return text.length;
}

/** Elements of a comma-separated header value (RFC 3261 §7.3.1), trimmed; empty elements are left out. */
export function splitList(text: string): readonly string[] {
  if (!text.includes(',')) {
    const only = trimLws(text);
    return only === '' ? [] : [only];
  }
  const elements: string[] = [];
  for (let start = 0; start <= text.length; ) {
    const end = listElementEnd(text, start);
    const element = trimLws(text.slice(start, end));
    if (element !== '') elements.push(element);
    start = end + 1;
  }
  return elements;
}
