// HTML entities: htmlEntityDecode.

import { AMPERSAND } from '../marks.ts';
import { Bytes, hexValue, type Transformation } from './transformation.ts';

const named: readonly (readonly [string, number])[] = [
  ['quot', 34],
  ['amp', 38],
  ['lt', 60],
  ['gt', 62],
  ['nbsp', 160],
];

/** Undoes numeric entities and the five named ones that ModSecurity knows. */
export const htmlEntityDecode: Transformation = {
  says: 'Decodes &#HH; &#xHH; (low byte) and &quot; &amp; &lt; &gt; &nbsp;, each with or without the semicolon.',
  changes: AMPERSAND,
  examples: [
    ['&lt;script&gt;', '<script>'],
    ['&#60&#x3e;', '<>'],
    ['&QUOT;&nbsp', '"\xa0'],
    ['&unknown;&', '&unknown;&'],
    ['&#;&#x;', '&#;&#x;'],
    ['&#0;', '\0'],
  ],
  apply(value) {
    if (!value.includes('&')) return value;
    const bytes = new Bytes(value.length);
    for (let index = 0; index < value.length; ) index = step(value, index, bytes);
    return bytes.toString();
  },
};

function step(value: string, index: number, bytes: Bytes): number {
  const code = value.charCodeAt(index);
  if (code === 38) {
    const end = value.charCodeAt(index + 1) === 35 ? numeric(value, index + 2, bytes) : byName(value, index + 1, bytes);
    if (end > 0) return value.charCodeAt(end) === 59 ? end + 1 : end;
  }
  bytes.add(code);
  return index + 1;
}

/** Adds the byte of the number behind `&#`; gives its end, or 0 where there is no number. */
function numeric(value: string, from: number, bytes: Bytes): number {
  const isHex = (value.charCodeAt(from) | 32) === 120;
  let at = isHex ? from + 1 : from;
  const start = at;
  let number = 0;
  for (; at < value.length; at++) {
    const digit = hexValue(value.charCodeAt(at));
    if (digit < 0 || (!isHex && digit > 9)) break;
    // Because only the low byte counts, and a number of a thousand digits must stay a number.
    number = (number * (isHex ? 16 : 10) + digit) % 0x1000000;
  }
  if (at === start) return 0;
  bytes.add(number & 0xff);
  return at;
}

function byName(value: string, from: number, bytes: Bytes): number {
  for (const [name, code] of named) {
    if (value.slice(from, from + name.length).toLowerCase() !== name) continue;
    const next = value.charCodeAt(from + name.length);
    if ((next >= 48 && next <= 57) || ((next | 32) >= 97 && (next | 32) <= 122)) continue;
    bytes.add(code);
    return from + name.length;
  }
  return 0;
}
