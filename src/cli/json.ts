// Answers for programs that people also look at: JSON whose text cannot steer a terminal.

import { isInvisible } from './table.ts';

/** `value` as JSON with a line feed; characters that move, hide or reorder text stand as `\uNNNN`, which reads the same. */
export function jsonText(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent);
  let out = '';
  let from = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 10 || !isInvisible(code)) continue;
    // Because a pair of surrogates is one character, which is looked at whole.
    if (isPair(text, index) && !isInvisible(text.codePointAt(index)!)) {
      index++;
      continue;
    }
    out += `${text.slice(from, index)}\\u${code.toString(16).padStart(4, '0')}`;
    from = index + 1;
  }
  return `${out}${text.slice(from)}\n`;
}

function isPair(text: string, index: number): boolean {
  return text.codePointAt(index)! > 0xffff;
}
