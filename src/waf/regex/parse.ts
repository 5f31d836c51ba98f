// Reads a pattern into its tree: the syntax that PCRE2 and RE2 share, and what of PCRE2 keeps its meaning in linear time.

import * as B from './byte-set.ts';
import { Cursor, type Flags } from './cursor.ts';
import { readBytesEscape, readOctal } from './escapes.ts';
import { readClass } from './parse-class.ts';
import { type Opening, readOpening } from './parse-group.ts';
import type { RegexProblem } from './problem.ts';
import { empty, type Mode, type Node, sequence } from './tree.ts';

/** A pattern as it was read. */
export interface Parsed {
  readonly tree: Node;
  /** Capturing groups, without the whole match. */
  readonly groups: number;
  readonly names: readonly { readonly name: string; readonly group: number }[];
  /** Whether there is a back-reference. */
  readonly hasAgain: boolean;
}

/** Deepest nesting of groups, as in PCRE2 (`PARENS_NEST_LIMIT`). */
const maxDepth = 250;
/** Highest number in a repetition that is read; how much of it can be held is decided when it is compiled. */
const maxRepeat = 65535;

/** Reads `source`. Never throws. */
export function parse(source: string, flags: Flags): Parsed | RegexProblem {
  const parser = new Parser(source, flags);
  const tree = parser.readChoice(0);
  const { cursor } = parser;
  if (cursor.problem === null && !cursor.atEnd)
    cursor.fail(cursor.at, 'this parenthesis closes nothing', 'write \\) for the parenthesis itself');
  return cursor.problem ?? { tree, groups: parser.groups, names: parser.names, hasAgain: parser.hasAgain };
}

class Parser {
  readonly cursor: Cursor;
  readonly names: { name: string; group: number }[] = [];
  groups = 0;
  hasAgain = false;
  #flags: Flags;
  readonly #bytes: Node[] = [];
  readonly #sets = new Map<string, Node>();

  constructor(source: string, flags: Flags) {
    this.cursor = new Cursor(source);
    this.#flags = flags;
  }

