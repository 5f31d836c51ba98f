// What every match of a pattern has in it: texts of which one must be there, bytes of which one must be there.

import { add, type ByteSet, foldedSize, members } from './byte-set.ts';
import type { Node } from './tree.ts';

/** Texts (ASCII letters in lower case) of which a value must have one, in any case, for the pattern to match. */
export interface TextClause {
  readonly texts: readonly string[];
}

/** What a value must have. All clauses of both kinds hold for every value that matches; both may be empty. */
export interface Required {
  readonly texts: readonly TextClause[];
  readonly bytes: readonly ByteSet[];
}

/** Most texts that are kept while they are still multiplied, and most in a clause. */
const maxProduct = 48;
const maxTexts = 600;
/** Longest text that is kept: what is longer is cut, and stays required. The table of all texts has a row for each of their bytes. */
export const maxTextLength = 6;
/** A clause that is fulfilled at more places than this is not sought for. */
const tellingOdds = 0.3;
/** Most clauses of a kind that are kept for a pattern: the rarest. */
const maxClauses = 3;

/** What every match of `tree` has in it in values of bytes of `alphabet` alone; null where it matches none of them. */
export function requiredOf(tree: Node, alphabet: ByteSet): Required | null {
  return requirementsOf(tree, alphabet).ofPlain;
}

/** What values must have for a pattern to match. */
export interface Requirements {
  readonly ofAny: Required;
  /** Of those of a few bytes alone; null where it matches none of them. */
  readonly ofPlain: Required | null;
}

/** What any value must have, and one of bytes of `alphabet` alone: most of it is the same, and found once. */
export function requirementsOf(tree: Node, alphabet: ByteSet): Requirements {
  const { any, own } = new Analysis(alphabet).of(tree);
  const ofAny = required(any) ?? { texts: [], bytes: [] };
  return { ofAny, ofPlain: own === any ? ofAny : required(own) };
}

function required(found: Found): Required | null {
  if (isImpossible(found)) return null;
  const clauses = found.exact === null ? found : clausesOf(found.exact);
  const bytes = rarest(clauses.bytes, oddsOfBytes).filter((set) => oddsOfBytes(set) < tellingOdds);
  return { texts: rarest(clauses.texts, oddsOfTexts), bytes };
}

/** All texts a node can match, where they are few; and the clauses that hold where it matches. */
interface Found {
  readonly exact: readonly string[] | null;
  readonly texts: readonly TextClause[];
  readonly bytes: readonly ByteSet[];
}

/** What was found for all values, and for those of the alphabet: one and the same where that makes no difference. */
interface Both {
  readonly any: Found;
  readonly own: Found;
}

/** What matches no text. */
const impossible: Found = { exact: [], texts: [], bytes: [] };
const nothing: Found = { exact: null, texts: [], bytes: [] };
const blank: Found = { exact: [''], texts: [], bytes: [] };
const nothingAtAll: Both = { any: nothing, own: nothing };
const blankAtAll: Both = { any: blank, own: blank };

function isImpossible({ exact }: Found): boolean {
  return exact !== null && exact.length === 0;
}

class Analysis {
  readonly #alphabet: ByteSet;
  /** Because a pattern of thousands of letters has few different sets. */
  readonly #bySet = new Map<ByteSet, Both>();

  constructor(alphabet: ByteSet) {
    this.#alphabet = alphabet;
  }

