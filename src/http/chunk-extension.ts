// The grammar of chunk extensions (RFC 9112 7.1.1), one byte at a time. They are read strictly because readers that skip them
// loosely have disagreed on where the chunk line ends; nobody here wants what they say, and they are not sent on.

import { characterClass, fieldValueBit, tokenBit } from './tokens.ts';

/** Where in an extension the reader stands. */
export type ExtensionPart =
  | 'name-begin'
  | 'name'
  | 'value-begin'
  | 'value'
  | 'quoted'
  | 'escaped'
  | 'quoted-end'
  | 'bad';

/** May the chunk line end here? */
export function mayEndExtension(part: ExtensionPart): boolean {
  return part === 'name' || part === 'value' || part === 'quoted-end';
}

/** The part after one more byte, which is not CR. */
export function stepExtension(part: ExtensionPart, code: number): ExtensionPart {
  const classes = characterClass[code]!;
  const isToken = (classes & tokenBit) !== 0;
  switch (part) {
    case 'name-begin':
      return isToken ? 'name' : 'bad';
    case 'name':
      if (isToken) return 'name';
      return code === 61 ? 'value-begin' : code === 59 ? 'name-begin' : 'bad';
    case 'value-begin':
      return isToken ? 'value' : code === 34 ? 'quoted' : 'bad';
    case 'value':
      return isToken ? 'value' : code === 59 ? 'name-begin' : 'bad';
    case 'quoted':
      if (code === 34) return 'quoted-end';
      if (code === 92) return 'escaped';
      return (classes & fieldValueBit) !== 0 ? 'quoted' : 'bad';
    case 'escaped':
      return (classes & fieldValueBit) !== 0 ? 'quoted' : 'bad';
    case 'quoted-end':
      return code === 59 ? 'name-begin' : 'bad';
    case 'bad':
      return 'bad';
  }
}
