// Bytes read as UTF-8, leniently, and the look-alikes of ASCII folded: overlong forms, fullwidth and styled letters, invisible characters.

import { codesOf, roomFor, takeRoom } from '../../base/byte-codes.ts';

/** What folding a text gave. */
export interface Folded {
  readonly text: string;
  /** Whether anything was folded beyond plain UTF-8: a trick, or a rare script. */
  readonly tricky: boolean;
}

/** Look-alikes that databases, browsers and file systems are known to turn into ASCII. */
const lookAlikes: ReadonlyMap<number, string> = new Map([
  [0x02b9, "'"],
  [0x02bc, "'"],
  [0x02c8, "'"],
  [0x2018, "'"],
  [0x2019, "'"],
  [0x201b, "'"],
  [0x2032, "'"],
  [0xff07, "'"],
  [0x02ba, '"'],
  [0x201c, '"'],
  [0x201d, '"'],
  [0x201f, '"'],
  [0x2033, '"'],
  [0x017f, 's'],
  [0x212a, 'K'],
  [0x2024, '.'],
  [0x2025, '..'],
  [0x2044, '/'],
  [0x2215, '/'],
  [0x2216, '\\'],
  [0xfe68, '\\'],
  [0xfe64, '<'],
  [0xfe65, '>'],
  [0x2039, '<'],
  [0x203a, '>'],
]);

/** Fullwidth punctuation that ordinary Chinese and Japanese text is full of: `！（），：；？～`. */
const ordinaryFullwidth: ReadonlySet<number> = new Set([
  0xff01, 0xff08, 0xff09, 0xff0c, 0xff1a, 0xff1b, 0xff1f, 0xff5e,
]);

/**
 * `text`, whose characters below 0x100 are bytes, as Unicode with look-alikes folded to ASCII.
 * A byte that is no UTF-8 stays; an ASCII character is never swallowed. At most three times as long.
 */
export function fold(text: string): Folded {
  const codes = codesOf(text);
  const first = nextHigh(codes, wordsOf(codes), 0, text.length);
  if (first === text.length) return { text, tricky: false };
  return foldBytes(text, codes, first) ?? foldPieces(text, codes, first);
}

/** The codes four at a time. */
function wordsOf(codes: Buffer): Int32Array | null {
  const { buffer, byteOffset, byteLength } = codes;
  return (byteOffset & 3) === 0 ? new Int32Array(buffer, byteOffset, byteLength >> 2) : null;
}

/** The place of the next code that is no ASCII from `from` on; `length` where there is none before it. */
function nextHigh(codes: Buffer, words: Int32Array | null, from: number, length: number): number {
  let at = from;
  for (; at < length && (words === null || (at & 3) !== 0); at++) if (codes[at]! > 0x7f) return at;
  if (words !== null && at < length) {
    let word = at >> 2;
    const last = length >> 2;
    while (word < last && (words[word]! & 0x80808080) === 0) word++;
    at = word << 2;
  }
  while (at < length && codes[at]! < 0x80) at++;
  return at;
}

/** The same over an array, where what comes out is latin1; null where it is not, and where fullwidth signs ask for the whole text. */
function foldBytes(text: string, codes: Buffer, first: number): Folded | null {
  const { length } = text;
  const bytes = roomFor(length);
  const words = wordsOf(codes);
  codes.copy(bytes, 0, 0, first);
  let tricky = false;
  let to = first;
  for (let index = first; index < length; index++) {
    if (codes[index]! < 0x80) {
      const end = nextHigh(codes, words, index, length);
      codes.copy(bytes, to, index, end);
      to += end - index;
      index = end - 1;
      continue;
    }
    const code = text.charCodeAt(index);
    if (code > 0xff) return null;
    const size = sequenceLength(text, index, code);
    const point = sequencePoint(text, index, size);
    if (isFullwidth(point)) return null;
    const folded = foldPoint(point, false);
    if (folded === null) {
      if (point > 0xff) return null;
      bytes[to++] = point;
    } else {
      tricky = true;
      for (let at = 0; at < folded.length; at++) bytes[to++] = folded.charCodeAt(at);
    }
    index += size - 1;
  }
  return { text: takeRoom(to), tricky };
}

