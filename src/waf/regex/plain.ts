// The bytes of plain values, which have filters of their own: far more is known of them.

import * as M from '../marks.ts';
import { add, type ByteSet } from './byte-set.ts';

/** What texts of people, names and numbers are made of: most values have nothing else. */
export const plainMarks: number =
  M.LOWER | M.UPPER | M.DIGIT | M.WHITE | M.DOT | M.COMMA | M.DASH | M.SIGN | M.HIGH | M.COLON | M.PAREN | M.PLUS;

/** The bytes whose marks are all among these. */
export const plainBytes: ByteSet = bytesOfMarks(plainMarks);

function bytesOfMarks(marks: number): ByteSet {
  const set: ByteSet = new Uint32Array(8);
  for (let byte = 0; byte < 256; byte++) if ((M.markOfByte[byte]! & ~marks) === 0) add(set, byte);
  return set;
}
