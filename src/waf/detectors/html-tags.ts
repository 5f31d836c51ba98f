// Markup read by the states of the HTML tokenizer (HTML 13.2.5), from any context a value can be placed in.

import { isLetter, nextOf } from '../classes.ts';

/** Where in a page the value may stand: what its first character continues. */
export type Context = 'text' | 'double-quoted' | 'single-quoted' | 'unquoted';

/** One attribute, as offsets into the text; `valueStart` is -1 where it has no value. */
export interface Attribute {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** What the reader tells. A tag begun before the value (in an attribute context) has the name ''. */
export interface TagSink {
  tag(name: string, isEnd: boolean, start: number, end: number): void;
  attribute(tag: string, attribute: Attribute): void;
}

/** Longest names that are kept; a longer one is no known word. */
const maxName = 64;

/** Reads tags and attributes of one text in one pass. */
export class TagReader {
  readonly #text: string;
  readonly #sink: TagSink;
  #at = 0;
  #tag = '';
  /** Where tags began in the first reading, in rising order: from there on, every reading goes the same way. */
  readonly #opened: number[] = [];
  #isFirst = true;
  // The next of these signs, where they are at or behind the place that is read.
  #equals = -1;
  #close = -1;
  #open = -1;

  constructor(text: string, sink: TagSink) {
    this.#text = text;
    this.#sink = sink;
  }

  /** Reads from `start` as what continues `context`. */
  read(context: Context, start: number): void {
    this.#at = start;
    this.#tag = '';
    this.#equals = this.#close = this.#open = -1;
    if (context !== 'text' && this.#leaveValue(context)) this.#attributes();
    while (this.#at < this.#text.length) {
      const open = this.#text.indexOf('<', this.#at);
      if (open < 0) break;
      if (this.#isFirst) this.#opened.push(open);
      else if (this.#wasOpened(open)) break;
      this.#at = open + 1;
      this.#openTag(open);
    }
    this.#isFirst = false;
  }

  #wasOpened(open: number): boolean {
    let low = 0;
    let high = this.#opened.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#opened[middle]! < open) low = middle + 1;
      else high = middle;
    }
    return this.#opened[low] === open;
  }

  /** Goes behind the end of the attribute value that the text began in; false where it never ends. */
  #leaveValue(context: Context): boolean {
    const text = this.#text;
    if (context === 'unquoted') {
      while (this.#at < text.length && !isSpace(text.charCodeAt(this.#at)) && text.charCodeAt(this.#at) !== 62)
        this.#at++;
    } else {
      const end = text.indexOf(context === 'double-quoted' ? '"' : "'", this.#at);
      this.#at = end < 0 ? text.length : end + 1;
    }
    return this.#at < text.length;
  }

  /** Tag open state (13.2.5.6): a letter begins a tag, `/` and a letter an end tag, all else is text or a comment. */
  #openTag(open: number): void {
    const isEnd = this.#text.charCodeAt(this.#at) === 47;
    const start = isEnd ? this.#at + 1 : this.#at;
    if (!isLetter(this.#text.charCodeAt(start))) return;
    let end = start;
    while (end < this.#text.length && !endsTagName(this.#text.charCodeAt(end))) end++;
    this.#tag = this.#text.slice(start, Math.min(end, start + maxName)).toLowerCase();
    this.#at = end;
    this.#sink.tag(this.#tag, isEnd, open, end);
    this.#attributes();
  }

  /** Before attribute name and the states behind it (13.2.5.32 to 13.2.5.39), up to the end of the tag. */
  #attributes(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      this.#at = this.#pastBareNames();
      const code = text.charCodeAt(this.#at);
      if (code === 62) {
        this.#at++;
        return;
      }
      // Because a filter that removes tags once turns `<scr<script>ipt>` into a tag: a `<` begins anew.
      if (code === 60) return;
      if (isSpace(code) || code === 47) this.#at++;
      else this.#attribute();
    }
  }

  /**
   * Where reading on matters: attributes without a value say nothing, so that only a `=`, and what ends or begins a tag before
   * it, need be found.
   */
  #pastBareNames(): number {
    const text = this.#text;
    const from = this.#at;
    if (this.#equals < from) this.#equals = nextOf(text, '=', from);
    if (this.#close < from) this.#close = nextOf(text, '>', from);
    if (this.#open < from) this.#open = nextOf(text, '<', from);
    if (this.#close < this.#equals && this.#close < this.#open) return this.#close;
    let start = Math.min(this.#equals, this.#open);
    if (this.#equals < this.#open) {
      while (start > from && isSpace(text.charCodeAt(start - 1))) start--;
      // Because a `=` with no name before it begins one.
      if (start === from || text.charCodeAt(start - 1) === 47) return this.#equals;
    }
    while (start > from && !isSpace(text.charCodeAt(start - 1)) && text.charCodeAt(start - 1) !== 47) start--;
    return start;
  }

  #attribute(): void {
    const text = this.#text;
    const start = this.#at;
    let end = start + 1;
    while (end < text.length && !endsAttributeName(text.charCodeAt(end))) end++;
    let at = skipSpace(text, end);
    let valueStart = -1;
    if (text.charCodeAt(at) === 61) {
      at = skipSpace(text, at + 1);
      valueStart = at;
      at = this.#valueEnd(at);
      if (isQuote(text.charCodeAt(valueStart))) valueStart++;
    } else at = end;
    const name = attributeName(text, start, end);
    this.#at = Math.max(at, start + 1);
    this.#sink.attribute(this.#tag, { name, start, valueStart, end: Math.max(at, valueStart) });
  }

  #valueEnd(at: number): number {
    const text = this.#text;
    const quote = text.charCodeAt(at);
    if (quote === 34 || quote === 39) {
      const end = text.indexOf(quote === 34 ? '"' : "'", at + 1);
      return end < 0 ? text.length : end + 1;
    }
    let end = at;
    while (end < text.length && !isSpace(text.charCodeAt(end)) && text.charCodeAt(end) !== 62) end++;
    return end;
  }
}

/** The name in lower case, without a quote or markup character that a break-out left before it. */
function attributeName(text: string, start: number, end: number): string {
  let from = start;
  while (from < end && !isLetter(text.charCodeAt(from))) from++;
  return text.slice(from, Math.min(end, from + maxName)).toLowerCase();
}

/** Where the white space at `at` ends. */
function skipSpace(text: string, at: number): number {
  let end = at;
  while (end < text.length && isSpace(text.charCodeAt(end))) end++;
  return end;
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96;
}

function endsTagName(code: number): boolean {
  return isSpace(code) || code === 47 || code === 62 || code === 60;
}

function endsAttributeName(code: number): boolean {
  return isSpace(code) || code === 47 || code === 62 || code === 61;
}
