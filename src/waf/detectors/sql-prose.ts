// Whether a sentence could be SQL, told from its bytes: most say nothing to a database long before a grammar has to read them.

import { HashedWords, lettersEnd } from './sql-hashed.ts';
import { isNamePart } from './sql-lexis.ts';
import * as S from './sql-scan.ts';
import { ARITHMETIC, COMPARING, CONTINUING, JOINING, RESERVED, SIGNS, STATEMENTS, TRUTHS, TYPED } from './sql-words.ts';

/** Words with which a value can be more than a name in a query. */
const beginning: HashedWords = HashedWords.of([
  ...RESERVED,
  ...STATEMENTS,
  ...JOINING,
  ...COMPARING,
  ...ARITHMETIC,
  ...TRUTHS,
  ...TYPED,
  ...SIGNS,
  'case',
]);

/** Words that go on a query behind a name. */
const continuing: HashedWords = HashedWords.of([...CONTINUING, 'over', 'at']);

/**
 * Whether the value begins with two words of which the second cannot go on a query that ends in the first: what the grammar
 * would find as well, after it cut and read the tokens. `value` is null where the codes are its characters.
 */
export function beginsAsProse(codes: Uint8Array, value: string | null): boolean {
  const end = lettersEnd(codes, 0);
  if (end === 0 || codes[end] !== 0x20 || beginning.marks(codes, 0, end) !== 0) return false;
  let start = end + 1;
  while (codes[start] === 0x20) start++;
  const stop = lettersEnd(codes, start);
  if (stop === start) return false;
  const code = value === null ? codes[stop]! : value.charCodeAt(stop);
  // Because a quote makes a prefix of the word, and what a name is made of makes it another word.
  if (code === 0x27 || code === 0x22 || code === 0x24 || isNamePart(code)) return false;
  return continuing.marks(codes, start, stop) === 0;
}

/** Whether a sentence that begins with `first` could be SQL outside of quotes: `and` alone proves nothing behind a word. */
export function mayBeBareSql(first: number, seen: number): boolean {
  const telling = S.CLAUSE_WORD | S.ATTACK_WORD | S.SYSTEM_MARK | S.SET_WORD | S.COMPARING_WORD | S.OR_WORD;
  if ((seen & telling) !== 0 || ((seen & S.SEMICOLON_SEEN) !== 0 && (seen & S.STATEMENT_WORD) !== 0)) return true;
  return (seen & S.JOINT_WORD) !== 0 && !((first | 32) >= 0x61 && (first | 32) <= 0x7a);
}

/**
 * Whether a sentence of the first `length` codes must be read to know that it is no SQL; false is final. `seen` is what its
 * words and its semicolons are to `scanSql`, `apostrophe` the place of its first one or -1. It has no sign but those of sentences.
 */
export function mayBeSqlSentence(codes: Buffer, length: number, seen: number, apostrophe: number): boolean {
  if (!mayBeBareSql(codes[0]!, seen)) return false;
  if ((seen & S.SET_WORD) !== 0) return true;
  const isStacked = (seen & S.SEMICOLON_SEEN) !== 0 && (seen & S.STATEMENT_WORD) !== 0;
  if (isStacked && (apostrophe >= 0 || S.mayStackIn(codes, length))) return true;
  if (apostrophe >= 0 && continuing.marks(codes, apostrophe + 1, lettersEnd(codes, apostrophe + 1)) !== 0) return true;
  return !beginsAsProse(codes, null);
}
