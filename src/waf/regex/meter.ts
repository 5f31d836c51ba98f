// Counts the work of matching, so that the worst input can be told by steps and not by a clock.

/** Steps that were done: one for a byte read in a table, one for each step of an automaton that was followed. */
export class Meter {
  steps = 0;
}
