// Texts of a request as the values that a schema describes: a query knows no numbers, so what a text stands for is the schema's word.

import { Buffer } from 'node:buffer';
import type { Schema } from './schema.ts';

/** How deep schemas that say more about a schema are looked through. */
const maxDepth = 16;

/** The value that a text stands for where the schema wants one; the text itself where it is none. */
export function valueOf(schema: Schema, text: string): unknown {
  const types = typesOf(schema, 0);
  if ((types.has('integer') || types.has('number')) && isNumber(text)) return Number(text);
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.has('null') && text === '') return null;
  return text;
}

/** The value of all texts of one name: a list where the schema wants one. `separator`: what separates entries in one text, '' for nothing. */
export function valueOfAll(schema: Schema, texts: readonly string[], separator: string): unknown {
  const [first = ''] = texts;
  if (!typesOf(schema, 0).has('array')) return texts.length === 1 ? valueOf(schema, first) : texts;
  const entries = separator === '' || texts.length !== 1 ? texts : first.split(separator);
  const items = itemsOf(schema, 0);
  return items === null ? entries : entries.map((entry) => valueOf(items, entry));
}

/** What a list's entries are, where the schema says so. */
export function itemsOf(schema: Schema, depth: number): Schema | null {
  if (schema.items !== null || depth > maxDepth) return schema.items;
  for (const other of schema.like) {
    const items = itemsOf(other, depth + 1);
    if (items !== null) return items;
  }
  return null;
}

function typesOf({ types, like }: Schema, depth: number): ReadonlySet<string> {
  const all = new Set(types);
  if (depth < maxDepth) for (const other of like) for (const type of typesOf(other, depth + 1)) all.add(type);
  return all;
}

/** A number as JSON writes it. */
function isNumber(text: string): boolean {
  if (text.length > 32) return false;
  let at = text.startsWith('-') ? 1 : 0;
  const digits = (): number => {
    const from = at;
    while (isDigit(text.charCodeAt(at))) at++;
    return at - from;
  };
  const isZero = text[at] === '0';
  const whole = digits();
  if (whole === 0 || (isZero && whole > 1)) return false;
  if (text[at] === '.') {
    at++;
    if (digits() === 0) return false;
  }
  if (text[at] === 'e' || text[at] === 'E') {
    at++;
    if (text[at] === '+' || text[at] === '-') at++;
    if (digits() === 0) return false;
  }
  return at === text.length;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Bytes as the text that they are in UTF-8; those that are none stay recognisably wrong. */
export function unicode(bytes: string): string {
  for (let index = 0; index < bytes.length; index++)
    if (bytes.charCodeAt(index) > 0x7f) return Buffer.from(bytes, 'latin1').toString('utf8');
  return bytes;
}
