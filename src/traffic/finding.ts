// One thing that a WAF detector or rule found in one value, with the bytes that show it.

/** A finding. `score` is what it adds to the exchange's score. */
export interface Finding {
  /** Rule id, a number in the 1,000,000s for our own rules so that they never clash with CRS ids. */
  readonly id: number;
  /** The family in kebab case: `sql-injection`, `cross-site-scripting`, `path-traversal`, `command-injection`, `scanner`. */
  readonly detector: string;
  readonly phase: 1 | 2;
  readonly severity: 'CRITICAL' | 'ERROR' | 'WARNING' | 'NOTICE';
  readonly score: number;
  /** Why, in a plain sentence: "the value closes the quote and adds a condition that is always true". */
  readonly says: string;
  /** Where: `ARGS:id`, `REQUEST_COOKIES:session`, `REQUEST_HEADERS:user-agent`, `REQUEST_FILENAME`, `JSON:text`, `FILES_NAMES:…`. */
  readonly place: string;
  /** The bytes that matched, after decoding, at most 256 characters. */
  readonly value: string;
  /** The decodings that were undone to see it, outermost first: `['urlDecode', 'htmlEntityDecode']`. */
  readonly decoded: readonly string[];
}