  /** Alternatives up to a closing parenthesis or the end. Flags set within end with it. */
  readChoice(depth: number): Node {
    const { cursor } = this;
    if (depth > maxDepth) cursor.fail(cursor.at, `groups are nested deeper than ${maxDepth}`, 'nest less');
    const outer = this.#flags;
    const parts = [this.#readSequence(depth)];
    while (cursor.take('|')) parts.push(this.#readSequence(depth));
    this.#flags = outer;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #readSequence(depth: number): Node {
    const { cursor } = this;
    const parts: Node[] = [];
    while (!cursor.atEnd) {
      const letter = cursor.peek();
      if (letter === '|' || letter === ')') break;
      if (this.#skipComment()) continue;
      const from = cursor.at;
      const atom = this.#readAtom(depth);
      if (atom === null) break;
      let last = atom;
      if (atom.kind === 'sequence' && cursor.source.startsWith('\\Q', from)) {
        // Because a repetition behind \Q…\E is about its last character alone.
        parts.push(...atom.parts.slice(0, -1));
        last = atom.parts.at(-1)!;
      }
      parts.push(this.#readRepeats(last, from));
    }
    return sequence(parts);
  }

  /** In extended mode white space and comments say nothing. */
  #skipComment(): boolean {
    if (this.#flags.extended !== true) return false;
    const { cursor } = this;
    if (cursor.takeAll(' \t\n\v\f\r') !== '') return true;
    if (!cursor.take('#')) return false;
    if (cursor.takeUntil('\n') === null) cursor.at = cursor.source.length;
    return true;
  }

  #readAtom(depth: number): Node | null {
    const { cursor } = this;
    const from = cursor.at;
    const letter = cursor.peek();
    cursor.at++;
    switch (letter) {
      case '(':
        return this.#readGroup(depth, from);
      case '[':
        return this.#set(readClass(cursor, this.#flags.ignoreCase === true));
      case '.':
        return this.#set(this.#flags.dotAll === true ? B.everything : B.complement(B.single(10)));
      case '^':
        return { kind: 'place', place: this.#flags.multiline === true ? 'line-start' : 'start' };
      case '$':
        return this.#flags.multiline === true ? { kind: 'place', place: 'line-end' } : beforeLastLineFeed;
      case '\\':
        return this.#readEscape(from);
      case '*':
      case '+':
      case '?':
        return cursor.fail(
          from,
          `there is nothing that ${letter} could repeat`,
          `write \\${letter} for the character itself`,
        );
      default:
        return this.#byte(letter.charCodeAt(0), from);
    }
  }

  #byte(code: number, from: number): Node | null {
    if (code > 255)
      return this.cursor.fail(from, 'this is no byte', 'write the UTF-8 bytes of the character, one after another');
    // Because a pattern of thousands of letters has few different ones: their nodes are shared.
    const key = this.#flags.ignoreCase === true ? code : code + 256;
    this.#bytes[key] ??= { kind: 'bytes', set: key < 256 ? B.foldCase(B.single(code)) : B.single(code) };
    return this.#bytes[key]!;
  }

  /** The node of the set; equal sets have one, as a pattern repeats the same few classes. */
  #set(set: B.ByteSet | null): Node | null {
    if (set === null) return null;
    const key = B.keyOf(set);
    let node = this.#sets.get(key);
    if (node === undefined) {
      node = { kind: 'bytes', set };
      this.#sets.set(key, node);
    }
    return node;
  }

  #readGroup(depth: number, from: number): Node | null {
    const { cursor } = this;
    // Because nearly all groups are of this kind.
    const opening: Opening | null = cursor.take('?:')
      ? { kind: 'plain', flags: this.#flags }
      : readOpening(cursor, from, this.#flags);
    if (opening === null) return null;
    if (opening.kind === 'comment') return empty;
    if (opening.kind === 'flags') {
      this.#flags = opening.flags;
      return empty;
    }
    const index = opening.kind === 'capture' ? ++this.groups : 0;
    if (opening.kind === 'capture' && opening.name !== '') {
      if (this.names.some((one) => one.name === opening.name))
        return cursor.fail(from, `two groups are named ${opening.name}`, 'give each group its own name');
      this.names.push({ name: opening.name, group: index });
    }
    const outer = this.#flags;
    if (opening.kind === 'plain') this.#flags = opening.flags;
    const body = this.readChoice(depth + 1);
    this.#flags = outer;
    if (cursor.problem !== null) return null;
    if (!cursor.take(')'))
      return cursor.fail(from, 'this parenthesis is never closed', 'write \\( for the parenthesis itself');
    if (opening.kind === 'capture') return { kind: 'group', body, index };
    if (opening.kind === 'atomic') return { kind: 'atomic', body, offset: from };
    if (opening.kind === 'look')
      return { kind: 'look', body, behind: opening.behind, negative: opening.negative, offset: from };
    // Because a sequence of its own must not melt into what is around it before its repetition is read.
    return body.kind === 'sequence' ? { kind: 'choice', parts: [body] } : body;
  }

  #readEscape(from: number): Node | null {
    const { cursor } = this;
    const escaped = readBytesEscape(cursor, false);
    if (escaped !== null) return 'byte' in escaped ? this.#byte(escaped.byte, from) : this.#set(escaped.set);
    if (cursor.problem !== null) return null;
    const letter = cursor.peek();
    if (letter >= '1' && letter <= '9') return this.#readNumber(from);
    cursor.at++;
    const place = places[letter];
    if (place !== undefined) return place;
    if (letter === 'Q') {
      const text = cursor.takeUntil('\\E') ?? cursor.source.slice(cursor.at);
      if (cursor.source.indexOf('\\E', from) < 0) cursor.at = cursor.source.length;
      return sequence([...text].map((one) => this.#byte(one.charCodeAt(0), from) ?? empty));
    }
    if (letter === 'E') return empty;
    const instead = refused[letter] ?? `write ${letter} for the character itself`;
    return cursor.fail(from, `\\${letter} ${letter in refused ? 'is not supported' : 'has no meaning'}`, instead, 2);
  }

  /** `\1`…: a back-reference below 10 or where so many groups were opened, else an octal number (pcre2pattern). */
  #readNumber(from: number): Node | null {
    const { cursor } = this;
    const digits = /^\d+/.exec(cursor.source.slice(cursor.at, cursor.at + 9))![0];
    const number = Number.parseInt(digits, 10);
    if (number < 10 || number <= this.groups) {
      cursor.at += digits.length;
      if (number > this.groups)
        return cursor.fail(
          from,
          `\\${number} is about a group that is not there before it`,
          'count the groups from the left',
          digits.length + 1,
        );
      this.hasAgain = true;
      return { kind: 'again', group: number, ignoreCase: this.#flags.ignoreCase === true, offset: from };
    }
    if (digits[0]! >= '8') {
      cursor.at++;
      return this.#byte(digits.charCodeAt(0), from);
    }
    const octal = readOctal(cursor, from, 3);
    return octal !== null && 'byte' in octal ? this.#byte(octal.byte, from) : null;
  }

  /** The repetition behind an atom, if there is one. */
  #readRepeats(atom: Node, from: number): Node {
    const { cursor } = this;
    while (this.#skipComment());
    const at = cursor.at;
    const counts = this.#readCounts();
    if (counts === null) return atom;
    const [min, max] = counts;
    const mode: Mode = cursor.take('?') ? 'lazy' : cursor.take('+') ? 'possessive' : 'greedy';
    if (min > max)
      cursor.fail(
        at,
        `it repeats at least ${min} and at most ${max} times`,
        'write the smaller number first',
        cursor.at - at,
      );
    if (Math.max(min, max === Number.POSITIVE_INFINITY ? 0 : max) > maxRepeat)
      cursor.fail(at, `a repetition counts to ${maxRepeat} at most`, 'repeat without an upper number', cursor.at - at);
    if ('*+?'.includes(cursor.peek()) && !cursor.atEnd)
      cursor.fail(
        cursor.at,
        'a repetition is repeated',
        `put (?: and ) around ${cursor.source.slice(from, cursor.at)}`,
      );
    // Because an assertion repeated says no more than once, or nothing (pcre2pattern, "Repetition").
    if (atom.kind === 'place') return min === 0 ? empty : atom;
    if (atom.kind === 'look') return min === 0 ? empty : atom;
    return { kind: 'repeat', body: atom, min, max, mode };
  }

  #readCounts(): readonly [number, number] | null {
    const { cursor } = this;
    const letter = cursor.peek();
    const known = repeats[letter];
    if (known !== undefined) {
      cursor.at++;
      return known;
    }
    if (letter !== '{') return null;
    // Because a brace that opens no count is the character itself.
    const found = /^\{(\d{1,9})(,?)(\d{0,9})\}/.exec(cursor.source.slice(cursor.at, cursor.at + 24));
    if (found === null) return null;
    cursor.at += found[0].length;
    const min = Number.parseInt(found[1]!, 10);
    if (found[2] === '') return [min, min];
    return [min, found[3] === '' ? Number.POSITIVE_INFINITY : Number.parseInt(found[3]!, 10)];
  }
}

/** `$` and `\Z` outside multi-line mode: at the end, or before a line feed that is the last byte. */
const beforeLastLineFeed: Node = {
  kind: 'look',
  offset: 0,
  behind: false,
  negative: false,
  body: sequence([
    { kind: 'repeat', body: { kind: 'bytes', set: B.single(10) }, min: 0, max: 1, mode: 'greedy' },
    { kind: 'place', place: 'end' },
  ]),
};

const repeats: Readonly<Record<string, readonly [number, number] | undefined>> = {
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
  '?': [0, 1],
};

const places: Readonly<Record<string, Node | undefined>> = {
  b: { kind: 'place', place: 'word-edge' },
  B: { kind: 'place', place: 'no-word-edge' },
  A: { kind: 'place', place: 'start' },
  z: { kind: 'place', place: 'end' },
  Z: beforeLastLineFeed,
  R: {
    kind: 'atomic',
    offset: 0,
    body: {
      kind: 'choice',
      parts: [
        sequence([
          { kind: 'bytes', set: B.single(13) },
          { kind: 'bytes', set: B.single(10) },
        ]),
        { kind: 'bytes', set: B.vertical },
      ],
    },
  },
};

/** Escapes of PCRE2 that cannot be kept, and what to write instead. */
const refused: Readonly<Record<string, string>> = {
  C: 'use . in (?s)',
  G: 'every search begins at the start of the value: use \\A',
  K: 'capture what follows in a group',
  X: 'values are bytes: use a class of bytes',
  g: 'write what the group may hold once more',
  k: 'write what the group may hold once more',
  u: 'write the UTF-8 bytes of the character as \\xHH',
  U: 'write the letters out',
  L: 'write the letters out',
  l: 'write the letters out',
  N: 'write the UTF-8 bytes of the character as \\xHH',
};
