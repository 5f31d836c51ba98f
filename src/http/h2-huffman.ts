// The Huffman code of HPACK (RFC 7541 5.2 and Appendix B). It is canonical: the lengths give the codes.

/** Length of each symbol's code in bits; symbol 256 is the end of string, which never travels. One letter a symbol, `A` for 5 bits. */
const lengths =
  'ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ';

const codeCount = 257;
const endOfString = 256;
const maxBits = 30;
/** Codes up to this length are found by one look-up. */
const fastBits = 11;

/** What decoding needs, made once. */
interface Tables {
  /** By the next `fastBits` bits: symbol × 16 + length, or 0 for a longer code. */
  readonly fast: Uint16Array;
  /** By length: the first code, how many there are, and where their symbols begin. */
  readonly first: Uint32Array;
  readonly counts: Uint16Array;
  readonly offsets: Uint16Array;
  readonly symbols: Uint16Array;
}

const tables: Tables = makeTables();

function makeTables(): Tables {
  const counts = new Uint16Array(maxBits + 1);
  for (let symbol = 0; symbol < codeCount; symbol++) counts[lengthOf(symbol)]!++;
  const first = new Uint32Array(maxBits + 1);
  const offsets = new Uint16Array(maxBits + 1);
  const symbols = new Uint16Array(codeCount);
  const fast = new Uint16Array(1 << fastBits);
  let code = 0;
  let place = 0;
  for (let bits = 1; bits <= maxBits; bits++) {
    code *= 2;
    first[bits] = code;
    offsets[bits] = place;
    for (let symbol = 0; symbol < codeCount; symbol++) {
      if (lengthOf(symbol) !== bits) continue;
      symbols[place++] = symbol;
      if (bits <= fastBits) {
        const spread = fastBits - bits;
        fast.fill(symbol * 16 + bits, code << spread, (code + 1) << spread);
      }
      code++;
    }
  }
  return { fast, first, counts, offsets, symbols };
}

function lengthOf(symbol: number): number {
  return lengths.charCodeAt(symbol) - 60;
}

/** Decodes `bytes` into `into`, which has room for 8/5 of their length. Gives the length of the text, or -1 where the bytes are no
 * such code: padding that is longer than 7 bits or not of ones, or the end of string within (RFC 7541 5.2). */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, into: Uint8Array): number {
  const endBit = to * 8;
  let bit = from * 8;
  let length = 0;
  while (bit < endBit) {
    const at = bit >> 3;
    const window =
      (bytes[at]! << 16) | ((at + 1 < to ? bytes[at + 1]! : 255) << 8) | (at + 2 < to ? bytes[at + 2]! : 255);
    const entry = tables.fast[(window >> (24 - fastBits - (bit & 7))) & ((1 << fastBits) - 1)]!;
    if (entry !== 0 && bit + (entry & 15) <= endBit) {
      into[length++] = entry >> 4;
      bit += entry & 15;
      continue;
    }
    if (endBit - bit < 8 && isPadding(bytes[to - 1]!, endBit - bit)) return length;
    if (entry !== 0) return -1;
    const symbol = decodeLong(bytes, bit, endBit);
    if (symbol < 0) return -1;
    into[length++] = symbol;
    bit += lengthOf(symbol);
  }
  return length;
}

function isPadding(last: number, bits: number): boolean {
  const ones = (1 << bits) - 1;
  return (last & ones) === ones;
}

/** One symbol bit by bit; -1 for none, and for the end of string. */
function decodeLong(bytes: Uint8Array, from: number, endBit: number): number {
  let code = 0;
  for (let bits = 1; bits <= maxBits && from + bits <= endBit; bits++) {
    const bit = from + bits - 1;
    code = code * 2 + ((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1);
    const place = code - tables.first[bits]!;
    if (place < 0 || place >= tables.counts[bits]!) continue;
    const symbol = tables.symbols[tables.offsets[bits]! + place]!;
    return symbol === endOfString ? -1 : symbol;
  }
  return -1;
}
