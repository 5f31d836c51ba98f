// Blocklists: text of strangers, one network a line or CSV, as ranges; every broken line is counted, the first are told with their number.

import { AddressReader } from '../base/address.ts';
import { isDigits } from '../base/address-faults.ts';
import { indexed, type PackedRanges, type RangeIndex, RangesBuilder } from '../base/ranges.ts';

/** How a list is written: which field of a line is the network, from 1, and whether lines are CSV (RFC 4180). */
export interface ListFormat {
  readonly format: 'lines' | 'csv';
  readonly column: number;
}

/** A list that was read. */
export interface ReadList {
  readonly ranges: PackedRanges;
  readonly index: RangeIndex;
  /** Lines with a network. */
  readonly entries: number;
  /** Lines that hold something else than a network, a comment or a header. */
  readonly broken: number;
  /** The first broken lines: `line 7: "x" is no address or network`. */
  readonly faults: readonly string[];
}

/** Most entries of one list; what is beyond them is refused with the list. */
export const maxListEntries = 1_000_000;

const maxFaults = 20;
const maxShown = 40;
/** Lines that are read before others may have their turn. */
const linesAtOnce = 20_000;

/** Reads a list a piece at a time, so that whoever has traffic to see to may do so between two pieces. */
export class ListReading {
  readonly #text: string;
  readonly #format: ListFormat;
  readonly #builder = new RangesBuilder();
  readonly #reader = new AddressReader();
  readonly #faults: string[] = [];
  #at = 0;
  #line = 0;
  #entries = 0;
  #broken = 0;

