// The work that a client's browser is asked for: a number that makes a digest begin with zeros. Dear to find, one digest to check.

import { createHash } from 'node:crypto';

/** Longest number that is looked at, in digits. */
const maxDigits = 15;

/** Whether SHA-256 of `task.answer` begins with so many zero bits (32 at most). `answer` is a decimal number. */
export function isSolved(task: string, answer: string, bits: number): boolean {
  if (answer === '' || answer.length > maxDigits || !isDecimal(answer)) return false;
  const first = createHash('sha256').update(`${task}.${answer}`, 'latin1').digest().readUInt32BE(0);
  return Math.clz32(first) >= bits;
}

function isDecimal(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
