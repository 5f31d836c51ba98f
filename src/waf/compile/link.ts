// Pending rules become a program: phases in a row, numbers given, defaults filled in, markers resolved.

import type { Disruption, Draft } from '../actions/action.ts';
import type { EngineSettings, Link, PhaseSpan, Program, Rule } from '../program/program.ts';
import type { Phase } from '../variables/variable.ts';
import type { Compiler } from './compiler.ts';
import { emptyDraft, type PendingLink, type PendingRule, type Step, transformationsOf } from './rule.ts';

const phases: readonly Phase[] = [1, 2, 3, 4, 5];

/** The program of all steps that were not removed. */
export function link(
  steps: readonly Step[],
  defaults: ReadonlyMap<Phase, Draft>,
  settings: EngineSettings,
  files: readonly string[],
  compiler: Compiler,
): Program {
  const rules: (Rule | null)[] = [];
  const spans: PhaseSpan[] = [{ start: 0, end: 0 }];
  const markers = new Set(
    steps.flatMap((step) => ('marker' in step ? [step.marker] : [String(step.links[0]!.draft.id)])),
  );
  for (const phase of phases) {
    while (rules.length % 32 !== 0) rules.push(null);
    const start = rules.length;
    const own = steps.filter(
      (step): step is PendingRule => !('marker' in step) && step.phase === phase && !step.isRemoved,
    );
    const numbers = new Map(own.map((rule, index) => [rule, start + index]));
    const jumps = new Jumps(steps, numbers, start + own.length, markers);
    for (const rule of own)
      rules.push(ruleOf(rule, numbers.get(rule)!, defaults.get(phase) ?? standard(), jumps, compiler));
    spans.push({ start, end: rules.length });
  }
  return { rules, phases: spans, settings, files };
}

function standard(): Draft {
  return { ...emptyDraft(), isLogged: true, isAudited: true, disruption: { kind: 'pass' } };
}

/** Where `skipAfter` and `skip` lead within one phase. */
class Jumps {
  readonly #steps: readonly Step[];
  readonly #numbers: ReadonlyMap<PendingRule, number>;
  readonly #end: number;
  readonly #markers: ReadonlySet<string>;
  readonly #places: ReadonlyMap<Step, number>;

  constructor(
    steps: readonly Step[],
    numbers: ReadonlyMap<PendingRule, number>,
    end: number,
    markers: ReadonlySet<string>,
  ) {
    this.#steps = steps;
    this.#numbers = numbers;
    this.#end = end;
    this.#markers = markers;
    this.#places = new Map(steps.map((step, index) => [step, index]));
  }

  has(marker: string): boolean {
    return this.#markers.has(marker);
  }

  /** The first rule of the phase behind the marker, or rule id, that follows `from`; the end of the phase where none follows. */
  after(from: PendingRule, marker: string): number {
    for (let index = this.#places.get(from)! + 1; index < this.#steps.length; index++) {
      const step = this.#steps[index]!;
      const name = 'marker' in step ? step.marker : String(step.links[0]!.draft.id);
      if (name === marker) return this.#next(index + 1);
    }
    return this.#end;
  }

  /** The rule of the phase from step `index` on. */
  #next(index: number): number {
    for (let at = index; at < this.#steps.length; at++) {
      const step = this.#steps[at]!;
      const number = 'marker' in step ? undefined : this.#numbers.get(step);
      if (number !== undefined) return number;
    }
    return this.#end;
  }

  over(number: number, count: number): number {
    return Math.min(this.#end, number + 1 + count);
  }
}

function ruleOf(pending: PendingRule, number: number, defaults: Draft, jumps: Jumps, compiler: Compiler): Rule {
  const head = pending.links[0]!.draft;
  const isLogged = head.isLogged ?? defaults.isLogged ?? true;
  if (head.skipAfter !== '' && !jumps.has(head.skipAfter))
    compiler.fault(
      pending.piece,
      `skipAfter leads to ${head.skipAfter}, and no SecMarker is called so`,
      `write SecMarker ${head.skipAfter} behind the rules to skip`,
    );
  return {
    number,
    id: head.id,
    phase: pending.phase,
    at: pending.at,
    message: head.message,
    logData: head.logData,
    severity: head.severity,
    tags: head.tags,
    version: head.version,
    revision: head.revision,
    links: pending.links.map((one) => linkOf(one, defaults, compiler)),
    disruption: disruptionOf(head, defaults),
    status: head.status > 0 ? head.status : defaults.status,
    jump:
      head.skipAfter !== '' ? jumps.after(pending, head.skipAfter) : head.skip > 0 ? jumps.over(number, head.skip) : -1,
    isLogged,
    isAudited: head.isAudited ?? (isLogged && (defaults.isAudited ?? true)),
  };
}

function disruptionOf(head: Draft, defaults: Draft): Disruption {
  const own = head.disruption ?? { kind: 'block' };
  return own.kind === 'block' ? (defaults.disruption ?? { kind: 'pass' }) : own;
}

function linkOf({ targets, exclusions, asks, draft }: PendingLink, defaults: Draft, compiler: Compiler): Link {
  const { words, names } = transformationsOf(draft, defaults.transformations, compiler);
  const mapped = words.map((word) =>
    compiler.unicodeMap === null || word.mapped === undefined ? word : word.mapped(compiler.unicodeMap),
  );
  return {
    targets,
    exclusions,
    transformations: mapped,
    transformationNames: names,
    multiMatch: draft.multiMatch,
    isNegated: asks.isNegated,
    operator: asks.operator,
    argument: asks.argument,
    matcher: asks.matcher,
    comparison: asks.comparison,
    captures: draft.captures,
    locates: asks.matcher?.locate !== undefined,
    effects: draft.effects,
  };
}