  constructor(text: string, format: ListFormat) {
    this.#text = text;
    this.#format = format;
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  /** Reads some lines; true while there are more. */
  more(): boolean {
    const text = this.#text;
    for (let count = 0; count < linesAtOnce && this.#at < text.length; count++) {
      const newline = text.indexOf('\n', this.#at);
      const end = newline < 0 ? text.length : newline;
      this.#line++;
      this.#readLine(this.#at, end);
      this.#at = end + 1;
    }
    return this.#at < text.length && this.#entries <= maxListEntries;
  }

  /** The list, or in one sentence why it is none: then the last good one goes on. */
  result(): ReadList | string {
    if (this.#entries > maxListEntries) return `it has more than ${maxListEntries.toLocaleString('en-US')} entries`;
    if (this.#entries === 0 && this.#broken === 0) return 'it is empty';
    if (this.#broken > this.#entries)
      return `most of its lines are no networks (${this.#broken} of ${this.#broken + this.#entries}): ${this.#faults[0]}`;
    const ranges = this.#builder.build();
    const [entries, broken, faults] = [this.#entries, this.#broken, this.#faults];
    return { ranges, index: indexed(ranges), entries, broken, faults };
  }

  #readLine(from: number, to: number): void {
    const field = this.#format.format === 'csv' ? this.#csvField(from, to) : this.#plainField(from, to);
    if (field === null) return;
    const fault = this.#take(field);
    if (fault === '') {
      this.#entries++;
      return;
    }
    // Because CSV begins with the names of its columns more often than not, a first line without a digit is no fault.
    if (this.#format.format === 'csv' && this.#line === 1 && !hasDigit(field)) return;
    this.#broken++;
    if (this.#faults.length < maxFaults) this.#faults.push(`line ${this.#line}: ${fault}`);
  }

  /** The column between blanks, or null for a line that is blank or a comment (`#`, `;`, `//`). */
  #plainField(from: number, to: number): string | null {
    const text = this.#text;
    let at = from;
    for (let column = 1; ; column++) {
      while (at < to && isBlank(text.charCodeAt(at))) at++;
      if (at >= to || isComment(text, at)) return column === 1 ? null : '';
      const start = at;
      while (at < to && !isBlank(text.charCodeAt(at)) && text[at] !== '#' && text[at] !== ';') at++;
      if (column === this.#format.column) return text.slice(start, at);
    }
  }

  /** The column between commas, its quotes taken off; null for a line that is blank or a comment. */
  #csvField(from: number, to: number): string | null {
    const text = this.#text;
    let at = from;
    while (at < to && isBlank(text.charCodeAt(at))) at++;
    if (at >= to || isComment(text, at)) return null;
    at = from;
    for (let column = 1; at <= to; column++) {
      const start = at;
      const isQuoted = text[at] === '"';
      if (isQuoted) at++;
      while (at < to && (isQuoted ? text[at] !== '"' : text[at] !== ',')) at++;
      const field = text.slice(isQuoted ? start + 1 : start, at);
      while (at < to && text[at] !== ',') at++;
      if (column === this.#format.column) return field.trim();
      at++;
    }
    return '';
  }

  /** Takes a field as a network, an address or `first-last`; gives what is wrong with it, or ''. */
  #take(field: string): string {
    const slash = field.indexOf('/');
    const dash = field.indexOf('-');
    if (dash > 0) return this.#takeRange(field, dash);
    const reader = this.#reader;
    const family = reader.read(field, 0, slash < 0 ? field.length : slash);
    if (family === 0) return `${shown(field)} is no address or network`;
    const width = family === 4 ? 32 : 128;
    const prefix = slash < 0 ? width : prefixOf(field, slash + 1, width);
    if (prefix < 0) return `${shown(field)} has no prefix length from 0 to ${width}`;
    if (prefix === 0) return `${shown(field)} is everybody`;
    const { word0, word1, word2, word3 } = reader;
    if (family === 6) {
      if (hasBitsBehind(word0, word1, word2, word3, prefix)) return `${shown(field)} has bits set behind its prefix`;
      this.#builder.add6(word0, word1, word2, word3, prefix);
      return '';
    }
    const host = prefix === 32 ? 0 : -1 >>> prefix;
    if ((word0 & host) !== 0) return `${shown(field)} has bits set behind its prefix`;
    this.#builder.add4(word0, word0 | host);
    return '';
  }

  #takeRange(field: string, dash: number): string {
    const reader = this.#reader;
    if (reader.read(field, 0, field.charCodeAt(dash - 1) === 32 ? dash - 1 : dash) !== 4)
      return `${shown(field)} is no range of IPv4`;
    const first = reader.word0 >>> 0;
    const behind = field.charCodeAt(dash + 1) === 32 ? dash + 2 : dash + 1;
    if (reader.read(field, behind) !== 4) return `${shown(field)} is no range of IPv4`;
    const last = reader.word0 >>> 0;
    if (last < first) return `${shown(field)} ends before it begins`;
    if (first === 0 && last === 2 ** 32 - 1) return `${shown(field)} is everybody`;
    this.#builder.add4(first, last);
    return '';
  }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13;
}

function isComment(text: string, at: number): boolean {
  const first = text[at];
  return first === '#' || first === ';' || (first === '/' && text[at + 1] === '/');
}

function prefixOf(field: string, from: number, width: number): number {
  const text = field.slice(from, from + 4);
  return isDigits(text) && text.length <= 3 && Number(text) <= width ? Number(text) : -1;
}

function hasBitsBehind(word0: number, word1: number, word2: number, word3: number, prefix: number): boolean {
  const behind = (bits: number) => (bits <= 0 ? -1 : bits >= 32 ? 0 : -1 >>> bits);
  return (
    ((word0 & behind(prefix)) |
      (word1 & behind(prefix - 32)) |
      (word2 & behind(prefix - 64)) |
      (word3 & behind(prefix - 96))) !==
    0
  );
}

function hasDigit(text: string): boolean {
  for (const character of text) if (character >= '0' && character <= '9') return true;
  return false;
}

/** A field of a stranger's text as it may stand in a sentence: short, quoted, without what steers terminals. */
function shown(field: string): string {
  let text = '';
  for (const character of field.slice(0, maxShown)) text += character < ' ' || character > '~' ? '?' : character;
  return `"${text}${field.length > maxShown ? '…' : ''}"`;
}
