// Why a pattern does not become a matcher.

/** A pattern that does not load: where in it, what is wrong, and what to write instead. */
export interface RegexProblem {
  /** Offset into the pattern, in characters. */
  readonly offset: number;
  /** How many characters it is about; at least 1. */
  readonly length: number;
  readonly says: string;
  readonly instead: string;
}

/** Whether what came out is a problem. */
export function isProblem(value: object): value is RegexProblem {
  return 'says' in value && 'instead' in value;
}
