// The two header syntaxes that are harmless as long as they are well formed: lists of tokens, and product names with comments.

import { isLetter } from './classes.ts';

/**
 * Whether `value` is a list as Accept, Cache-Control, Range or Sec-CH-UA write it: tokens joined by `,` `;` `=`, a blank only
 * behind a comma or semicolon, a parameter with its `=` behind a semicolon, a slash only inside a token, quoted strings of
 * plain text. No statement, command, path or markup can be written that way.
 */
export function isOrdinaryList(value: string): boolean {
  let before = 44;
  let owesEquals = false;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (before === 34 && code !== 44 && code !== 59) return false;
    if (code === 34) {
      const end = plainStringEnd(value, index + 1);
      if (end < 0 || isLetter(before)) return false;
      index = end;
    } else if (code === 32) {
      if (before !== 44 && before !== 59) return false;
      // Because a second blank is as harmless as the first.
      continue;
    } else if (code === 44 || code === 59) {
      if (owesEquals) return false;
      owesEquals = code === 59;
    } else if (code === 61) owesEquals = false;
    else if (!isListCharacter(code) || (code === 47 && !mayHaveSlashBehind(before))) return false;
    before = code;
  }
  return !owesEquals && !value.includes('--') && !value.includes('..') && !hasComment(value);
}

/** A slash parts a media type, a version, a weak tag: it stands behind a letter, a digit or `*`. */
function mayHaveSlashBehind(before: number): boolean {
  return isLetter(before) || before === 42 || (before >= 48 && before <= 57);
}

/** An SQL comment: `**` or a closing that no media range ends with (a range is `*` `/` `*`). */
function hasComment(value: string): boolean {
  for (let at = value.indexOf('*'); at >= 0; at = value.indexOf('*', at + 1)) {
    const next = value.charCodeAt(at + 1);
    if (next === 42 || (next === 47 && value.charCodeAt(at + 2) !== 42)) return true;
  }
  return false;
}

/** Letters, digits and `, ; = * / + - . _ : ? [ ]`. */
function isListCharacter(code: number): boolean {
  if (isLetter(code) || (code >= 42 && code <= 59)) return true;
  return code === 61 || code === 63 || code === 95 || code === 91 || code === 93;
}

/** Where a quoted string without escapes, markup or statements ends, or -1. */
function plainStringEnd(value: string, start: number): number {
  for (let index = start; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code === 34) return index;
    // Because Chrome puts brackets and semicolons into the names of its brands: what could end a string is judged, and remembered where it is clean.
    const isPlain = isListCharacter(code) && code !== 59 && code !== 61 && code !== 43;
    if (!isPlain && code !== 32 && code !== 40 && code !== 41) return -1;
  }
  return -1;
}

/**
 * Whether `value` is written as RFC 9110 10.1.5 has it: products and comments in balanced brackets, `;` only inside them,
 * and nothing that could leave a string: no quote, markup, backslash, `$`, `|`, backtick or brace.
 */
export function isOrdinaryAgent(value: string): boolean {
  // Because a product's name comes first.
  if (!isLetter(value.charCodeAt(0)) && !(value.charCodeAt(0) >= 48 && value.charCodeAt(0) <= 57)) return false;
  let depth = 0;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code === 40) depth++;
    else if (code === 41) {
      if (--depth < 0) return false;
    } else if (code === 59) {
      if (depth === 0) return false;
    } else if (!isAgentCharacter(code)) return false;
  }
  return depth === 0 && !value.includes('()') && !value.includes('..') && !value.includes('--');
}

/** Letters, digits, blank and `! # % & * + , - . / : = ? @ [ ] _ ~`. */
function isAgentCharacter(code: number): boolean {
  if (isLetter(code) || (code >= 42 && code <= 58)) return true;
  return (
    code === 32 ||
    code === 33 ||
    code === 35 ||
    code === 38 ||
    code === 61 ||
    code === 63 ||
    code === 64 ||
    code === 91 ||
    code === 93 ||
    code === 95 ||
    code === 126
  );
}
