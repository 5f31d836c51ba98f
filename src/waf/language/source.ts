// A rule file as directives: continued lines joined, words split and unquoted, and every character still knowing its place.

import type { Place, Trouble } from './trouble.ts';

/** A piece of text with the place of each of its characters. */
export class Piece {
  readonly text: string;
  readonly #file: SourceFile;
  /** Offset in the file of each character of `text`. */
  readonly #offsets: Uint32Array;

  constructor(text: string, file: SourceFile, offsets: Uint32Array) {
    this.text = text;
    this.#file = file;
    this.#offsets = offsets;
  }

  /** The part from `start` to `end`. */
  slice(start: number, end: number = this.text.length): Piece {
    return new Piece(this.text.slice(start, end), this.#file, this.#offsets.subarray(start, end));
  }

  /** The part without white space at its ends. */
  trim(): Piece {
    const { text } = this;
    let start = 0;
    let end = text.length;
    while (start < end && isSpace(text.charCodeAt(start))) start++;
    while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
    return this.slice(start, end);
  }

  /** Where the stretch from `start` of `length` characters stands. */
  place(start = 0, length: number = this.text.length - start): Place {
    const at = Math.min(start, Math.max(0, this.#offsets.length - 1));
    const offset = this.#offsets[at] ?? this.#file.text.length;
    const last = this.#offsets[Math.min(start + Math.max(1, length), this.#offsets.length) - 1] ?? offset;
    return this.#file.place(offset, last - offset + 1);
  }

  /** A fault of the stretch from `start` of `length` characters. */
  trouble(says: string, instead = '', start = 0, length: number = this.text.length - start): Trouble {
    return { place: this.place(start, length), says, instead };
  }

  /** What stands from `from` to the next `quote`, and where that is (the end where it is missing): \\ before a quote makes it one that is meant. */
  unquoted(from: number, quote: string): [Piece, number] {
    const { text } = this;
    let at = from;
    while (at < text.length && text[at] !== quote && (text[at] !== '\\' || text[at + 1] !== quote)) at++;
    // Because most texts have no quote in them, and a piece of the line costs nothing.
    if (at >= text.length || text[at] === quote) return [this.slice(from, at), at];
    const kept: number[] = [];
    for (at = from; at < text.length && text[at] !== quote; at++) {
      if (text[at] === '\\' && text[at + 1] === quote) at++;
      kept.push(at);
    }
    return [this.with(kept.map((index) => text[index]).join(''), kept), at];
  }

  /** The same places with another text of the same length or shorter, for text whose escapes were undone. */
  with(text: string, kept: readonly number[]): Piece {
    return new Piece(
      text,
      this.#file,
      Uint32Array.from(kept, (index) => this.#offsets[index]!),
    );
  }
}

/** One directive: its name and its words. */
export interface Directive {
  readonly name: Piece;
  readonly words: readonly Piece[];
}

/** A file of rules in memory. `text` is latin1: one character a byte. */
export class SourceFile {
  readonly name: string;
  readonly text: string;
  #starts: number[] | null = null;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  /** Where `offset` stands; a place never goes beyond its line. */
  place(offset: number, length: number): Place {
    const starts = this.#lineStarts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low]!;
    const newline = this.text.indexOf('\n', start);
    const source = this.text.slice(start, newline < 0 ? this.text.length : newline).replaceAll('\r', '');
    const column = offset - start + 1;
    return {
      file: this.name,
      line: low + 1,
      column,
      length: Math.max(1, Math.min(length, source.length - column + 1)),
      source,
    };
  }

  #lineStarts(): number[] {
    if (this.#starts !== null) return this.#starts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
    return starts;
  }
}

/** Longest directive, continued lines together, in characters. */
const maxDirective = 1 << 20;

/** The directives of a file in their order; what cannot be read is added to `troubles` and left out. */
export function readDirectives(file: SourceFile, troubles: Trouble[]): Directive[] {
  const directives: Directive[] = [];
  const { text } = file;
  let at = 0;
  while (at < text.length) {
    // Because a good part of a rule file is comments, whose characters need no places.
    const behind = behindComment(text, at);
    if (behind > at) {
      at = behind;
      continue;
    }
    const [line, next] = readLine(file, at);
    at = next;
    const piece = line.trim();
    if (piece.text === '' || piece.text.startsWith('#')) continue;
    if (piece.text.length > maxDirective) {
      troubles.push(piece.trouble('the directive is longer than 1 MiB', 'split it, or close its quote', 0, 1));
      continue;
    }
    const words = readWords(piece, troubles);
    if (words !== null) directives.push({ name: words[0]!, words: words.slice(1) });
  }
  return directives;
}

/** Where the line begins that follows an empty one or a comment at `from`; `from` itself where it is neither. */
function behindComment(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at)) && text.charCodeAt(at) !== 10) at++;
  if (at < text.length && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 35) return from;
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
}

/** One line with those that continue it after a backslash, and where the next begins. */
function readLine(file: SourceFile, from: number): [Piece, number] {
  const { text } = file;
  const parts: string[] = [];
  /** Pairs of start and end in the file. */
  const stretches: number[] = [];
  let at = from;
  for (;;) {
    const newline = text.indexOf('\n', at);
    let end = newline < 0 ? text.length : newline;
    const next = newline < 0 ? text.length : newline + 1;
    if (end > at && text.charCodeAt(end - 1) === 13) end--;
    const isComment = parts.length === 0 && text.slice(at, end).trimStart().startsWith('#');
    const isContinued = !isComment && end > at && text.charCodeAt(end - 1) === 92 && next < text.length;
    const stop = isContinued ? end - 1 : end;
    let start = at;
    // Because the indentation of a continued line is for the eye: ModSecurity drops it too where it stands between words.
    if (parts.length > 0) while (start < stop && isSpace(text.charCodeAt(start))) start++;
    const wasSpaced = start > at && parts.length > 0 && needsSpace(parts.at(-1)!);
    if (wasSpaced) {
      parts.push(' ');
      stretches.push(start - 1, start);
    }
    parts.push(text.slice(start, stop));
    stretches.push(start, stop);
    at = next;
    if (!isContinued) return [new Piece(parts.join(''), file, offsetsOf(stretches)), at];
  }
}

function offsetsOf(stretches: readonly number[]): Uint32Array {
  let length = 0;
  for (let pair = 0; pair < stretches.length; pair += 2) length += stretches[pair + 1]! - stretches[pair]!;
  const offsets = new Uint32Array(length);
  let count = 0;
  for (let pair = 0; pair < stretches.length; pair += 2)
    for (let at = stretches[pair]!; at < stretches[pair + 1]!; at++) offsets[count++] = at;
  return offsets;
}

/** Whether two words would grow together without a space. */
function needsSpace(before: string): boolean {
  const last = before.charCodeAt(before.length - 1);
  return before !== '' && !isSpace(last) && last !== 44;
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** The words of a directive: separated by white space, quoted by `"` or `'`; null where a quote is not closed. */
function readWords(line: Piece, troubles: Trouble[]): Piece[] | null {
  const { text } = line;
  const words: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    if (at >= text.length) break;
    const quote = text[at]!;
    if (quote !== '"' && quote !== "'") {
      const start = at;
      while (at < text.length && !isSpace(text.charCodeAt(at))) at++;
      words.push(line.slice(start, at));
      continue;
    }
    const start = at;
    const [word, end] = line.unquoted(at + 1, quote);
    at = end;
    if (at >= text.length) {
      troubles.push(
        line.trouble(
          `the ${quote} is not closed`,
          `close it with ${quote}, or write \\${quote} for one that is meant`,
          start,
          1,
        ),
      );
      return null;
    }
    at++;
    words.push(word);
  }
  return words;
}
