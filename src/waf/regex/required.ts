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
  const found = analyse(tree, alphabet);
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

/** What matches no text. */
const impossible: Found = { exact: [], texts: [], bytes: [] };
const nothing: Found = { exact: null, texts: [], bytes: [] };
const blank: Found = { exact: [''], texts: [], bytes: [] };

function isImpossible({ exact }: Found): boolean {
  return exact !== null && exact.length === 0;
}

function analyse(node: Node, alphabet: ByteSet): Found {
  switch (node.kind) {
    case 'bytes':
      return analyseBytes(node.set.map((word, index) => word & alphabet[index]!));
    case 'sequence':
      return analyseSequence(node.parts.map((part) => analyse(part, alphabet)));
    case 'choice':
      return analyseChoice(node.parts.map((part) => analyse(part, alphabet)));
    case 'group':
    case 'atomic':
      return analyse(node.body, alphabet);
    case 'repeat':
      return node.max === 0 ? blank : analyseRepeat(node, analyse(node.body, alphabet));
    case 'again':
      return nothing;
    default:
      return blank;
  }
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
      const { exact } = found;
      run = run.flatMap((head) => exact.map((tail) => head + tail));
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

function isLong(run: readonly string[]): boolean {
  return run.some((text) => text.length >= maxTextLength * 4);
}

/** One of several: a clause of the choice has what is rarest in each. */
function analyseChoice(all: readonly Found[]): Found {
  const parts = all.filter((part) => !isImpossible(part));
  const exacts = parts.flatMap((part) => part.exact ?? []);
  if (parts.every((part) => part.exact !== null) && exacts.length <= maxTexts)
    return { exact: [...new Set(exacts)], texts: [], bytes: [] };
  const own = parts.map((part) => (part.exact === null ? part : clausesOf(part.exact)));
  const texts: string[] = [];
  const bytes = new Uint32Array(8);
  let hasTexts = true;
  let hasBytes = true;
  for (const part of own) {
    const text = rarest(part.texts, oddsOfTexts)[0];
    const set = rarest(part.bytes, oddsOfBytes)[0];
    if (text === undefined) hasTexts = false;
    else texts.push(...text.texts);
    if (set === undefined) hasBytes = false;
    else for (let word = 0; word < 8; word++) bytes[word]! |= set[word]!;
  }
  const unique = [...new Set(texts)];
  return {
    exact: null,
    texts: hasTexts && unique.length <= maxTexts ? [{ texts: unique }] : [],
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
      const { exact } = body;
      run = run.flatMap((head) => exact.map((tail) => head + tail));
      if (count === min - 1 && run.length <= maxProduct) return { exact: run, texts: [], bytes: [] };
    }
  }
  return { exact: null, ...clausesOf(body.exact) };
}

/** What is required where one of `exact` is matched. */
function clausesOf(exact: readonly string[]): Pick<Required, 'texts' | 'bytes'> {
  if (exact.length === 0 || exact.includes('')) return { texts: [], bytes: [] };
  const bytes = new Uint32Array(8);
  for (const text of exact) {
    let best = text.charCodeAt(0);
    for (let index = 1; index < text.length; index++) {
      const byte = text.charCodeAt(index);
      if (odds(byte) < odds(best)) best = byte;
    }
    add(bytes, best);
    if (best >= 97 && best <= 122) add(bytes, best - 32);
  }
  const texts = { texts: shortened(exact) };
  // Because what nearly every value has tells nothing, and single bytes are looked at anyway.
  const isTelling = oddsOfTexts(texts) < tellingOdds && exact.some((text) => text.length > 1);
  return { texts: isTelling ? [texts] : [], bytes: [bytes] };
}

/** The texts without those that have another of them in it: where they are, the shorter is. */
function shortened(texts: readonly string[]): string[] {
  const kept: string[] = [];
  for (const text of [...new Set(texts.map((one) => one.slice(0, maxTextLength)))].sort((a, b) => a.length - b.length))
    if (kept.length > 64 || !kept.some((short) => text.includes(short))) kept.push(text);
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
  for (const byte of members(set)) sum += odds(byte) * (byte >= 65 && byte <= 90 ? 0.2 : 1);
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
