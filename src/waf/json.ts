// JSON read strictly (RFC 8259) for its names and strings, without recursion and without building anything.

import { hexDigit } from './classes.ts';

/** What becomes of the walk: the whole document was read, it is not JSON, it is too deep, the visitor had enough, or it was cut. */
export type JsonOutcome = 'whole' | 'broken' | 'too-deep' | 'stopped' | 'cut';

/** What the walk tells: each member's name and each string, duplicates included. True stops the walk. */
export interface JsonVisitor {
  name(text: string, path: JsonPath): boolean;
  text(text: string, path: JsonPath): boolean;
}

/** Longest path that is spelled out, in characters. */
const maxPath = 120;

/** Where the walk stands: names and element numbers from the outermost in. */
export class JsonPath {
  readonly steps: (string | number)[] = [];

  /** `user.roles.0`; '' at the root. */
  toString(): string {
    let text = '';
    for (const step of this.steps) {
      if (text.length > maxPath) return `${text.slice(0, maxPath)}…`;
      text += text === '' ? step : `.${step}`;
    }
    return text;
  }
}

/** Whether a value may be a JSON object or array that somebody put into a string. */
export function looksLikeJson(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first !== 123 && first !== 91) return false;
  const last = text.charCodeAt(text.length - 1);
  return text.length > 4 && last === first + 2;
}

/**
 * Walks `text`. Characters below 0x100 are bytes or Unicode alike: nothing is decoded but escapes. Nesting beyond
 * `maxDepth` ends it. With `many`, several documents may follow each other, as in newline-delimited JSON.
 */
export function walkJson(text: string, maxDepth: number, visitor: JsonVisitor, many = false): JsonOutcome {
  return new JsonWalk(text, maxDepth, visitor).run(many);
}

/** What the walk expects next. */
type Expected = 'value' | 'value-or-end' | 'name' | 'name-or-end' | 'next';

class JsonWalk {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #visitor: JsonVisitor;
  readonly #path = new JsonPath();
  /** The closing brackets still owed, innermost last. */
  readonly #owed: number[] = [];
  #at = 0;
  #failed: JsonOutcome = 'whole';

