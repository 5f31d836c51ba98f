// One rule from its words: a link of targets, operator and actions; a chain is a list of them.

import { type Draft, isFault } from '../actions/action.ts';
import { readActions, readOperator } from '../language/rule.ts';
import type { Piece } from '../language/source.ts';
import { isFault as isOperatorFault, type Matcher } from '../operators/operator.ts';
import type { Exclusion, Link, Target } from '../program/program.ts';
import type { Transformation } from '../transformations/transformation.ts';
import type { Phase } from '../variables/variable.ts';
import type { Compiler } from './compiler.ts';
import { compileMacro } from './macro.ts';
import { compileTargets, targetChoice } from './targets.ts';

/** A link that can still be updated by later directives. */
export interface PendingLink {
  targets: Target[];
  exclusions: Exclusion[];
  readonly asks: Asks;
  draft: Draft;
}

/** A rule that later directives may still change. */
export interface PendingRule {
  readonly phase: Phase;
  readonly piece: Piece;
  readonly at: string;
  readonly links: PendingLink[];
  isRemoved: boolean;
}

/** A marker, or a rule, in the order of the files. */
export type Step = { readonly marker: string } | PendingRule;

/** The operator of a link. */
export interface Asks {
  readonly operator: string;
  readonly argument: string;
  readonly isNegated: boolean;
  readonly matcher: Matcher | null;
  readonly comparison: Link['comparison'];
}

/** A draft with nothing said yet. */
export function emptyDraft(): Draft {
  return {
    id: 0,
    phase: 0,
    message: null,
    logData: null,
    severity: -1,
    tags: [],
    version: '',
    revision: '',
    isChained: false,
    skip: 0,
    skipAfter: '',
    isLogged: null,
    isAudited: null,
    captures: false,
    multiMatch: false,
    status: 0,
    disruption: null,
    transformations: [],
    dropsDefaults: false,
    effects: [],
  };
}

/** Writes the actions that `piece` lists into `draft`. */
export function applyActions(piece: Piece, draft: Draft, compiler: Compiler): void {
  const { actions, transformations } = compiler.language;
  const tools = compiler.actionTools((text) => targetChoice(text, compiler));
  for (const node of readActions(piece, compiler.troubles)) {
    const action = actions.find(node.name.text);
    if (action === null) {
      compiler.fault(
        node.name,
        `there is no action ${node.name.text}`,
        actions.suggestion(node.name.text) || 'docs/seclang.md lists all actions',
      );
      continue;
    }
    if (action.value === 'needed' && (node.value === null || node.value.text === '')) {
      compiler.fault(
        node.name,
        `${node.name.text} needs a value`,
        `write ${action.examples[0] ?? `${node.name.text}:value`}`,
      );
      continue;
    }
    if (node.name.text.toLowerCase() === 't' && transformations.find(node.value!.text) === null) {
      compiler.fault(
        node.value!,
        `there is no transformation ${node.value!.text}`,
        transformations.suggestion(node.value!.text) || 'docs/seclang.md lists all transformations',
      );
      continue;
    }
    const fault = action.apply(draft, node.value?.text ?? '', tools);
    if (fault !== null) compiler.fault(node.value ?? node.name, fault.says, fault.instead);
  }
}

/** The operator that `piece` writes; null where something is wrong, which was told. */
export function compileOperator(piece: Piece, from: string, compiler: Compiler): Asks | null {
  const { operators } = compiler.language;
  const { isNegated, name, argument } = readOperator(piece);
  const word = operators.find(name?.text ?? 'rx');
  if (word === null) {
    compiler.fault(
      name!,
      `there is no operator @${name!.text}`,
      operators.suggestion(name!.text) || 'docs/seclang.md lists all operators',
    );
    return null;
  }
  const operator = operators.spelled(name?.text ?? 'rx');
  if (word.kind === 'refused') {
    compiler.fault(name ?? piece, `@${operator} ${word.says}`, word.instead);
    return null;
  }
  const known = { operator, argument: argument.text, isNegated };
  if (word.kind === 'comparison') {
    const macro = compileMacro(argument.text, compiler.language);
    if (isFault(macro)) {
      compiler.fault(argument, macro.says, macro.instead);
      return null;
    }
    const { literal } = macro;
    if (literal !== null)
      return { ...known, comparison: null, matcher: { test: (value) => word.judge(value, literal) } };
    return { ...known, matcher: null, comparison: { operator: word, argument: macro } };
  }
  if (operator === 'geoLookup') compiler.noteGeoLookup(piece);
  if (operator === 'rbl')
    compiler.warn(piece, `@${operator} ${lower(word.says)}`, 'leave the rule out, or keep it for other engines');
  const matcher = word.build(argument.text, compiler.operatorTools(from));
  if (isOperatorFault(matcher)) {
    compiler.fault(
      argument,
      matcher.says,
      matcher.instead,
      matcher.offset ?? 0,
      matcher.length ?? argument.text.length,
    );
    return null;
  }
  return { ...known, matcher, comparison: null };
}

function lower(says: string): string {
  return says[0]!.toLowerCase() + says.slice(1);
}

/** Targets of a rule, with a word of warning where they ask before they can know. */
export function targetsOf(
  piece: Piece,
  phase: Phase,
  compiler: Compiler,
): { targets: Target[]; exclusions: Exclusion[] } {
  const found = compileTargets(piece, compiler);
  for (const { variable, name } of found.targets)
    if (variable.since > phase)
      compiler.warn(
        piece,
        `${name} is known from phase ${variable.since} on, and the rule runs in phase ${phase}: it sees nothing of it`,
        `write phase:${variable.since}`,
      );
  return found;
}

/** The transformations of a link, in their order: the defaults of the phase, where the rule keeps them, then its own. */
export function transformationsOf(
  draft: Draft,
  defaults: readonly string[],
  compiler: Compiler,
): { words: Transformation[]; names: string[] } {
  const names = (draft.dropsDefaults ? draft.transformations : [...defaults, ...draft.transformations]).map((name) =>
    compiler.language.transformations.spelled(name),
  );
  return { names, words: names.map((name) => compiler.language.transformations.find(name)!) };
}
