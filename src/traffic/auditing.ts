// How the rules of files want one exchange in the audit log: when, with which parts, and what they saw of the answer.

/** Left by the rules at the end of an exchange; nothing is left where the built-in rules hold. */
export interface Auditing {
  /** What `SecAuditEngine` says. */
  readonly mode: AuditMode;
  /** What `ctl:auditEngine` said of this one exchange, or null. */
  readonly changed: AuditMode | null;
  /** Letters of `SecAuditLogParts`, after `ctl:auditLogParts`. */
  readonly parts: string;
  /** `SecAuditLogRelevantStatus`, or null. */
  readonly relevantStatus: { test(value: string): boolean } | null;
  /** Fields of the answer as the application sent them, where it answered. */
  readonly answer: { readonly names: readonly string[]; readonly values: readonly string[] };
  /** `On` or `DetectionOnly`, as ModSecurity spells it. */
  readonly engine: string;
  /** What rule sets call themselves (`SecComponentSignature`). */
  readonly components: readonly string[];
}

/** Every exchange, none, or those with a finding, a refusal of the WAF or a status that is relevant. */
export type AuditMode = 'all' | 'off' | 'relevant';

/** Where and how records are written, as far as somebody said so. */
export interface AuditWords {
  readonly file: string | null;
  readonly format: AuditFormat | null;
  readonly mode: AuditMode | null;
}

/** ModSecurity's two formats: a line of JSON a record, or sections. */
export type AuditFormat = 'json' | 'native';
