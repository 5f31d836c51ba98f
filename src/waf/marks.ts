// The kinds of characters that a value of SecLang has, as one bit mask from one pass: what cannot be changed or found by them need not be tried.

export const UPPER = 1;
/** Space, tab, line breaks, form feed, and the no-break space 0xA0. */
export const WHITE = 2;
export const NUL = 4;
/** Bytes of 0x80 and more. */
export const HIGH = 8;
export const PERCENT = 16;
export const PLUS = 32;
export const AMPERSAND = 64;
export const BACKSLASH = 128;
export const SLASH = 256;
/** `'` and `"`. */
export const QUOTE = 512;
export const CARET = 1024;
/** `,` and `;`. */
export const COMMA = 2048;
export const DASH = 4096;
export const HASH = 8192;
export const ANGLE = 16384;
export const DIGIT = 32768;
/** Control characters that are neither NUL nor white. */
export const CONTROL = 65536;
/** Every other sign: `! ? @ _ ~`. */
export const SIGN = 131072;
/** a–z. */
export const LOWER = 262144;
export const DOLLAR = 1 << 19;
/** `(` and `)`. */
export const PAREN = 1 << 20;
/** `{` and `}`. */
export const BRACE = 1 << 21;
/** `[` and `]`. */
export const BRACKET = 1 << 22;
export const EQUALS = 1 << 23;
export const COLON = 1 << 24;
export const DOT = 1 << 25;
export const PIPE = 1 << 26;
export const STAR = 1 << 27;
export const BACKTICK = 1 << 28;
/** A mask that every value has something of. */
export const ANY = 0x7fffffff;

const signs: readonly (readonly [number, string])[] = [
  [PERCENT, '%'],
  [PLUS, '+'],
  [AMPERSAND, '&'],
  [BACKSLASH, '\\'],
  [SLASH, '/'],
  [QUOTE, '\'"'],
  [CARET, '^'],
  [COMMA, ',;'],
  [DASH, '-'],
  [HASH, '#'],
  [ANGLE, '<>'],
  [DOLLAR, '$'],
  [PAREN, '()'],
  [BRACE, '{}'],
  [BRACKET, '[]'],
  [EQUALS, '='],
  [COLON, ':'],
  [DOT, '.'],
  [PIPE, '|'],
  [STAR, '*'],
  [BACKTICK, '`'],
  [WHITE, ' \t\n\v\f\r\xa0'],
];

/** The mark of each byte. */
export const markOfByte: Int32Array = markTable();

function markTable(): Int32Array {
  const table = new Int32Array(256);
  table.fill(CONTROL, 0, 32);
  table.fill(SIGN, 32, 127);
  table[127] = CONTROL;
  table.fill(HIGH, 128);
  table.fill(DIGIT, 48, 58);
  table.fill(UPPER, 65, 91);
  table.fill(LOWER, 97, 123);
  table[0] = NUL;
  for (const [bit, characters] of signs)
    for (const one of characters) {
      const byte = one.charCodeAt(0);
      table[byte] = byte < 128 ? bit : HIGH | bit;
    }
  return table;
}

/** The union of the marks of a value's characters; `ANY` where it is a dot alone, which is nothing as a path. */
export function marksOf(value: string): number {
  if (value === '.') return ANY;
  let marks = 0;
  for (let index = 0; index < value.length; index++) marks |= markOfByte[value.charCodeAt(index) & 255]!;
  return marks;
}
