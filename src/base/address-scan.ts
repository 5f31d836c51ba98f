// Reads an address from bytes, four characters at a time: for the one place where the text of an address costs more than all that is asked about it.

/** Where the words of an address go, as signed 32-bit integers. */
export interface Words {
  word0: number;
  word1: number;
  word2: number;
  word3: number;
}

/** Bytes behind the text of an address that are read with it: its last four characters begin as late as its end. */
export const scanMargin = 32;

const dot = 46;
const colon = 58;

/**
 * The family of the address with colons that is all of the first `end` bytes (RFC 4291 2.2), or 0 for none; `::ffff:` is
 * IPv4. `end` is at least 2, zeros follow the text, and `view` goes on for `scanMargin` bytes. Allocates nothing. Four bytes
 * are a word, and what they are is worked out for all at once, because a branch for each character goes wrong too often.
 * Groups arrive at the right end of 128 bits, each pushing the former ones to the left; `::` sets them aside.
 */
export function scanAddress(view: DataView, end: number, into: Words): 0 | 4 | 6 {
  const isLed = view.getUint8(0) === colon;
  if (isLed && view.getUint8(1) !== colon) return 0;
  let at = isLed ? 2 : 0;
  let groups = 0;
  let gapAt = isLed ? 0 : -1;
  let isComplete = at === end;
  let [word0, word1, word2, word3] = [0, 0, 0, 0];
  let [head0, head1, head2, head3] = [0, 0, 0, 0];
  while (!isComplete) {
    const text = view.getInt32(at, true);
    const digits = text ^ 0x30303030;
    const letters = (text | 0x20202020) ^ 0x60606060;
    // The highest bit of each byte that is no digit and no letter from a to f: those are 1 to 6 here.
    const noLetters = (letters + 0x79797979) | ~(letters + 0x7f7f7f7f);
    const stops = (((digits + 0x76767676) & noLetters) | text) & 0x80808080;
    const count = stops === 0 ? 4 : (31 - Math.clz32(stops & -stops)) >>> 3;
    const nibbles = (text & 0x0f0f0f0f) + ((text >>> 6) & 0x01010101) * 9;
    const pairs = ((nibbles & 0x000f000f) << 4) | ((nibbles >>> 8) & 0x000f000f);
    const group = (((pairs & 255) << 8) | (pairs >>> 16)) >>> ((4 - count) << 2);
    if (count === 0) {
      // No digit before it: the second colon of a gap, of which there is one.
      if ((text & 255) !== colon || gapAt >= 0 || groups === 0) return 0;
      gapAt = groups;
      head0 = word0;
      head1 = word1;
      head2 = word2;
      head3 = word3;
      word0 = word1 = word2 = word3 = 0;
      isComplete = ++at === end;
      continue;
    }
    const stop = view.getUint8(at + count);
    if (stop === dot) {
      groups += 2;
      if (groups > 8 || !scanQuad(view, at, end, into)) return 0;
      word0 = word1;
      word1 = word2;
      word2 = word3;
      word3 = into.word0;
      break;
    }
    if (++groups > 8) return 0;
    word0 = (word0 << 16) | (word1 >>> 16);
    word1 = (word1 << 16) | (word2 >>> 16);
    word2 = (word2 << 16) | (word3 >>> 16);
    word3 = (word3 << 16) | group;
    at += count;
    if (at === end) break;
    // A colon with nothing behind it ends no address.
    if (stop !== colon || ++at === end) return 0;
  }
  if (gapAt < 0 ? groups !== 8 : groups > 7) return 0;
  if (gapAt > 0) {
    let missing = 8 - gapAt;
    for (; missing >= 2; missing -= 2) {
      head0 = head1;
      head1 = head2;
      head2 = head3;
      head3 = 0;
    }
    if (missing === 1) {
      head0 = (head0 << 16) | (head1 >>> 16);
      head1 = (head1 << 16) | (head2 >>> 16);
      head2 = (head2 << 16) | (head3 >>> 16);
      head3 <<= 16;
    }
  }
  into.word0 = word0 | head0;
  into.word1 = word1 | head1;
  into.word2 = word2 | head2;
  into.word3 = word3 | head3;
  if (into.word0 !== 0 || into.word1 !== 0 || into.word2 !== 0xffff) return 6;
  into.word0 = into.word3;
  return 4;
}

/** Four decimal numbers from `from` up to `end`, into `word0`. */
function scanQuad(view: DataView, from: number, end: number, into: Words): boolean {
  let word = 0;
  let faults = 0;
  let at = from;
  for (let part = 0; part < 4; part++) {
    const text = view.getInt32(at, true);
    const digits = text ^ 0x30303030;
    // The highest bit of each byte that is no digit: 10 and 0x76 reach it, 9 and 0x76 do not.
    const stops = ((digits + 0x76767676) | digits) & 0x80808080;
    const count = (31 - Math.clz32(stops & -stops)) >>> 3;
    const units = digits << (24 - (count << 3));
    const number = (units & 255) * 100 + ((units >>> 8) & 255) * 10 + ((units >>> 16) & 255);
    // Each is below zero where there is a fault: no digit, more than three, more than 255, a leading zero.
    faults |= (count - 1) | (3 - count) | (255 - number) | (((digits & 255) - 1) & (1 - count));
    word = (word << 8) | number;
    if (part < 3 && ((text >>> ((count << 3) & 31)) & 255) !== dot) return false;
    at += count + 1;
  }
  if (faults < 0 || at !== end + 1) return false;
  into.word0 = word;
  return true;
}
