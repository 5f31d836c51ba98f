// One thing that a WAF detector or rule found in one value, with the bytes that show it.

/** A finding. `score` is what it adds to the exchange's score. */
export interface Finding {
  /** Rule id, a number in the 1,000,000s for our own rules so that they never clash with CRS ids. */
  readonly id: number;
  /** The family in kebab case: `sql-injection`, `cross-site-scripting`, `path-traversal`, `command-injection`, `scanner`. */
  readonly detector: string;
  /** 1 request head, 2 request body, 3 answer head, 4 answer body, 5 at the end. */
  readonly phase: 1 | 2 | 3 | 4 | 5;
  readonly severity: 'EMERGENCY' | 'ALERT' | 'CRITICAL' | 'ERROR' | 'WARNING' | 'NOTICE' | 'INFO' | 'DEBUG';
  readonly score: number;
  /** Why, in a plain sentence: "the value closes the quote and adds a condition that is always true". */
  readonly says: string;
  /** Where: `ARGS:id`, `REQUEST_COOKIES:session`, `REQUEST_HEADERS:user-agent`, `REQUEST_FILENAME`, `JSON:text`, `FILES_NAMES:…`. */
  readonly place: string;
  /** The bytes that matched, after decoding, at most 256 characters. */
  readonly value: string;
  /** The decodings that were undone to see it, outermost first: `['urlDecode', 'htmlEntityDecode']`. */
  readonly decoded: readonly string[];
  /** `file:line` of a rule that its owner wrote, and what it has to say beside its message. */
  readonly at?: string;
  readonly data?: string;
  /** The rest of what its rule says of itself, for the audit log. */
  readonly rule?: FindingRule;
}

/** A rule of a file, as it describes itself. */
export interface FindingRule {
  readonly tags: readonly string[];
  readonly version: string;
  readonly revision: string;
  /** `Rx`, and what it looks for. */
  readonly operator: string;
  readonly argument: string;
  /** False for `noauditlog`. */
  readonly isAudited: boolean;
}
