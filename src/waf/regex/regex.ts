// The house of patterns: the only place where a pattern becomes a matcher, in linear time or not at all.

export type { Flags } from './cursor.ts';
export { Meter } from './meter.ts';
export { compilePattern, Pattern, secLangFlags } from './pattern.ts';
export { compilePhrases, type PhraseFound, PhraseSet } from './phrases.ts';
export { isProblem, type RegexProblem } from './problem.ts';
export { compileSet, PatternSet } from './set.ts';
