// The words of the language: every export of the families, found without case; what is misspelt gets its nearest neighbour.

import { nearest } from '../../base/problem.ts';
import type { Action } from '../actions/action.ts';
import * as ctlActions from '../actions/ctl.ts';
import * as effectActions from '../actions/effects.ts';
import * as factActions from '../actions/facts.ts';
import * as flowActions from '../actions/flow.ts';
import * as addressOperators from '../operators/addresses.ts';
import * as numberOperators from '../operators/numbers.ts';
import * as peopleOperators from '../operators/numbers-of-people.ts';
import type { Operator } from '../operators/operator.ts';
import * as otherOperators from '../operators/others.ts';
import * as patternOperators from '../operators/patterns.ts';
import * as textOperators from '../operators/texts.ts';
import * as validityOperators from '../operators/validity.ts';
import * as comments from '../transformations/comments.ts';
import * as digests from '../transformations/digests.ts';
import * as encodings from '../transformations/encodings.ts';
import * as entities from '../transformations/entities.ts';
import * as escapes from '../transformations/escapes.ts';
import * as letters from '../transformations/letters.ts';
import * as paths from '../transformations/paths.ts';
import * as percent from '../transformations/percent.ts';
import * as space from '../transformations/space.ts';
import type { Transformation } from '../transformations/transformation.ts';
import * as answerVariables from '../variables/answer.ts';
import * as argumentVariables from '../variables/arguments.ts';
import * as bodyVariables from '../variables/body.ts';
import * as requestVariables from '../variables/request.ts';
import * as ruleVariables from '../variables/rules.ts';
import * as timeVariables from '../variables/time.ts';
import type { Variable } from '../variables/variable.ts';

/** A family of words. */
export class Words<T extends object> {
  readonly #byName = new Map<string, { readonly name: string; readonly word: T }>();

  /** Names that two words have. */
  readonly clashes: string[] = [];

  /** Takes the exports of modules that are words; functions beside them are not. */
  constructor(...modules: readonly Readonly<Record<string, T | ((...facts: never[]) => unknown)>>[]) {
    for (const module of modules)
      for (const [name, word] of Object.entries(module)) {
        if (typeof word === 'function') continue;
        if (this.#byName.has(name.toLowerCase())) this.clashes.push(name);
        this.#byName.set(name.toLowerCase(), { name, word });
      }
  }

  find(name: string): T | null {
    return this.#byName.get(name.toLowerCase())?.word ?? null;
  }

  /** The name as the manual spells it. */
  spelled(name: string): string {
    return this.#byName.get(name.toLowerCase())?.name ?? name;
  }

  /** `did you mean X?`, or '' where no word is near. */
  suggestion(name: string): string {
    const near = nearest(name, this.names);
    return near === null ? '' : `did you mean ${near}?`;
  }

  get names(): string[] {
    return [...this.#byName.values()].map(({ name }) => name);
  }
}

/** All families. */
export interface Language {
  readonly operators: Words<Operator>;
  readonly transformations: Words<Transformation>;
  readonly variables: Words<Variable>;
  readonly actions: Words<Action>;
}

/** The language with every word that there is. */
export function language(): Language {
  return {
    operators: new Words<Operator>(
      addressOperators,
      numberOperators,
      otherOperators,
      patternOperators,
      peopleOperators,
      textOperators,
      validityOperators,
    ),
    transformations: new Words<Transformation>(
      comments,
      digests,
      encodings,
      entities,
      escapes,
      letters,
      paths,
      percent,
      space,
    ),
    variables: new Words<Variable>(
      answerVariables,
      argumentVariables,
      bodyVariables,
      requestVariables,
      ruleVariables,
      timeVariables,
    ),
    actions: new Words<Action>(ctlActions, effectActions, factActions, flowActions),
  };
}
