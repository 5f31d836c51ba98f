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
}

export interface WafSettings {
  readonly mode: 'block' | 'detect' | 'off';
  readonly rules: 'builtin';
  /** Null where the built-in rules hold. */
  readonly ruleFiles: RuleFileSettings | null;
  /** Score from which a request is blocked. */
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
