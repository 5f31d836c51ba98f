// What stretches of rules leave in TX: found out by the first transaction that comes to one undisturbed, and repeated for all others.

import type { Transaction } from '../transaction/transaction.ts';
import type { Pairs } from '../variables/pairs.ts';
import type { Bill, Trail } from './bill.ts';
import type { Plan, Rule, Stretch } from './program.ts';

/** What the way through a stretch left. */
interface Outcome extends Trail {
  /** Where the phase goes on. */
  readonly next: number;
  readonly written: readonly (readonly [name: string, value: string])[];
  /** What matched last, or null where nothing did. */
  readonly matched: Matched | null;
}

interface Matched {
  readonly value: string;
  readonly name: string;
  readonly all: Pairs;
  readonly rule: Rule | null;
}

/** What a transaction must still have as it was for rules to have done nothing but reckon. */
interface Standing {
  readonly matches: number;
  readonly severity: number;
  readonly isAudited: boolean;
  readonly interruption: unknown;
  readonly wouldBe: unknown;
  readonly allowed: string;
}

/** The stretches of one plan. */
export class Stretches {
  readonly #watched: ReadonlySet<string>;
  readonly #byStart = new Map<number, Stretch>();
  /** By place: what is left, null where a stretch does more than reckon; undefined until that is known. */
  readonly #outcomes: (Outcome | null | undefined)[] = [];

  constructor({ stretches, watched }: Pick<Plan, 'stretches' | 'watched'>) {
    this.#watched = watched;
    for (const stretch of stretches) this.#byStart.set(stretch.start, stretch);
  }

  /**
   * The stretch that begins with this rule, where the transaction comes to it as all do of which no other rule wrote a watched member
   * and nothing was switched off; else null, and every rule has to be asked.
   */
  at(rule: number, transaction: Transaction): Stretch | null {
    const stretch = this.#byStart.get(rule);
    if (stretch === undefined || this.#outcomes[stretch.place] === null) return null;
    const { tx, removedRules, removedTargets, isExempt } = transaction;
    if (tx.stage !== stretch.place || tx.watched !== this.#watched) return null;
    if (removedRules.length > 0 || isExempt !== null) return null;
    // Because CRS itself has rules look away from a request's path, which is nothing to rules of TX.
    for (const { target } of removedTargets) if (target.variable === 'TX') return null;
    return stretch;
  }

  /** Leaves what the stretch leaves and gives where the phase goes on; -1 where that is not known yet. */
  repeat({ place }: Stretch, transaction: Transaction, bill: Bill | null, trail: Trail | null): number {
    const outcome = this.#outcomes[place];
    if (outcome === undefined || outcome === null) return -1;
    const { asked, hits, written, matched } = outcome;
    bill?.went(outcome);
    trail?.asked.push(...asked);
    trail?.hits.push(...hits);
    const { tx } = transaction;
    for (let index = 0; index < written.length; index++) tx.put(written[index]![0], written[index]![1]);
    tx.stage = place + 1;
    if (matched !== null) {
      transaction.matchedVar = matched.value;
      transaction.matchedVarName = matched.name;
      transaction.matchedVars = matched.all;
      transaction.current = matched.rule;
    }
    return outcome.next;
  }

  /** Keeps what a way through the stretch left, unless something else happened on it than reckoning. */
  keep(
    stretch: Stretch,
    transaction: Transaction,
    before: Standing,
    trail: Trail,
    next: number,
    isMatched: boolean,
  ): void {
    const { place, writes } = stretch;
    const { tx, matchedVar, matchedVarName, matchedVars, current } = transaction;
    tx.stage = -1;
    // Because a budget that ended in between says nothing of the rules.
    if (transaction.overran) return;
    if (!isSame(before, standingOf(transaction)) || next < stretch.end) {
      this.#outcomes[place] = null;
      return;
    }
    const written = writes.flatMap((name) => {
      const value = tx.own(name);
      return value === null ? [] : [[name, value] as const];
    });
    const matched = isMatched ? { value: matchedVar, name: matchedVarName, all: matchedVars, rule: current } : null;
    this.#outcomes[place] = { ...trail, next, written, matched };
    tx.stage = place + 1;
  }
}

/** How a transaction stands before a stretch. */
export function standingOf(transaction: Transaction): Standing {
  const { matches, highestSeverity, isAudited, interruption, wouldBe, allowed } = transaction;
  return { matches: matches.length, severity: highestSeverity, isAudited, interruption, wouldBe, allowed };
}

function isSame(one: Standing, other: Standing): boolean {
  return (
    one.matches === other.matches &&
    one.severity === other.severity &&
    one.isAudited === other.isAudited &&
    one.interruption === other.interruption &&
    one.wouldBe === other.wouldBe &&
    one.allowed === other.allowed
  );
}