  of(node: Node): Both {
    switch (node.kind) {
      case 'bytes':
        return this.#bytes(node.set);
      case 'sequence':
        return together(this.#parts(node.parts), analyseSequence);
      case 'choice':
        return together(
          node.parts.map((part) => this.of(part)),
          analyseChoice,
        );
      case 'group':
      case 'atomic':
        return this.of(node.body);
      case 'repeat': {
        if (node.max === 0) return blankAtAll;
        const body = this.of(node.body);
        const any = analyseRepeat(node, body.any);
        return { any, own: body.own === body.any ? any : analyseRepeat(node, body.own) };
      }
      case 'again':
        return nothingAtAll;
      default:
        return blankAtAll;
    }
  }

  /** The parts of a sequence, letters behind each other as one text: that is what most of a pattern is. */
  #parts(parts: readonly Node[]): Both[] {
    const all: Both[] = [];
    for (let index = 0; index < parts.length; ) {
      let found = this.of(parts[index++]!);
      let text = letterOf(found);
      if (text !== null) {
        const first = index;
        for (; index < parts.length && text.length < maxTextLength * 4; index++) {
          const next = parts[index]!;
          const letter: string | null = next.kind === 'bytes' ? letterOf(this.#bytes(next.set)) : null;
          if (letter === null) break;
          text += letter;
        }
        if (index > first) {
          const one: Found = { exact: [text], texts: [], bytes: [] };
          found = { any: one, own: one };
        }
      }
      all.push(found);
    }
    return all;
  }

  #bytes(set: ByteSet): Both {
    let found = this.#bySet.get(set);
    if (found === undefined) {
      const own = set.map((word, index) => word & this.#alphabet[index]!);
      const any = analyseBytes(set);
      found = { any, own: own.every((word, index) => word === set[index]) ? any : analyseBytes(own) };
      this.#bySet.set(set, found);
    }
    return found;
  }
}

/** The one letter that was found in values of both kinds; null where it is anything else. */
function letterOf({ any, own }: Both): string | null {
  return any === own && any.exact?.length === 1 && any.exact[0]!.length === 1 ? any.exact[0]! : null;
}

function together(parts: readonly Both[], analyse: (parts: readonly Found[]) => Found): Both {
  const any = analyse(parts.map((part) => part.any));
  return { any, own: parts.every((part) => part.own === part.any) ? any : analyse(parts.map((part) => part.own)) };
}

function analyseBytes(set: ByteSet): Found {
  const folded = foldedSize(set);
  if (folded > 8) return { exact: null, texts: [], bytes: folded < 200 ? [set] : [] };
  const exact = new Set(members(set).map((byte) => String.fromCharCode(lowered(byte))));
  return { exact: [...exact], texts: [], bytes: [set] };
}

/** Parts one after another: texts grow as long as they are few; what breaks them makes a clause of them. */
function analyseSequence(parts: readonly Found[]): Found {
  if (parts.some(isImpossible)) return impossible;
  let run: readonly string[] = [''];
  let isWhole = true;
  const texts: TextClause[] = [];
  const bytes: ByteSet[] = [];
  const take = (found: Pick<Found, 'texts' | 'bytes'>): void => {
    texts.push(...found.texts);
    bytes.push(...found.bytes);
  };
  for (const found of parts) {
    if (found.exact !== null && run.length * found.exact.length <= maxProduct && !isLong(run)) {
      run = product(run, found.exact);
      continue;
    }
    isWhole = false;
    take(clausesOf(run));
    if (found.exact === null) take(found);
    run = found.exact ?? [''];
  }
  if (isWhole) return { exact: run, texts, bytes };
  take(clausesOf(run));
  return { exact: null, texts: rarest(texts, oddsOfTexts), bytes: rarest(bytes, oddsOfBytes) };
}

function product(heads: readonly string[], tails: readonly string[]): readonly string[] {
  const all: string[] = [];
  for (const head of heads) for (const tail of tails) all.push(head + tail);
  return all;
}

function isLong(run: readonly string[]): boolean {
  return run.some((text) => text.length >= maxTextLength * 4);
}

/** One of several: a clause of the choice has what is rarest in each. */
function analyseChoice(all: readonly Found[]): Found {
  const parts = all.filter((part) => !isImpossible(part));
  const exacts = new Set<string>();
  let count = 0;
  for (const { exact } of parts) {
    count += exact === null ? Number.POSITIVE_INFINITY : exact.length;
    if (exact !== null && count <= maxTexts) for (const text of exact) exacts.add(text);
  }
  if (count <= maxTexts) return { exact: [...exacts], texts: [], bytes: [] };
  const own = parts.map((part) => (part.exact === null ? part : clausesOf(part.exact)));
  const texts = new Set<string>();
  const bytes = new Uint32Array(8);
  let hasTexts = true;
  let hasBytes = true;
  for (const part of own) {
    const text = rarest(part.texts, oddsOfTexts)[0];
    const set = rarest(part.bytes, oddsOfBytes)[0];
    if (text === undefined) hasTexts = false;
    else if (hasTexts) for (const one of text.texts) texts.add(one);
    if (set === undefined) hasBytes = false;
    else for (let word = 0; word < 8; word++) bytes[word]! |= set[word]!;
  }
  return {
    exact: null,
    texts: hasTexts && texts.size <= maxTexts ? [{ texts: [...texts] }] : [],
    bytes: hasBytes ? [bytes] : [],
  };
}

function analyseRepeat({ min, max }: Node & { kind: 'repeat' }, body: Found): Found {
  if (isImpossible(body)) return min === 0 ? blank : impossible;
  if (min === 0) {
    const isSmall = max === 1 && body.exact !== null && body.exact.length < maxProduct;
    return isSmall ? { exact: [...new Set([...body.exact, ''])], texts: [], bytes: [] } : nothing;
  }
  if (min === 1 && max === 1) return body;
  if (body.exact === null) return body;
  if (min === max) {
    let run: readonly string[] = [''];
    for (let count = 0; count < min && run.length <= maxProduct && !isLong(run); count++) {
      run = product(run, body.exact);
      if (count === min - 1 && run.length <= maxProduct) return { exact: run, texts: [], bytes: [] };
    }
  }
  return { exact: null, ...clausesOf(body.exact) };
}

/** What is required where one of `exact` is matched. */
function clausesOf(exact: readonly string[]): Pick<Required, 'texts' | 'bytes'> {
  if (exact.length === 0 || exact.includes('')) return { texts: [], bytes: [] };
  const bytes = new Uint32Array(8);
  let isSingle = true;
  for (const text of exact) {
    let best = text.charCodeAt(0);
    for (let index = 1; index < text.length; index++) {
      const byte = text.charCodeAt(index);
      if (odds(byte) < odds(best)) best = byte;
    }
    add(bytes, best);
    if (best >= 97 && best <= 122) add(bytes, best - 32);
    if (text.length > 1) isSingle = false;
  }
  // Because what nearly every value has tells nothing, and single bytes are looked at anyway.
  if (isSingle) return { texts: [], bytes: [bytes] };
  const texts = { texts: shortened(exact) };
  return { texts: oddsOfTexts(texts) < tellingOdds ? [texts] : [], bytes: [bytes] };
}

/** The texts without those that have another of them in it: where they are, the shorter is. */
function shortened(texts: readonly string[]): string[] {
  const kept: string[] = [];
  const cut =
    texts.length === 1
      ? [texts[0]!.slice(0, maxTextLength)]
      : [...new Set(texts.map((one) => one.slice(0, maxTextLength)))];
  for (const text of cut.sort((a, b) => a.length - b.length))
    if (kept.length > 64 || !kept.some((short) => short.length < text.length && text.includes(short))) kept.push(text);
  return kept;
}

function rarest<Clause>(clauses: readonly Clause[], oddsOf: (clause: Clause) => number): Clause[] {
  if (clauses.length <= 1) return [...clauses];
  const rated = clauses.map((clause) => ({ clause, odds: oddsOf(clause) })).sort((a, b) => a.odds - b.odds);
  return rated.slice(0, maxClauses).map(({ clause }) => clause);
}

/** At how many places of an ordinary value one of the texts is met, about. */
export function oddsOfTexts(clause: TextClause): number {
  let sum = 0;
  for (const text of clause.texts) {
    let own = 1;
    for (let index = 0; index < text.length; index++) own *= odds(text.charCodeAt(index));
    sum += own;
  }
  return sum;
}

function oddsOfBytes(set: ByteSet): number {
  let sum = 0;
  for (let word = 0; word < 8; word++)
    for (let bits = set[word]!; bits !== 0; bits &= bits - 1) {
      const byte = word * 32 + 31 - Math.clz32(bits & -bits);
      sum += odds(byte) * (byte >= 65 && byte <= 90 ? 0.2 : 1);
    }
  return sum;
}

/** About how often each byte is met in ordinary values, capital letters as small ones. */
const oddsOfByte: Float64Array = Float64Array.from({ length: 256 }, (_, byte) => {
  const lower = lowered(byte);
  if (lower >= 97 && lower <= 122) return 'etaoinsrhl'.includes(String.fromCharCode(lower)) ? 0.06 : 0.025;
  if (byte >= 48 && byte <= 57) return 0.02;
  if (byte === 32) return 0.1;
  return '-./,_:=&?'.includes(String.fromCharCode(byte)) ? 0.012 : byte < 128 ? 0.002 : 0.001;
});

function odds(byte: number): number {
  return oddsOfByte[byte]!;
}

function lowered(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
