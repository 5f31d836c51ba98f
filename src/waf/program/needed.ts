// Which rules of a phase a request needs to be asked: those that are always asked, and those that one of its values answers.

import { ANY, marksOf } from '../marks.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { Phase } from '../variables/variable.ts';
import type { Lane, Plan, Program, View } from './program.ts';
import type { Needed } from './run.ts';
import { type Stage, Stages } from './stages.ts';

/** Values whose answers one view remembers, and the longest such value in characters: what clients send again and again (their names,
 * what they accept, their cookies) is looked at once. Twice as many are kept, the older half dropped whole. */
const maxRemembered = 256;
const maxRememberedLength = 256;

/** Values that one value may become under the transformations of a phase: more are matched one by one. */
const maxForms = 24;
/** Steps of transformations that are remembered while one value is followed. */
const maxSteps = 64;

/** The rules by values, after a plan. The set that it gives is its own, and true until it is asked again. */
export function neededBy(plan: Plan): Needed {
  const finder = new Finder(plan);
  return (program, transaction, phase) => finder.find(program, transaction, phase);
}

/** Every rule is asked: the slow way, which the other must agree with. */
export const everyRule: Needed = () => null;

const nothing: readonly number[] = Object.freeze([]);

/** What is remembered of one view: two halves, the older dropped when the younger is full. */
class Memory {
  #young = new Map<string, readonly number[]>();
  #old = new Map<string, readonly number[]>();

  get(value: string): readonly number[] | undefined {
    const rules = this.#young.get(value);
    if (rules !== undefined) return rules;
    const old = this.#old.get(value);
    if (old !== undefined) this.set(value, old);
    return old;
  }

  set(value: string, rules: readonly number[]): void {
    if (this.#young.size >= maxRemembered) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(value, rules);
  }
}

class Finder {
  readonly #plan: Plan;
  readonly #needed: Uint32Array;
  readonly #hits: Uint32Array;
  readonly #formValues: string[] = [];
  readonly #formWanted: Uint32Array[];
  #forms = 0;
  /** By view: the rules that a value answers. */
  readonly #stages: readonly Stages[];
  readonly #memories: readonly Memory[];
  /** What transformations made of the value in hand and of what others made of it: chains share most of their steps. */
  readonly #stepWords = new Int32Array(maxSteps);
  readonly #stepValues: string[] = [];
  readonly #stepResults: string[] = [];
  readonly #stepMarks = new Int32Array(maxSteps);
  #steps = 0;
  /** Where answers are gathered to be remembered, or null. */
  #found: number[] | null = null;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#needed = new Uint32Array(plan.always.length);
    this.#hits = new Uint32Array(plan.memberWords);
    this.#stages = viewsOf(plan).map((view) => new Stages(view));
    this.#memories = Array.from({ length: plan.views }, () => new Memory());
    this.#formWanted = Array.from({ length: maxForms }, () => new Uint32Array(plan.memberWords));
  }

