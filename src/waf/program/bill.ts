// What each rule costs and finds: hits of all transactions, time of some of them. Always on; the time is a sample.

import type { Program } from './program.ts';

/**
 * One phase in as many has its rules timed: two looks at the clock a rule, which would cost more than most rules. No
 * transaction has a number of phases that divides it, so that each phase has its turn.
 */
const sampleEvery = 17;
/** Longest time that one rule is charged with, in ms: what takes longer waited for the machine. */
const maxSampleMs = 5;

/** Which rules were asked on the way through some, and which of them matched. */
export interface Trail {
  readonly asked: number[];
  readonly hits: number[];
}

/** A rule on the bill. */
export interface BillRow {
  readonly id: number;
  /** `file:line`. */
  readonly at: string;
  /** How often it matched. */
  readonly hits: number;
  /** How often it was asked: the common pass rules it out otherwise. */
  readonly asked: number;
  /** Time of its operators and actions in ms, reckoned from the sample. */
  readonly cpuMs: number;
}

/** What a rule set did since it stands. */
export interface BillAnswer {
  readonly phases: number;
  /** The pass that rules share, in ms, reckoned from the sample. */
  readonly sharedMs: number;
  /** Transactions that spent their budget. */
  readonly overruns: number;
  readonly rows: readonly BillRow[];
}

/** The bill of one rule set, in arrays of fixed size. */
export class Bill {
  readonly #program: Program;
  readonly #hits: Float64Array;
  readonly #asked: Float64Array;
  readonly #sampledMs: Float64Array;
  #phases = 0;
  #sampled = 0;
  #sharedMs = 0;
  #overruns = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#hits = new Float64Array(program.rules.length);
    this.#asked = new Float64Array(program.rules.length);
    this.#sampledMs = new Float64Array(program.rules.length);
  }

  /** A phase begins; whether it is one of those whose rules are timed. */
  begin(): boolean {
    return this.#phases++ % sampleEvery === 0;
  }

  /** The common pass of a timed phase took `ms`. */
  shared(ms: number): void {
    this.#sampled++;
    this.#sharedMs += Math.min(ms, maxSampleMs);
  }

  asked(rule: number): void {
    this.#asked[rule]!++;
  }

  /** These rules were asked, and those matched. */
  went({ asked, hits }: Trail): void {
    for (let index = 0; index < asked.length; index++) this.#asked[asked[index]!]!++;
    for (let index = 0; index < hits.length; index++) this.#hits[hits[index]!]!++;
  }

  hit(rule: number): void {
    this.#hits[rule]!++;
  }

  /** A rule of a timed phase took `ms`. */
  took(rule: number, ms: number): void {
    this.#sampledMs[rule]! += Math.min(ms, maxSampleMs);
  }

  overran(): void {
    this.#overruns++;
  }

  /** Every rule that was asked, the dearest first. */
  read(): BillAnswer {
    const scale = this.#sampled === 0 ? 0 : this.#phases / this.#sampled;
    const rows: BillRow[] = [];
    for (const rule of this.#program.rules) {
      if (rule === null || this.#asked[rule.number] === 0) continue;
      rows.push({
        id: rule.id,
        at: rule.at,
        hits: this.#hits[rule.number]!,
        asked: this.#asked[rule.number]!,
        cpuMs: this.#sampledMs[rule.number]! * scale,
      });
    }
    rows.sort((one, other) => other.cpuMs - one.cpuMs || other.hits - one.hits || other.asked - one.asked);
    return { phases: this.#phases, sharedMs: this.#sharedMs * scale, overruns: this.#overruns, rows };
  }
}
