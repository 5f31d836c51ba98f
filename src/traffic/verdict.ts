// The answer of every station to "may this go on?": pass, answer with a status, or close; never without a why.

import type { Headers } from './headers.ts';

/** Which rule spoke, as its owner knows it. `at` is `file:line` where a person wrote it, or ''. */
export interface RuleReference {
  readonly id: string;
  readonly description: string;
  readonly at: string;
}

/** The bytes that decided: `place` names where they stood (`ARGS:id`), `value` is a bounded excerpt. */
export interface Evidence {
  readonly place: string;
  readonly value: string;
}

/** Nothing against it. There is one such object. */
export interface Pass {
  readonly kind: 'pass';
}

/** A refusal: `answer` sends `status` and keeps the protocol whole, `close` ends the connection without a word. */
export interface Refusal {
  readonly kind: 'answer' | 'close';
  /** 0 where kind is `close`. */
  readonly status: number;
  /** `station/reason`, a row of the table of reasons. */
  readonly why: string;
  /** This case in one plain sentence, for the journal and for `explain`; shown to nobody outside. */
  readonly says: string;
  readonly rule: RuleReference | null;
  readonly evidence: Evidence | null;
  /** Seconds for `Retry-After`, or 0 for none. */
  readonly retryAfterSeconds: number;
  /** Where the client is sent, for a status that redirects. */
  readonly location?: string;
  /** What is done beside refusing: a task for the client's browser, or an answer that takes its time. */
  readonly treatment?: Treatment;
  /** What is answered in place of the page of refusals. */
  readonly page?: Page;
  /** What ends an answer that has begun, where its protocol has a word for that; otherwise it is broken off. */
  readonly trailers?: Headers;
}

/** What a refusal may do beside refusing: set a browser a task, or take its time. */
export type Treatment = 'challenge' | 'tarpit';

/** An answer of our own that is more than a refusal: validated field lines, each with its CRLF, and a body of latin1 text. */
export interface Page {
  readonly fields: string;
  readonly body: string;
}

export type Verdict = Pass | Refusal;

/** The one passing verdict. */
export const pass: Pass = Object.freeze({ kind: 'pass' });

/** A refusal that is answered with `status`. */
export function answer(
  status: number,
  why: string,
  says: string,
  rule: RuleReference | null = null,
  evidence: Evidence | null = null,
  retryAfterSeconds = 0,
): Refusal {
  return { kind: 'answer', status, why, says, rule, evidence, retryAfterSeconds };
}

/** A refusal that ends the connection in silence. */
export function close(
  why: string,
  says: string,
  rule: RuleReference | null = null,
  evidence: Evidence | null = null,
): Refusal {
  return { kind: 'close', status: 0, why, says, rule, evidence, retryAfterSeconds: 0 };
}

/** One row of a station's table of reasons: what a `why` means, and how its owner lets it pass where that is right. */
export interface Reason {
  readonly says: string;
  readonly allow: string;
}
