// Targets of rules: names become variables, selectors become keys, patterns or paths.

import type { Fault, TargetChoice } from '../actions/action.ts';
import { readTargets } from '../language/rule.ts';
import type { Piece } from '../language/source.ts';
import { readDirectives, SourceFile } from '../language/source.ts';
import type { TargetNode } from '../language/tree.ts';
import type { Trouble } from '../language/trouble.ts';
import type { Exclusion, Target } from '../program/program.ts';
import type { Compiler } from './compiler.ts';

/** Targets and exclusions of one text. */
export interface Targets {
  readonly targets: Target[];
  readonly exclusions: Exclusion[];
}

/** Compiles what `piece` lists; what is wrong goes to the compiler's troubles. */
export function compileTargets(piece: Piece, compiler: Compiler): Targets {
  const result: Targets = { targets: [], exclusions: [] };
  for (const node of readTargets(piece, compiler.troubles)) compileTarget(node, compiler, result);
  return result;
}

function compileTarget(node: TargetNode, compiler: Compiler, result: Targets): void {
  const { variables } = compiler.language;
  const variable = variables.find(node.name.text);
  if (variable === null) {
    compiler.fault(
      node.name,
      `there is no variable ${node.name.text}`,
      variables.suggestion(node.name.text) || 'docs/seclang.md lists all variables',
    );
    return;
  }
  const name = variables.spelled(node.name.text);
  const { selector } = node;
  if (variable.shape === 'one' && selector !== null) {
    compiler.fault(selector.text, `${name} is one value and has no members`, `write ${name} alone`);
    return;
  }
  const isPath = variable.shape === 'many' && variable.select !== undefined;
  if (variable.shape === 'many' && variable.check !== undefined && !node.isExcluded) {
    const says = variable.check(selector?.text.text ?? '');
    if (says !== '') {
      compiler.fault(selector?.text ?? node.name, says, `write ${name}:/* or ${name}://@*`);
      return;
    }
  }
  const pattern = selector?.kind === 'pattern' && !isPath ? compiler.selectorPattern(selector.text) : null;
  if (pattern === undefined) return;
  const text = selector?.text.text ?? null;
  const key = text !== null && pattern === null && !isPath ? text.toLowerCase() : null;
  const path = isPath ? text : null;
  if (node.isExcluded) {
    result.exclusions.push({
      name,
      key: key ?? path,
      selects:
        key !== null
          ? (one) => one === key
          : path !== null
            ? (one) => one === path
            : pattern === null
              ? null
              : (one) => pattern.test(one),
    });
    return;
  }
  const label = text === null ? name : `${name}:${text}`;
  result.targets.push({ variable, name, isCount: node.isCount, key, pattern, path, label });
}

/** A target that is written inside an action: `ARGS:q`. */
export function targetChoice(text: string, compiler: Compiler): TargetChoice | Fault {
  const troubles: Trouble[] = [];
  const file = new SourceFile('', `x "${text.replaceAll('"', '\\"')}"`);
  const words = readDirectives(file, troubles)[0]?.words ?? [];
  const inner = compiler.within(troubles);
  const compiled = words[0] === undefined ? null : compileTargets(words[0], inner);
  if (troubles.length > 0) return { says: troubles[0]!.says, instead: troubles[0]!.instead };
  const target = compiled?.targets[0] ?? null;
  const exclusion = compiled?.exclusions[0] ?? null;
  if (target === null && exclusion === null)
    return { says: `"${text}" is no target`, instead: 'write a variable, such as ARGS:q' };
  if (exclusion !== null) return { variable: exclusion.name, selects: exclusion.selects };
  const { key, pattern, path } = target!;
  const wanted = key ?? path;
  return {
    variable: target!.name,
    selects: wanted !== null ? (name) => name === wanted : pattern === null ? null : (name) => pattern.test(name),
  };
}
