// Character classes of RFC 9110 5.6 as 256-entry tables: one look-up a byte.

/** Bits of `characterClass`. */
export const tokenBit = 1;
export const fieldValueBit = 2;
export const targetBit = 4;
export const hexBit = 8;
export const digitBit = 16;
export const hostBit = 32;
/** Token characters that some applications turn into a hyphen or an underscore when they name a variable after a field. */
export const oddNameBit = 64;
export const methodBit = 128;

/** For each byte the classes it belongs to. Frozen by convention: nothing writes to it after it is made. */
export const characterClass: Uint8Array = makeTable();

function makeTable(): Uint8Array {
  const table = new Uint8Array(256);
  const add = (characters: string, bit: number): void => {
    for (const character of characters) table[character.charCodeAt(0)]! |= bit;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const digits = '0123456789';
  // Every registered method is written so. RFC 9110 9.1 allows any token, but to some applications `head` is HEAD and its answer
  // has no body.
  add('ABCDEFGHIJKLMNOPQRSTUVWXYZ-', methodBit);
  // RFC 9110 5.6.2
  add(`!#$%&'*+-.^_\`|~${letters}${digits}`, tokenBit);
  add(digits, digitBit);
  add(`${digits}abcdefABCDEF`, hexBit);
  add("!#$%&'*+.^_`|~", oddNameBit);
  // RFC 3986 3.2.2 without sub-delims and percent: no name in DNS has them, and readers disagree on what they mean there.
  add(`${letters}${digits}-._~`, hostBit);
  // RFC 9110 5.5: HTAB, SP, VCHAR, obs-text. DEL and other controls are not among them.
  for (let code = 0; code < 256; code++) if (code === 9 || (code >= 32 && code !== 127)) table[code]! |= fieldValueBit;
  // Visible ASCII without '#': browsers send some characters that RFC 3986 would encode; a fragment never travels (RFC 9112 3.2).
  for (let code = 33; code < 127; code++) if (code !== 35) table[code]! |= targetBit;
  return table;
}

/** Is every character of `text` a token character, and is there at least one? */
export function isToken(text: string): boolean {
  if (text.length === 0) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 255 || (characterClass[code]! & tokenBit) === 0) return false;
  }
  return true;
}
