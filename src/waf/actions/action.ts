// What an action is: a word that says something about a rule, or what happens when it matches.

import type { Facts, Phase } from '../variables/variable.ts';

/** A text with `%{…}` in it. */
export interface Macro {
  /** The text where it holds no macro, or null. */
  readonly literal: string | null;
  /** The members of TX that it reads (lower case), and whether it reads anything else. */
  readonly readsTx: readonly string[];
  readonly readsMore: boolean;
  /** The text before its first macro. */
  readonly prefix: string;
  expand(facts: Facts): string;
}

/** What is wrong with the value of an action. */
export interface Fault {
  readonly says: string;
  readonly instead: string;
}

/** Rules by what they are called. */
export interface RuleChoice {
  readonly by: 'id' | 'tag' | 'msg';
  chooses(rule: { readonly id: number; readonly tags: readonly string[]; readonly message: string }): boolean;
}

/** A target that a rule looks at no more. */
export interface TargetChoice {
  readonly variable: string;
  /** Null for the whole collection. */
  readonly selects: ((lowerName: string) => boolean) | null;
}

export type EngineMode = 'on' | 'off' | 'detect';

/** What effects may change: the transaction, as they see it. */
export interface State extends Facts {
  /** Sets (text), or adds to (number), a member of a collection that rules write. */
  put(collection: string, name: string, value: string): void;
  increase(collection: string, name: string, by: number): void;
  unset(collection: string, name: string): void;
  expire(collection: string, name: string, seconds: number): void;
  deprecate(collection: string, name: string, by: number, seconds: number): void;
  /** Opens a collection that lasts. */
  open(collection: string, key: string): void;
  setEnvironment(name: string, value: string): void;
  setEngine(mode: EngineMode): void;
  setAudit(mode: EngineMode | 'relevant'): void;
  setAuditParts(parts: string): void;
  setBodyProcessor(name: string): void;
  forceBodyVariable(on: boolean): void;
  setAccess(side: 'request' | 'answer', on: boolean): void;
  setLimit(side: 'request' | 'answer', bytes: number): void;
  removeRules(choice: RuleChoice): void;
  removeTarget(choice: RuleChoice, target: TargetChoice): void;
}

/** A change of a member of a collection, as far as it is known before a request comes. */
export interface Setting {
  readonly collection: string;
  readonly name: Macro;
  readonly how: 'put' | 'add' | 'subtract' | 'unset';
  readonly value: Macro;
}

/** What happens at a match. */
export interface Effect {
  run(state: State): void;
  /** Where it does nothing but set a member, what it sets. */
  readonly setting?: Setting;
  /** Whether it does the same whatever the transaction is. */
  readonly isFixed?: boolean;
  /** Where it takes rules out of the transaction, which. */
  readonly removes?: RuleChoice;
}

/** What stops an exchange, or lets it go. */
export type Disruption =
  | { readonly kind: 'pass' | 'block' | 'deny' | 'drop' | 'pause' }
  | { readonly kind: 'allow'; readonly scope: 'all' | 'phase' | 'request' }
  | { readonly kind: 'redirect'; readonly location: Macro };

/** A rule while its actions are read. */
export interface Draft {
  id: number;
  phase: Phase | 0;
  message: Macro | null;
  logData: Macro | null;
  /** 0 (emergency) to 7 (debug), or -1. */
  severity: number;
  readonly tags: string[];
  version: string;
  revision: string;
  isChained: boolean;
  skip: number;
  skipAfter: string;
  isLogged: boolean | null;
  isAudited: boolean | null;
  captures: boolean;
  multiMatch: boolean;
  status: number;
  disruption: Disruption | null;
  /** Names of transformations in their order; `none` empties it. */
  readonly transformations: string[];
  dropsDefaults: boolean;
  readonly effects: Effect[];
}

/** What actions are compiled with. */
export interface ActionTools {
  macro(text: string): Macro | Fault;
  target(text: string): TargetChoice | Fault;
  pattern(text: string): { test(value: string): boolean } | Fault;
}

/** One action. */
export interface Action {
  /** One sentence for the manual. */
  readonly says: string;
  readonly value: 'none' | 'needed' | 'optional';
  /** As it is written in a rule, run as tests: each must compile. */
  readonly examples: readonly string[];
  /** Writes it into the draft, or says what is wrong. */
  apply(draft: Draft, value: string, tools: ActionTools): Fault | null;
}

/** Whether something is a fault and not the thing that was asked for. */
export function isFault(thing: object): thing is Fault {
  return 'says' in thing && 'instead' in thing;
}
