// What a rule is once it was read: targets, operator and actions, each still knowing where it stands. Words mean nothing yet.

import type { Piece } from './source.ts';

/** What follows the colon of a target: an exact name, a pattern between slashes, or nothing. */
export interface Selector {
  readonly kind: 'name' | 'pattern';
  readonly text: Piece;
}

/** One target: `ARGS`, `&REQUEST_HEADERS:Host`, `!ARGS:/^x/`. */
export interface TargetNode {
  readonly isCount: boolean;
  readonly isExcluded: boolean;
  readonly name: Piece;
  readonly selector: Selector | null;
}

/** The operator: `!@rx pattern`; a text without `@` is a pattern. */
export interface OperatorNode {
  readonly isNegated: boolean;
  /** Null where only the argument was written: it is `rx`. */
  readonly name: Piece | null;
  readonly argument: Piece;
}

/** One action: `t:lowercase`, `msg:'…'`, `chain`. */
export interface ActionNode {
  readonly name: Piece;
  /** Null where there is no colon. */
  readonly value: Piece | null;
}