  find(program: Program, transaction: Transaction, phase: Phase): Uint32Array | null {
    const plan = this.#plan;
    if (transaction.removedRules.length > 0 && this.#losesSkippers(transaction)) return null;
    const { start, end } = program.phases[phase]!;
    const needed = this.#needed;
    for (let word = start >> 5; word << 5 < end; word++) needed[word] = plan.always[word]!;
    for (const lane of plan.lanes[phase]!) {
      const { variable, general, byName } = lane;
      if (variable.shape === 'one') {
        const value = general === null ? null : variable.read(transaction);
        if (value !== null && !transaction.spend(value.length)) this.#look(general!, value);
        continue;
      }
      const pairs = lane.path === null ? variable.read(transaction) : variable.select!(transaction, lane.path);
      const { values } = pairs;
      if (byName.size === 0) {
        if (general !== null)
          for (let index = 0; index < values.length && !transaction.spend(values[index]!.length); index++)
            this.#look(general, values[index]!);
        continue;
      }
      const { lower } = pairs;
      for (let index = 0; index < values.length && !transaction.spend(values[index]!.length); index++) {
        const view = byName.get(lower[index]!) ?? general;
        if (view !== null) this.#look(view, values[index]!);
      }
    }
    return needed;
  }

  /** Whether a rule that was left out, and would have skipped others, is switched off for this transaction. */
  #losesSkippers(transaction: Transaction): boolean {
    return transaction.removedRules.some((choice) =>
      this.#plan.skippers.some((rule) =>
        choice.chooses({ id: rule.id, tags: rule.tags, message: rule.message?.literal ?? '' }),
      ),
    );
  }

  #mark(rule: number): void {
    this.#needed[rule >> 5]! |= 1 << (rule & 31);
  }

  #need(rule: number): void {
    if (this.#found === null) this.#mark(rule);
    else if (!this.#found.includes(rule)) this.#found.push(rule);
  }

  #look(view: View, value: string): void {
    if (value.length > maxRememberedLength) {
      this.#found = null;
      this.#judge(view, value);
      return;
    }
    const memory = this.#memories[view.number]!;
    let rules = memory.get(value);
    if (rules === undefined) {
      const found: number[] = [];
      this.#found = found;
      this.#judge(view, value);
      this.#found = null;
      rules = found.length === 0 ? nothing : found;
      memory.set(value, rules);
    }
    for (let index = 0; index < rules.length; index++) this.#mark(rules[index]!);
  }

  #judge(view: View, value: string): void {
    for (const rule of view.present) this.#need(rule);
    this.#forms = 0;
    this.#steps = 0;
    // Because nothing is in an empty value, and length, digests and the like still make something of it.
    const marks = value === '' ? ANY : marksOf(value);
    this.#walk(view, this.#stages[view.number]!.begin(marks), value, marks);
    for (let form = 0; form < this.#forms; form++) this.#match(view, this.#formValues[form]!, this.#formWanted[form]!);
  }

  /** Follows the stages; each different text is matched once, whatever the number of chains that lead to it. */
  #walk(view: View, stage: Stage, value: string, marks: number): void {
    const { wanted, questions, steps } = stage;
    if (wanted !== null) this.#gather(view, value, wanted);
    for (const { matcher, whenTrue, whenFalse } of questions)
      for (const rule of matcher.test(value) ? whenTrue : whenFalse) this.#need(rule);
    for (const one of steps) {
      const known = this.#stepOf(one.word, value);
      if (known >= 0) {
        const knownMarks = this.#stepMarks[known]!;
        this.#walk(view, one.after(knownMarks), this.#stepResults[known]!, knownMarks);
        continue;
      }
      const changed = one.apply(value);
      const changedMarks = changed === value ? marks : changed === '' ? ANY : marksOf(changed);
      this.#remember(one.word, value, changed, changedMarks);
      this.#walk(view, one.after(changedMarks), changed, changedMarks);
    }
  }

  /** The step that was taken already, or -1. */
  #stepOf(word: number, value: string): number {
    for (let step = 0; step < this.#steps; step++)
      if (this.#stepWords[step] === word && this.#stepValues[step] === value) return step;
    return -1;
  }

  #remember(word: number, value: string, result: string, marks: number): void {
    if (this.#steps === maxSteps) return;
    this.#stepWords[this.#steps] = word;
    this.#stepValues[this.#steps] = value;
    this.#stepResults[this.#steps] = result;
    this.#stepMarks[this.#steps++] = marks;
  }

  #gather(view: View, value: string, wanted: Uint32Array): void {
    for (let form = 0; form < this.#forms; form++) {
      if (this.#formValues[form] !== value) continue;
      const all = this.#formWanted[form]!;
      for (let word = 0; word < all.length; word++) all[word]! |= wanted[word]!;
      return;
    }
    if (this.#forms === maxForms) {
      this.#match(view, value, wanted);
      return;
    }
    this.#formValues[this.#forms] = value;
    this.#formWanted[this.#forms++]!.set(wanted);
  }

  #match(view: View, value: string, wanted: Uint32Array): void {
    const hits = this.#hits;
    if (this.#plan.set.match(value, hits, wanted) === 0) return;
    for (let word = 0; word < hits.length; word++)
      for (let bits = hits[word]!; bits !== 0; bits &= bits - 1) {
        const rules = view.rulesOf.get((word << 5) + 31 - Math.clz32(bits & -bits));
        if (rules !== undefined) for (const rule of rules) this.#need(rule);
      }
  }
}

/** All views of a plan by their numbers. */
function viewsOf(plan: Plan): View[] {
  const views: View[] = [];
  const take = (view: View | null): void => {
    if (view !== null) views[view.number] = view;
  };
  for (const lane of plan.lanes.flat() as Lane[]) {
    take(lane.general);
    for (const view of lane.byName.values()) take(view);
  }
  return views;
}