/** The same piece by piece. */
function foldPieces(text: string, codes: Uint8Array, first: number): Folded {
  let widens: boolean | null = null;
  let from = 0;
  let out = '';
  let tricky = false;
  for (let index = first; index < text.length; index++) {
    if (codes[index]! < 0x80) continue;
    const code = text.charCodeAt(index);
    const length = code < 0x100 ? sequenceLength(text, index, code) : codeUnits(text, index, code);
    const point = code < 0x100 ? sequencePoint(text, index, length) : (text.codePointAt(index) ?? code);
    if (widens === null && isFullwidth(point)) widens = hasTellingFullwidth(text);
    let folded = foldPoint(point, widens === true);
    if (folded === null) folded = length > 1 || code >= 0x100 ? codePointText(point) : text.charAt(index);
    else tricky = true;
    out += text.slice(from, index) + folded;
    index += length - 1;
    from = index + 1;
  }
  return from === 0 ? { text, tricky: false } : { text: out + text.slice(from), tricky };
}

function isFullwidth(point: number): boolean {
  return point >= 0xff01 && point <= 0xff5e;
}

function codePointText(point: number): string {
  return point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
}

function codeUnits(text: string, at: number, code: number): number {
  if (code < 0xd800 || code > 0xdbff) return 1;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff ? 2 : 1;
}

/** Bytes of the UTF-8 sequence at `at`, overlong ones included, or 1 for a byte that begins none. */
function sequenceLength(text: string, at: number, lead: number): number {
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 1;
  for (let index = at + 1; index < at + length; index++) {
    const code = text.charCodeAt(index);
    if (!(code >= 0x80 && code < 0xc0)) return 1;
  }
  return length;
}

function sequencePoint(text: string, at: number, length: number): number {
  const lead = text.charCodeAt(at);
  if (length === 1) return lead;
  let point = lead & (0x7f >> length);
  for (let index = at + 1; index < at + length; index++) point = (point << 6) | (text.charCodeAt(index) & 0x3f);
  return point;
}

/** What `point` folds to, or null where it stands for itself. */
function foldPoint(point: number, widens: boolean): string | null {
  // Because only an overlong sequence gives an ASCII code point here.
  if (point < 0x80) return String.fromCharCode(point);
  if (isSpace(point)) return ' ';
  if (isInvisible(point)) return '';
  const known = lookAlikes.get(point);
  if (known !== undefined) return known;
  if (isFullwidth(point)) return widens || !ordinaryFullwidth.has(point) ? String.fromCharCode(point - 0xfee0) : null;
  if (!isStyled(point)) return null;
  const plain = String.fromCodePoint(point).normalize('NFKC');
  return plain.length <= 3 && isAscii(plain) ? plain : null;
}

function isSpace(point: number): boolean {
  return (
    point === 0xa0 ||
    point === 0x85 ||
    (point >= 0x2000 && point <= 0x200a) ||
    point === 0x3000 ||
    point >> 1 === 0x1014
  );
}

function isInvisible(point: number): boolean {
  return (
    point === 0xad ||
    point === 0x180e ||
    (point >= 0x200b && point <= 0x200f) ||
    (point >= 0x202a && point <= 0x202e) ||
    (point >= 0x2060 && point <= 0x2064) ||
    (point >= 0xfe00 && point <= 0xfe0f) ||
    point === 0xfeff
  );
}

/** Blocks whose letters are styled ASCII: super- and subscripts, letter-like, circled, ligatures, mathematical. */
function isStyled(point: number): boolean {
  return (
    (point >= 0x2070 && point <= 0x209f) ||
    (point >= 0x2100 && point <= 0x214f) ||
    (point >= 0x2460 && point <= 0x24ff) ||
    (point >= 0xfb00 && point <= 0xfb06) ||
    (point >= 0x1d400 && point <= 0x1d7ff)
  );
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Whether a fullwidth character stands in `text` that ordinary CJK text does not use as punctuation. */
function hasTellingFullwidth(text: string): boolean {
  const codes = codesOf(text);
  for (let index = 0; index < text.length; index++) {
    if (codes[index]! < 0x80) continue;
    const code = text.charCodeAt(index);
    const point = code === 0xef ? sequencePoint(text, index, sequenceLength(text, index, code)) : code;
    if (isFullwidth(point) && !ordinaryFullwidth.has(point)) return true;
  }
  return false;
}
