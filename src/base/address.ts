// IPv4 and IPv6 addresses: read strictly, printed canonically, `::ffff:a.b.c.d` being IPv4 before anybody looks.

import { addressFault, type Parsed } from './address-faults.ts';
import { scanAddress, scanMargin } from './address-scan.ts';
import { writeLatin1 } from './bytes.ts';
import type { Bound } from './intervals.ts';

export type Family = 4 | 6;

/** One address: `value` is a number for IPv4 and a bigint for IPv6, so that both compare with `<` and `===`. */
export interface Address {
  readonly family: Family;
  readonly value: Bound;
}

/**
 * Reads addresses without allocating: after `read` the words hold the address as signed 32-bit integers (which V8 never
 * boxes). IPv4 is `word0` alone. One reader belongs to one owner, who uses it before anybody reads again.
 */
export class AddressReader {
  family: 0 | Family = 0;
  word0 = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;
  /** Where `readPeer` puts the text; made when it is asked first, because most readers never are. */
  #bytes: Buffer | null = null;
  #view: DataView | null = null;

  /** The family of `text[from, to)` read strictly (RFC 4291 2.2, dotted decimal without leading zeros), or 0 for no address. */
  read(text: string, from = 0, to: number = text.length): 0 | Family {
    this.family = 0;
    if (to - from < 2 || to - from > 45) return 0;
    if (readWord(this, text, from, to)) this.family = 4;
    else if (readGroups(this, text, from, to)) this.family = isMapped(this) ? 4 : 6;
    return this.family;
  }

  /**
   * As `read` of all of a text, in half the time; for text whose characters are bytes, as that of sockets is (of any other
   * character the lower eight bits count).
   */
  readPeer(text: string): 0 | Family {
    const end = text.length;
    this.family = 0;
    if (end < 2 || end > 45) return 0;
    // Because few characters are read faster where they are than brought elsewhere.
    if (isQuad(text)) {
      if (readWord(this, text, 0, end)) this.family = 4;
      else if (readGroups(this, text, 0, end)) this.family = isMapped(this) ? 4 : 6;
      return this.family;
    }
    if (this.#bytes === null || this.#view === null) {
      this.#bytes = Buffer.from(new ArrayBuffer(64 + scanMargin));
      this.#view = new DataView(this.#bytes.buffer);
    }
    writeLatin1(this.#bytes, text);
    this.#view.setInt32(end, 0, true);
    this.family = scanAddress(this.#view, end, this);
    return this.family;
  }

  /** The address last read, in canonical text (RFC 5952); '' where none was read. */
  print(): string {
    if (this.family === 0) return '';
    return this.family === 4 ? print4(this.word0) : print6(this.word0, this.word1, this.word2, this.word3);
  }

  /** The address last read as a value that can be kept, or null where none was read. */
  address(): Address | null {
    if (this.family === 0) return null;
    if (this.family === 4) return { family: 4, value: this.word0 >>> 0 };
    const high = (BigInt(this.word0 >>> 0) << 32n) | BigInt(this.word1 >>> 0);
    const low = (BigInt(this.word2 >>> 0) << 32n) | BigInt(this.word3 >>> 0);
    return { family: 6, value: (high << 64n) | low };
  }
}

/** Whether a text begins with a number and a dot. */
function isQuad(text: string): boolean {
  return text.charCodeAt(1) === 46 || text.charCodeAt(2) === 46 || text.charCodeAt(3) === 46;
}

function readWord(reader: AddressReader, text: string, from: number, to: number): boolean {
  let word = 0;
  let part = -1;
  let dots = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) {
      // Because 010 is ten to one reader and eight to another, a leading zero is no number at all.
      if (part === 0) return false;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return false;
    } else {
      if (digit !== -2 || part < 0 || ++dots > 3) return false;
      word = (word << 8) | part;
      part = -1;
    }
  }
  if (dots !== 3 || part < 0) return false;
  reader.word0 = (word << 8) | part;
  return true;
}

/**
 * Groups arrive at the right end of 128 bits, each pushing the former ones to the left; `::` sets them aside. One loop over
 * all characters, because most of them are digits and a branch that always goes the same way costs nothing.
 */
