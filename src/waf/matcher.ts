// A pattern for whoever stands outside the WAF: `waf/regex/` is the only place where one becomes a matcher.

import { compilePattern, isProblem, type RegexProblem } from './regex/regex.ts';

/** Tests a text of one character a byte in time that is linear in its length; or what is wrong with the pattern (PCRE's syntax). */
export function matcherOf(source: string, ignoreCase: boolean): { test(text: string): boolean } | RegexProblem {
  const pattern = compilePattern(source, { ignoreCase });
  return isProblem(pattern) ? pattern : { test: (text) => pattern.test(text) };
}
