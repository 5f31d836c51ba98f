// What a detector answers about one decoded value: nothing, or what it recognised, where, and how sure it is.

/** How loudly a finding speaks, in ModSecurity's words. */
export type Severity = 'CRITICAL' | 'ERROR' | 'WARNING' | 'NOTICE';

/**
 * One recognised attack. `score` 5 is proof enough to block alone at the default threshold, 2 to 4 is suspicion that
 * only adds up; `says` is one sentence without a full stop; `start` and `end` are UTF-16 offsets into the value.
 */
export interface Detection {
  readonly id: number;
  readonly score: number;
  readonly severity: Severity;
  readonly says: string;
  readonly start: number;
  readonly end: number;
  /** Whether only the shape is that of an attack, so that another detector that names its means is believed first. */
  readonly isVague?: boolean;
}

/** Judges one decoded value; pure, linear in its length, never throws. */
export type Detect = (value: string) => Detection | null;
