// The tree of transformations of one view as a value meets it: the nodes that the value reaches unchanged are one stage, so that
// everything asked of one text is asked once. Stages are made when a value first needs them. No value is kept here.

import { ANY } from '../marks.ts';
import type { Matcher } from '../operators/operator.ts';
import type { Transformation } from '../transformations/transformation.ts';
import type { Absence, MemberSet, Node, View } from './program.ts';

/** A bit that no byte is marked with: to be taken together with the marks of a value. */
export const UNSIGNED = 0x80000000 | 0;

/** Stages that one view keeps; when there are more, all are made anew. */
const maxStages = 512;

/** A question asked of the text of a stage, and the rules that are needed by each answer. */
export interface StageQuestion {
  readonly matcher: Matcher;
  /** Marks without which the answer is no. */
  readonly signs: number;
  readonly whenTrue: readonly number[];
  readonly whenFalse: readonly number[];
}

/** A transformation that leads on from a stage. */
export interface Step {
  readonly transformation: Transformation;
  /** Whether anything could be answered behind it by what it makes of a value with these marks. */
  mayAnswer(marks: number): boolean;
  /** The stage of what it made, by the marks of that. */
  after(marks: number): Stage;
}

/** Everything that is asked of one text. */
export interface Stage {
  /** Members that are looked for, or null. */
  readonly wanted: Uint32Array | null;
  /** By member: the rules that look for it in this text, and not only in what transformations make of it. */
  readonly rulesOf: ReadonlyMap<number, readonly number[]>;
  /** Of the wanted, members without which a rule is needed. */
  readonly absences: readonly Absence[];
  readonly questions: readonly StageQuestion[];
  readonly steps: readonly Step[];
}

/** The stages of one view. */
export class Stages {
  readonly #root: readonly Node[];
  readonly #set: MemberSet;
  /** The marks that decide which transformations change a value; those that change every value need none. */
  readonly #decides: number;
  #beginnings = new Map<number, Stage>();
  #count = 0;

  constructor(view: View) {
    this.#root = [view.root];
    this.#set = view.set;
    this.#decides = decidingMarks(view.root);
  }

  /** Where a value with these marks begins. */
  begin(marks: number): Stage {
    const key = marks & this.#decides;
    const known = this.#beginnings.get(key);
    if (known !== undefined) return known;
    if (this.#count >= maxStages) {
      this.#beginnings = new Map();
      this.#count = 0;
    }
    const stage = this.#make(this.#root, marks);
    this.#beginnings.set(key, stage);
    return stage;
  }

  /** The stage of all nodes that a value with these marks reaches from `nodes` unchanged. */
  #make(nodes: readonly Node[], marks: number): Stage {
    this.#count++;
    const reached = [...nodes];
    const leading = new Map<number, Node[]>();
    for (let index = 0; index < reached.length; index++)
      for (const one of reached[index]!.next) {
        if ((marks & one.changes) === 0) reached.push(one);
        else leading.set(one.word, [...(leading.get(one.word) ?? []), one]);
      }
    return {
      wanted: unionOf(reached),
      rulesOf: rulesOf(reached),
      absences: reached.flatMap(({ absences }) => absences),
      questions: questionsOf(reached),
      steps: [...leading.values()].map((targets) => this.#step(targets)),
    };
  }

  #step(targets: readonly Node[]): Step {
    const transformation = targets[0]!.transformation!;
    const stages = new Map<number, Stage>();
    const set = this.#set;
    const behind = targets.flatMap(nodesFrom);
    const wanted = unionOf(behind);
    const makes = behind.reduce((marks, node) => marks | (node.transformation!.makes ?? ANY), 0);
    const asked = behind.flatMap(({ questions }) => questions);
    const signs = asked.reduce((marks, { matcher }) => marks | signsOf(matcher), 0);
    const isOpen = behind.some(({ absences }) => absences.length > 0) || asked.some(({ isNegated }) => isNegated);
    return {
      transformation,
      mayAnswer(marks) {
        const all = marks | makes;
        return isOpen || ((all | UNSIGNED) & signs) !== 0 || (wanted !== null && set.mayMatch(all, wanted));
      },
      after: (marks) => {
        const key = marks & this.#decides;
        let stage = stages.get(key);
        if (stage === undefined) {
          stage = this.#make(targets, marks);
          // Because values of many kinds must not make one stage's memory grow before all are made anew.
          if (this.#count < maxStages) stages.set(key, stage);
        }
        return stage;
      },
    };
  }
}

function decidingMarks({ changes, next }: Node): number {
  const own = (changes & 0x40000000) === 0 ? changes : 0;
  return next.reduce((marks, one) => marks | decidingMarks(one), own);
}

/** A node and all that follow it. */
function nodesFrom(node: Node): Node[] {
  return [node, ...node.next.flatMap(nodesFrom)];
}

/** Marks without one of which the answer is no; `UNSIGNED` where every value has to be asked. */
function signsOf({ signs }: Matcher): number {
  return signs ?? UNSIGNED;
}

function unionOf(nodes: readonly Node[]): Uint32Array | null {
  const all = nodes.flatMap(({ wanted }) => wanted ?? []);
  return all.length === 0
    ? null
    : Uint32Array.from(all[0]!, (_, word) => all.reduce((bits, wanted) => bits | wanted[word]!, 0));
}

/** By member: the rules of all nodes that look for it, each once. */
function rulesOf(nodes: readonly Node[]): ReadonlyMap<number, readonly number[]> {
  const looking = nodes.filter((node) => node.rulesOf.size > 0);
  if (looking.length === 1) return looking[0]!.rulesOf;
  const all = new Map<number, readonly number[]>();
  for (const node of looking)
    for (const [member, rules] of node.rulesOf) {
      const known = all.get(member);
      all.set(member, known === undefined ? rules : [...new Set([...known, ...rules])]);
    }
  return all;
}

/** The questions of all nodes, each once. */
function questionsOf(nodes: readonly Node[]): StageQuestion[] {
  const found = new Map<Matcher, { whenTrue: Set<number>; whenFalse: Set<number> }>();
  for (const { questions } of nodes)
    for (const { matcher, isNegated, rule } of questions) {
      const rules = found.get(matcher) ?? { whenTrue: new Set(), whenFalse: new Set() };
      (isNegated ? rules.whenFalse : rules.whenTrue).add(rule);
      found.set(matcher, rules);
    }
  return [...found].map(([matcher, { whenTrue, whenFalse }]) => ({
    matcher,
    signs: signsOf(matcher),
    whenTrue: [...whenTrue],
    whenFalse: [...whenFalse],
  }));
}
