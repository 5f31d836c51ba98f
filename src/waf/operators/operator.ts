// What an operator is: a word that asks one question about a value. Either it compares with a text that may change with each
// request, or it is built once from what the rule says.

/** Members of a collection, by their names. */
type Named = readonly (readonly [name: string, value: string])[];

/** A pattern as the house of patterns makes it: in linear time, over binary strings. */
export interface PatternLike {
  test(value: string): boolean;
  /** Start and end of the match and of each group, -1 where a group took no part; null where there is no match. */
  exec(value: string, from?: number): ArrayLike<number> | null;
}

/** A list of phrases, found without case. */
export interface PhrasesLike {
  test(value: string): boolean;
  find(value: string): { readonly start: number; readonly end: number } | null;
}

/** What is wrong with an operator's argument. */
export interface Fault {
  readonly says: string;
  readonly instead: string;
  /** Where in the argument, in characters, and how long. */
  readonly offset?: number;
  readonly length?: number;
}

/** What operators are built with. */
export interface OperatorTools {
  pattern(source: string): PatternLike | Fault;
  phrases(list: readonly string[]): PhrasesLike;
  /** The text of a file named by the rule, relative to the rule's file, or what is wrong with it. */
  file(name: string): string | Fault;
  /** Whether a text is an attack by the detectors: what it looks like, or null. */
  detectSqli(value: string): string | null;
  detectXss(value: string): boolean;
  /** What is known of where an address is, as the members of GEO; null where nothing is. */
  geoLookup(address: string): Named | null;
}

/** An operator that is ready to be asked. Never throws; linear time. */
export interface Matcher {
  test(value: string): boolean;
  /** Marks (`marks.ts`): a value that has none of them does not match. */
  readonly signs?: number;
  /** The texts for TX:0 to TX:9 of a value that matched; where it is missing, nothing is captured. */
  capture?(value: string): readonly (string | null)[];
  /** Whether it matches, and what GEO then holds: of an operator that rules ask for that, too. */
  locate?(value: string): Named | null;
  /** The pattern or the phrases, where the question is nothing but "does one of them occur": many are then asked in one pass. */
  readonly member?: PatternLike | PhrasesLike;
}

interface Word {
  /** One sentence for the manual. */
  readonly says: string;
  /** Argument, value, and whether it matches. */
  readonly examples: readonly (readonly [argument: string, value: string, matches: boolean])[];
}

/** An operator whose argument may hold macros. */
export interface Comparison extends Word {
  readonly kind: 'comparison';
  judge(value: string, argument: string): boolean;
}

/** An operator that is built once. */
export interface BuiltOperator extends Word {
  readonly kind: 'built';
  build(argument: string, tools: OperatorTools): Matcher | Fault;
}

/** An operator that stops the load: what it would need, and what to use in its place. */
export interface Refused extends Word {
  readonly kind: 'refused';
  readonly instead: string;
}

export type Operator = Comparison | BuiltOperator | Refused;

/** Whether something is a fault and not the thing that was asked for. */
export function isFault(thing: object | string): thing is Fault {
  return typeof thing === 'object' && 'says' in thing && 'instead' in thing;
}