function readGroups(reader: AddressReader, text: string, from: number, to: number): boolean {
  const isLed = text.charCodeAt(from) === 58;
  if (isLed && text.charCodeAt(from + 1) !== 58) return false;
  let groups = 0;
  let gapAt = isLed ? 0 : -1;
  let value = 0;
  let digits = 0;
  let all = 0;
  let isClosed = false;
  let [word0, word1, word2, word3] = [0, 0, 0, 0];
  let [head0, head1, head2, head3] = [0, 0, 0, 0];
  for (let index = isLed ? from + 2 : from; index < to; index++) {
    // Because most groups have four digits, those are read in one go: only another length costs a branch that surprises.
    if (digits === 0 && (index + 4 === to || (index + 4 < to && text.charCodeAt(index + 4) === 58))) {
      const [code0, code1] = [text.charCodeAt(index), text.charCodeAt(index + 1)];
      const [code2, code3] = [text.charCodeAt(index + 2), text.charCodeAt(index + 3)];
      const four =
        (hexValues[code0 & 127]! << 12) |
        (hexValues[code1 & 127]! << 8) |
        (hexValues[code2 & 127]! << 4) |
        hexValues[code3 & 127]!;
      if (four >= 0) {
        all |= code0 | code1 | code2 | code3;
        if (++groups > 8) return false;
        word0 = (word0 << 16) | (word1 >>> 16);
        word1 = (word1 << 16) | (word2 >>> 16);
        word2 = (word2 << 16) | (word3 >>> 16);
        word3 = (word3 << 16) | four;
        index += 4;
        isClosed = index === to;
        continue;
      }
    }
    const code = text.charCodeAt(index);
    const digit = hexValues[code & 127]!;
    all |= code;
    if (digit >= 0) {
      value = (value << 4) | digit;
      digits++;
    } else if (code === 58) {
      if (digits > 0) {
        if (digits > 4 || ++groups > 8) return false;
        word0 = (word0 << 16) | (word1 >>> 16);
        word1 = (word1 << 16) | (word2 >>> 16);
        word2 = (word2 << 16) | (word3 >>> 16);
        word3 = (word3 << 16) | value;
        value = 0;
        digits = 0;
      } else {
        // No digit before it: the second colon of a gap, of which there is one.
        if (gapAt >= 0) return false;
        gapAt = groups;
        head0 = word0;
        head1 = word1;
        head2 = word2;
        head3 = word3;
        word0 = word1 = word2 = word3 = 0;
      }
    } else {
      groups += 2;
      if (code !== 46 || groups > 8 || !readWord(reader, text, index - digits, to)) return false;
      word0 = word1;
      word1 = word2;
      word2 = word3;
      word3 = reader.word0;
      isClosed = true;
      break;
    }
  }
  // Because the table of digits has 128 rows, a character beyond them looked like another.
  if (all > 127) return false;
  if (!isClosed) {
    if (digits > 4) return false;
    if (digits > 0) {
      groups++;
      word0 = (word0 << 16) | (word1 >>> 16);
      word1 = (word1 << 16) | (word2 >>> 16);
      word2 = (word2 << 16) | (word3 >>> 16);
      word3 = (word3 << 16) | value;
    } else if (gapAt !== groups) return false;
  }
  if (gapAt < 0 ? groups !== 8 : groups > 7) return false;
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
  reader.word0 = word0 | head0;
  reader.word1 = word1 | head1;
  reader.word2 = word2 | head2;
  reader.word3 = word3 | head3;
  return true;
}

function isMapped(reader: AddressReader): boolean {
  if (reader.word0 !== 0 || reader.word1 !== 0 || reader.word2 !== 0xffff) return false;
  reader.word0 = reader.word3;
  return true;
}

/** The value of each hexadecimal digit by its code; -1 for the rest of ASCII. A table, because branches mispredict here. */
const hexValues = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
);

function print4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

function print6(word0: number, word1: number, word2: number, word3: number): string {
  const groups = [word0 >>> 16, word0 & 0xffff, word1 >>> 16, word1 & 0xffff];
  groups.push(word2 >>> 16, word2 & 0xffff, word3 >>> 16, word3 & 0xffff);
  let gapAt = -1;
  let gapLength = 1;
  for (let index = 0; index < 8; index++) {
    let length = 0;
    while (index + length < 8 && groups[index + length] === 0) length++;
    if (length > gapLength) {
      gapAt = index;
      gapLength = length;
    }
    index += length;
  }
  let text = '';
  for (let index = 0; index < 8; index++) {
    if (index === gapAt) {
      text += '::';
      index += gapLength - 1;
    } else {
      if (index > 0 && !text.endsWith(':')) text += ':';
      text += groups[index]!.toString(16);
    }
  }
  return text;
}

/** An address from strict text, or what is wrong with it. Zone ids are refused: they mean nothing on another machine. */
export function parseAddress(text: string): Parsed<Address> {
  const reader = new AddressReader();
  reader.read(text);
  const value = reader.address();
  return value === null ? { ok: false, fault: addressFault(text) } : { ok: true, value };
}

/** Canonical text of an address (RFC 5952). */
export function printAddress(address: Address): string {
  if (address.family === 4) return print4(Number(address.value));
  const value = BigInt(address.value);
  const word = (shift: bigint) => Number(BigInt.asIntN(32, value >> shift));
  return print6(word(96n), word(64n), word(32n), word(0n));
}

/**
 * What a socket calls its peer, in canonical text: `::ffff:` becomes IPv4 and a zone id goes. Text that is no address
 * comes back unchanged, so that it is still seen in a journey.
 */
export function normalise(text: string): string {
  if (!text.includes(':')) return text;
  const reader = new AddressReader();
  // Because a listener for both families names every IPv4 peer this way, the way is short.
  if (text.startsWith('::ffff:') && reader.read(text, 7) === 4) return text.slice(7);
  const percent = text.indexOf('%');
  if (reader.read(text, 0, percent < 0 ? text.length : percent) === 0) return text;
  return reader.print();
}

/** The key by which an address is counted: IPv6 by its /64 (what one household gets), everything else as it is. */
export function prefix64(text: string): string {
  if (!text.includes(':')) return text;
  const reader = new AddressReader();
  const family = reader.read(text);
  if (family !== 6) return family === 4 ? reader.print() : text;
  return `${print6(reader.word0, reader.word1, 0, 0)}/64`;
}