  constructor(text: string, maxDepth: number, visitor: JsonVisitor) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#visitor = visitor;
  }

  run(many: boolean): JsonOutcome {
    let expected: Expected = 'value';
    let documents = 0;
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#text.length) return documents > 0 && expected === 'value' ? 'whole' : 'cut';
      if (documents > 0 && this.#owed.length === 0 && !many) return 'broken';
      const next = this.#step(expected);
      if (next === null) return this.#failed;
      if (next === 'next' && this.#owed.length === 0) {
        documents++;
        expected = 'value';
      } else expected = next;
    }
  }

  /** Reads one token; what may follow it, or null where the walk ends. */
  #step(expected: Expected): Expected | null {
    const code = this.#text.charCodeAt(this.#at);
    if (expected === 'next') return this.#separator(code);
    if (expected === 'name' || expected === 'name-or-end') {
      if (code === 125 && expected === 'name-or-end') return this.#close();
      return code === 34 ? this.#member() : this.#fail('broken');
    }
    if (code === 93 && expected === 'value-or-end') return this.#close();
    if (code === 123) return this.#open(125);
    if (code === 91) return this.#open(93);
    if (code === 34) return this.#string(false) ? 'next' : null;
    return this.#literal() ? 'next' : this.#fail('broken');
  }

  #open(closing: number): Expected | null {
    if (this.#owed.length >= this.#maxDepth) return this.#fail('too-deep');
    this.#owed.push(closing);
    this.#path.steps.push(closing === 93 ? 0 : '');
    this.#at++;
    return closing === 93 ? 'value-or-end' : 'name-or-end';
  }

  #close(): Expected {
    this.#owed.pop();
    this.#path.steps.pop();
    this.#at++;
    return 'next';
  }

  #separator(code: number): Expected | null {
    const owed = this.#owed[this.#owed.length - 1];
    if (code === owed) return this.#close();
    if (code !== 44) return this.#fail('broken');
    this.#at++;
    if (owed === 125) return 'name';
    const last = this.#path.steps.length - 1;
    this.#path.steps[last] = Number(this.#path.steps[last]) + 1;
    return 'value';
  }

  #member(): Expected | null {
    if (!this.#string(true)) return null;
    this.#skipSpace();
    if (this.#at >= this.#text.length) return this.#fail('cut');
    if (this.#text.charCodeAt(this.#at) !== 58) return this.#fail('broken');
    this.#at++;
    return 'value';
  }

  /** Reads a string and tells it; false where the walk ends. */
  #string(isName: boolean): boolean {
    const start = this.#at + 1;
    const end = this.#stringEnd(start);
    if (end < 0) return false;
    const raw = this.#text.slice(start, end);
    const text = raw.includes('\\') ? unescaped(raw) : raw;
    if (text === null) {
      this.#fail('broken');
      return false;
    }
    if (isName) this.#path.steps[this.#path.steps.length - 1] = text;
    this.#at = end + 1;
    if (!(isName ? this.#visitor.name(text, this.#path) : this.#visitor.text(text, this.#path))) return true;
    this.#fail('stopped');
    return false;
  }

  /** The closing quote's place; -1 where there is none, told through the outcome. */
  #stringEnd(start: number): number {
    for (let at = start; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 34) return at;
      if (code === 92) at++;
      else if (code < 32) {
        this.#fail('broken');
        return -1;
      }
    }
    // Because a cut document's last string is judged too: it may be the attack.
    this.#visitor.text(this.#text.slice(start), this.#path);
    this.#fail('cut');
    return -1;
  }

  /** `true`, `false`, `null` or a number. */
  #literal(): boolean {
    const start = this.#at;
    for (const word of ['true', 'false', 'null'])
      if (this.#text.startsWith(word, start)) {
        this.#at += word.length;
        return true;
      }
    const end = numberEnd(this.#text, start);
    this.#at = end;
    return end > start;
  }

  #skipSpace(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return;
    }
  }

  #fail(outcome: JsonOutcome): null {
    this.#failed = outcome;
    return null;
  }
}

/** Where the number at `start` ends (RFC 8259 6), or `start` where there is none. */
function numberEnd(text: string, start: number): number {
  let at = text.charCodeAt(start) === 45 ? start + 1 : start;
  const whole = digitsEnd(text, at);
  if (whole === at || (whole > at + 1 && text.charCodeAt(at) === 48)) return start;
  at = whole;
  if (text.charCodeAt(at) === 46) {
    const fraction = digitsEnd(text, at + 1);
    if (fraction === at + 1) return start;
    at = fraction;
  }
  if ((text.charCodeAt(at) | 32) !== 101) return at;
  const sign = text.charCodeAt(at + 1);
  const first = sign === 43 || sign === 45 ? at + 2 : at + 1;
  const exponent = digitsEnd(text, first);
  return exponent === first ? start : exponent;
}

function digitsEnd(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++;
  return at;
}

/** The characters of a JSON string's inside, or null for an escape that JSON does not have. */
function unescaped(raw: string): string | null {
  let out = '';
  let from = 0;
  for (let at = raw.indexOf('\\'); at >= 0; at = raw.indexOf('\\', from)) {
    const letter = raw.charAt(at + 1);
    const known = '"\\/bfnrt'.indexOf(letter);
    if (letter === 'u') {
      for (let index = at + 2; index < at + 6; index++) if (!(hexDigit(raw.charCodeAt(index)) >= 0)) return null;
      out += raw.slice(from, at) + String.fromCharCode(Number.parseInt(raw.slice(at + 2, at + 6), 16));
      from = at + 6;
    } else if (letter !== '' && known >= 0) {
      out += raw.slice(from, at) + '"\\/\b\f\n\r\t'.charAt(known);
      from = at + 2;
    } else return null;
  }
  return out + raw.slice(from);
}
