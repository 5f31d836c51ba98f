// What the doctor finds: one sentence with its cause, and its cure where it is a trouble.

/** One finding. */
export interface Finding {
  /** What was looked at: `dns`, `caa`, `port-80`. */
  readonly check: string;
  /** `problem` keeps the CA from issuing, `warning` may. */
  readonly level: 'good' | 'warning' | 'problem';
  readonly says: string;
  /** What to do, or ''. */
  readonly cure: string;
}

/** What is as it should be. */
export function good(check: string, says: string): Finding {
  return { check, level: 'good', says, cure: '' };
}

/** What keeps the CA from issuing. */
export function problem(check: string, says: string, cure: string): Finding {
  return { check, level: 'problem', says, cure };
}

/** What may keep it. */
export function warning(check: string, says: string, cure: string): Finding {
  return { check, level: 'warning', says, cure };
}

/** Cause and cure as one sentence. */
export function sentenceOf({ says, cure }: Finding): string {
  return cure === '' ? says : `${says}: ${cure}`;
}
