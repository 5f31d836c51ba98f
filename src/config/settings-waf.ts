// The settings of the web application firewall.

/** Rules in SecLang that take the place of the built-in ones. Names are absolute. */
export interface RuleFileSettings {
  readonly crs: string | null;
  readonly setup: string | null;
  readonly plugins: readonly string[];
  readonly files: readonly string[];
  readonly paranoia: number;
  readonly detectionParanoia: number;
  readonly inboundThreshold: number;
  readonly outboundThreshold: number;
  readonly inspectAnswers: boolean;
  readonly maxAnswerBytes: number;
  /** Database of addresses for `@geoLookup`, or null. */
  readonly geography: string | null;
}

/** What the WAF does not look at: a detector in a place under a path. A missing part means every. */
export interface ExclusionSettings {
  /** `sql-injection`, `cross-site-scripting`, `path-traversal`, `command-injection`, `scanner`, or a rule id. */
  readonly detector?: string;
  /** `ARGS:code`, `JSON:source`, `REQUEST_COOKIES:theme`, `REQUEST_HEADERS:referer`; `ARGS:*` for all of a kind. */
  readonly place?: string;
  /** Path prefix on a segment boundary. */
  readonly path?: string;
  readonly method?: string;
  /** The last day on which it holds, `2026-12-31` (UTC). */
  readonly until?: string;
  /** Why, for whoever reads the file next. */
  readonly because?: string;
}

/** What a GraphQL query may ask and have. */
export interface GraphqlSettings {
  readonly introspection: boolean;
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  readonly maxBatch: number;
}

/** Arguments that are addresses which the browser is sent to, and the hosts they may lead to; null: any that is spelt plainly. */
export interface RedirectSettings {
  readonly parameters: readonly string[];
  readonly hosts: readonly string[] | null;
}

/** What a site says to the WAF, or the whole gate where it says nothing. */
export interface SiteWafSettings {
  readonly mode: 'block' | 'detect' | 'off';
  readonly exclude: readonly ExclusionSettings[];
  /** Score from which the built-in rules block a request. */
  readonly threshold: number;
  readonly graphql: GraphqlSettings;
  readonly redirects: RedirectSettings;
}

export interface WafSettings {
  readonly mode: 'block' | 'detect' | 'off';
  readonly rules: 'builtin';
  /** Null where the built-in rules hold. */
  readonly ruleFiles: RuleFileSettings | null;
  /** Score from which the built-in rules block a request, where its site says nothing. */
  readonly threshold: number;
  readonly maxInspectedBytes: number;
  /** A form, JSON or text body longer than `maxInspectedBytes`: refused, or passed with only its beginning inspected. */
  readonly bodyOverLimit: 'refuse' | 'pass';
  /** Bytes that a compressed body may become when it is decoded, and how many for each of its own. */
  readonly maxInflatedBytes: number;
  readonly maxInflateRatio: number;
  readonly maxArguments: number;
  readonly maxJsonDepth: number;
  /** Time that rules of files may take for one request, in ms. */
  readonly cpuBudgetMs: number;
}
