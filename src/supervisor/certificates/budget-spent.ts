// A rate limit of a CA that would be met: it is not asked at all.

import type { Ledger } from './ledger.ts';

/** Which limits, and when there is room again. */
export class BudgetSpent extends Error {
  /** In ms from `now`. */
  readonly restMs: number;

  constructor(directory: string, names: readonly string[], ledger: Ledger, now: number) {
    const spent = ledger.budgets(directory, names, now).filter(({ left, isGuess }) => left === 0 && !isGuess);
    const moreAt = Math.max(...spent.map((budget) => budget.moreAt));
    const says = spent.map((budget) => `${budget.most} ${budget.says}`).join(', ');
    super(
      `the budget at ${new URL(directory).host} is spent (${says}); there is room again at ${new Date(moreAt).toISOString()}`,
    );
    this.restMs = moreAt - now;
  }
}
