// Which rules of a phase a request needs to be asked: those that are always asked, and those that one of its values answers.

import { Codes } from '../codes.ts';
import { ANY } from '../marks.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { Phase } from '../variables/variable.ts';
import { Memory } from './memory.ts';
import type { Answers, Link, Plan, Program, View } from './program.ts';
import type { Needed } from './run.ts';
import { type Stage, Stages, UNSIGNED } from './stages.ts';

/** The rules by values, after a plan. What it gives is its own, and true until it is asked again. */
export function neededBy(plan: Plan): Needed {
  const finder = new Finder(plan);
  return (program, transaction, phase) => finder.find(program, transaction, phase);
}

/** Every rule is asked: the slow way, which the other must agree with. */
export const everyRule: Needed = () => null;

/** From this length on the memory of a value may be more than is kept. */
const longValue = 4096;

class Finder implements Answers {
  readonly #plan: Plan;
  /** Rules by what was answered: their first links, and behind those their second. */
  readonly #answered: Uint32Array;
  readonly rules: Uint32Array;
  readonly #hits: Uint32Array;
  readonly #stages: readonly Stages[];
  readonly #memories: readonly Memory[];
  /** The value in hand and what transformations made of it, by how many were undergone. */
  readonly #forms: Codes[] = [];
  #number = 0;
  /** What the value in hand answers. */
  readonly #found: number[] = [];
  /** By value: what it answers, where that is anything. */
  readonly #byValue = new Map<string, readonly number[]>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#answered = new Uint32Array(plan.always.length * 2);
    this.rules = new Uint32Array(plan.always.length);
    this.#hits = new Uint32Array(plan.memberWords);
    this.#stages = plan.views.map((view) => new Stages(view));
    this.#memories = plan.views.map(() => new Memory());
  }

  find(program: Program, transaction: Transaction, phase: Phase): Answers | null {
    const plan = this.#plan;
    if (transaction.removedRules.length > 0 && this.#losesSkippers(transaction)) return null;
    const { start, end } = program.phases[phase]!;
    this.#answered.fill(0);
    this.#byValue.clear();
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
    this.#gather(start, end);
    return this;
  }

  /** The number under which answers to the link are known; -1 where they are not. */
  bitOf(link: Link): number {
    return this.#plan.tells.get(link) ?? -1;
  }

  /** Whether the value answers the link of that number. */
  isAnswered(value: string, bit: number): boolean {
    return this.#byValue.get(value)?.includes(bit) === true;
  }

  #gather(start: number, end: number): void {
    const { always, paired } = this.#plan;
    const needed = this.rules;
    const answered = this.#answered;
    for (let word = start >> 5; word << 5 < end; word++)
      needed[word] = always[word]! | (answered[word]! & (answered[word + always.length]! | ~paired[word]!));
  }

  /** Whether a rule that was left out, and would have skipped others, is switched off for this transaction. */
  #losesSkippers(transaction: Transaction): boolean {
    return transaction.removedRules.some((choice) =>
      this.#plan.skippers.some((rule) =>
        choice.chooses({ id: rule.id, tags: rule.tags, message: rule.message?.literal ?? '' }),
      ),
    );
  }

  #need(rule: number): void {
    if (!this.#found.includes(rule)) this.#found.push(rule);
  }

  #look(view: View, value: string): void {
    const memory = this.#memories[view.number]!;
    const isExpected = memory.expects(value);
    const known = isExpected ? memory.get(value) : undefined;
    if (known !== undefined) {
      this.#note(value, known);
      return;
    }
    const found = this.#found;
    found.length = 0;
    this.#judge(view, value);
    if (!isExpected && found.length === 0) return;
    const kept = found.slice();
    if (isExpected) memory.set(this.#form(0).copy(), kept);
    this.#note(value, kept);
  }

  #note(value: string, rules: readonly number[]): void {
    if (rules.length === 0) return;
    for (let index = 0; index < rules.length; index++) this.#answered[rules[index]! >> 5]! |= 1 << (rules[index]! & 31);
    const before = this.#byValue.get(value);
    this.#byValue.set(value, before === undefined ? rules : [...before, ...rules]);
  }

  #judge(view: View, value: string): void {
    for (const rule of view.present) this.#need(rule);
    const codes = this.#form(0);
    const marks = marksIn(codes.read(value), codes);
    this.#walk(view, this.#stages[view.number]!.begin(marks), codes, marks, 0, this.#nextNumber());
    if (value.length > longValue) for (const form of this.#forms) form.shrink();
  }

  /** A number for a text that was not there before. */
  #nextNumber(): number {
    this.#number = (this.#number + 1) % Number.MAX_SAFE_INTEGER;
    return this.#number;
  }

  #form(depth: number): Codes {
    let form = this.#forms[depth];
    if (form === undefined) {
      form = new Codes();
      this.#forms.push(form);
    }
    return form;
  }

  /** Asks everything of a text that is asked of it, and of what the transformations behind it make of it. */
  #walk(view: View, stage: Stage, text: Codes, marks: number, depth: number, number: number): void {
    const { wanted, questions, steps } = stage;
    if (wanted !== null) this.#match(view, text, marks, number, wanted, stage);
    // Because an empty value has no byte, whatever it is marked with.
    const known = text.length === 0 ? 0 : marks;
    for (const { matcher, signs, whenTrue, whenFalse } of questions) {
      const answer = ((known | UNSIGNED) & signs) !== 0 && matcher.test(text.text);
      for (const rule of answer ? whenTrue : whenFalse) this.#need(rule);
    }
    for (const step of steps) {
      if (!step.mayAnswer(known)) continue;
      const { transformation } = step;
      const changed = this.#form(depth + 1);
      if (transformation.turn !== undefined && !text.isWide) {
        if (transformation.turn(text, changed)) {
          const found = marksIn(changed.marks, changed);
          const next = transformation.isOfCase === true ? number : this.#nextNumber();
          this.#walk(view, step.after(found), changed, found, depth + 1, next);
        } else this.#walk(view, step.after(marks), text, marks, depth, number);
        continue;
      }
      const made = transformation.apply(text.text);
      if (made === text.text) {
        this.#walk(view, step.after(marks), text, marks, depth, number);
        continue;
      }
      const found = marksIn(changed.read(made), changed);
      const next = transformation.isOfCase === true ? number : this.#nextNumber();
      this.#walk(view, step.after(found), changed, found, depth + 1, next);
    }
  }

  #match(
    view: View,
    text: Codes,
    marks: number,
    number: number,
    wanted: Uint32Array,
    { rulesOf, absences }: Stage,
  ): void {
    const hits = this.#hits;
    if (view.set.matchCodes(text, marks, hits, wanted, number) > 0)
      for (let word = 0; word < wanted.length; word++)
        for (let bits = hits[word]!; bits !== 0; bits &= bits - 1) {
          const rules = rulesOf.get((word << 5) + 31 - Math.clz32(bits & -bits));
          if (rules !== undefined) for (const rule of rules) this.#need(rule);
        }
    for (const { member, rule } of absences) if ((hits[member >> 5]! & (1 << (member & 31))) === 0) this.#need(rule);
  }
}

/** Because nothing is in an empty value, and little in a dot, and length, digests and the like still make something of them. */
function marksIn(marks: number, { length, list }: Codes): number {
  return length === 0 || (length === 1 && list[0] === 46) ? ANY : marks;
}
