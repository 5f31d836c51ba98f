// YAML and JSON of others as plain data: bounded, without tags, anchors only a few.

import { parse, stringify } from 'yaml';

/** Longest document, in characters. */
const maxLength = 4 * 1024 * 1024;

/** The document as data, or what is wrong with it. */
export function plainDocument(text: string): { readonly value: unknown } | { readonly says: string } {
  if (text.length > maxLength) return { says: 'it is longer than 4 MiB' };
  try {
    // Because JSON is read ten times as fast by its own reader.
    return {
      value: text.trimStart().startsWith('{') ? JSON.parse(text) : parse(text, { maxAliasCount: 100, schema: 'core' }),
    };
  } catch (error) {
    return { says: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  }
}

/** Data as YAML. */
export function plainText(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}
