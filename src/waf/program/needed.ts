// Which rules of a phase a request needs to be asked: those that are always asked, and those that one of its values answers.

import { Codes } from '../codes.ts';
import { ANY } from '../marks.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { Many, Phase, Single } from '../variables/variable.ts';
import { type Known, Memory } from './memory.ts';
import type { Lane, Link, Plan, Program, View } from './program.ts';
import type { Foreseen, Needed } from './run.ts';
import { type Stage, Stages, UNSIGNED } from './stages.ts';
import { Stretches } from './stretches.ts';
import { Ways } from './ways.ts';

/** The rules by values, after a plan. What it gives is its own, and true until it is asked again. */
export function neededBy(plan: Plan): Needed {
  const finder = new Finder(plan);
  return (program, transaction, phase) => finder.find(program, transaction, phase);
}

/** Every rule is asked: the slow way, which the other must agree with. */
export const everyRule: Needed = () => null;

/** Places of a lane of which the last value is remembered. */
const maxLast = 32;

/** What most values answer. */
const nothing: readonly number[] = [];

/** From this length on the memory of a value may be more than is kept. */
const longValue = 4096;

class Finder implements Foreseen {
  readonly #plan: Plan;
  /** Rules by what was answered: their first links, and behind those their second. */
  readonly #answered: Uint32Array;
  readonly rules: Uint32Array;
  readonly stretches: Stretches;
  ways: Ways | null = null;
  readonly #hits: Uint32Array;
  readonly #stages: readonly Stages[];
  readonly #memory: Memory;
  /** By phase, lane and place: what is known of the value that came last. */
  readonly #last: readonly (readonly (Known | null)[][])[];
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
    this.stretches = new Stretches(plan);
    this.#memory = new Memory(plan.views.length);
    this.#last = plan.lanes.map((lanes) => lanes.map(() => []));
  }

  find(program: Program, transaction: Transaction, phase: Phase): Foreseen | null {
    const plan = this.#plan;
    if (transaction.removedRules.length > 0 && this.#losesSkippers(transaction)) return null;
    const { start, end } = program.phases[phase]!;
    this.ways ??= new Ways(program);
    if (phase === 1) this.#memory.turn++;
    this.#answered.fill(0);
    this.#byValue.clear();
    const lanes = plan.lanes[phase]!;
    for (let number = 0; number < lanes.length; number++) {
      const lane = lanes[number]!;
      const last = this.#last[phase]![number]!;
      if (lane.variable.shape === 'one') this.#lookAtOne(transaction, lane, last);
      else this.#lookAtMembers(transaction, lane, last);
    }
    this.#gather(start, end);
    return this;
  }

  #lookAtOne(transaction: Transaction, { variable, general }: Lane, last: (Known | null)[]): void {
    const value = general === null ? null : (variable as Single).read(transaction);
    if (value === null || transaction.spend(value.length)) return;
    this.#look(general!, value, this.#knownOf(value, last, 0, general!.number + 1));
  }

  /** What is known of a value, which stands at `place` of its lane. */
  #knownOf(value: string, last: (Known | null)[], place: number, kind: number): Known | null {
    // Because one client says the same again and again: to compare two texts is cheaper than to look for one.
    const before = place < last.length ? last[place]! : null;
    if (before !== null && before.text === value) return before;
    const known = this.#memory.find(value, kind);
    if (place < last.length) last[place] = known;
    else if (place === last.length && place < maxLast) last.push(known);
    return known;
  }

  #lookAtMembers(transaction: Transaction, { variable, general, byName, path }: Lane, last: (Known | null)[]): void {
    const many = variable as Many;
    const pairs = path === null ? many.read(transaction) : many.select!(transaction, path);
    const { values } = pairs;
    if (values.length === 0 || (byName.size === 0 && general === null)) return;
    const { lower } = pairs;
    pairs.notes ??= [];
    const notes = pairs.notes as (Known | null | undefined)[];
    for (let index = 0; index < values.length && !transaction.spend(values[index]!.length); index++) {
      const view = byName.size === 0 ? general : (byName.get(lower[index]!) ?? general);
      if (index >= notes.length) notes.push(undefined);
      if (view === null) continue;
      let known = notes[index];
      if (known === undefined) {
        known = this.#knownOf(values[index]!, last, index, 0);
        notes[index] = known;
      }
      this.#look(view, values[index]!, known);
    }
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

  #look(view: View, value: string, known: Known | null): void {
    const before = known === null ? undefined : known.answers[view.number];
    if (before !== undefined) {
      if (before.length > 0) this.#note(value, before);
      return;
    }
    const found = this.#found;
    found.length = 0;
    this.#judge(view, value);
    const rules = found.length === 0 ? nothing : found.slice();
    if (known !== null) known.answers[view.number] = rules;
    if (rules.length > 0) this.#note(value, rules);
  }

  #note(value: string, rules: readonly number[]): void {
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
    if (stage.wanted !== null) this.#match(view, stage, text, marks, number, stage.wanted);
    const { questions, steps } = stage;
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
          const left = transformation.leaves === undefined ? changed.marks : transformation.leaves(marks);
          const found = marksIn(left, changed);
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
    { rulesOf, absences }: Stage,
    text: Codes,
    marks: number,
    number: number,
    wanted: Uint32Array,
  ): void {
    const hits = this.#hits;
    if (view.set.matchCodes(text, marks, hits, wanted, number) > 0)
      for (let word = 0; word < wanted.length; word++)
        for (let bits = hits[word]!; bits !== 0; bits &= bits - 1) {
          const member = (word << 5) + 31 - Math.clz32(bits & -bits);
          const rules = rulesOf.get(member);
          if (rules !== undefined) for (const rule of rules) this.#need(rule);
        }
    for (const { member, rule } of absences) if ((hits[member >> 5]! & (1 << (member & 31))) === 0) this.#need(rule);
  }
}

/** Because nothing is in an empty value, and little in a dot, and length, digests and the like still make something of them. */
function marksIn(marks: number, { length, list }: Codes): number {
  return length === 0 || (length === 1 && list[0] === 46) ? ANY : marks;
}
