// How a program is run by value, not by rule: for each kind of value, everything that the rules of a phase ask of it, as one tree of
// transformations with one set of patterns. A rule whose questions no value answers is not asked at all.

import type { Lane, Link, MemberSet, Node, Plan, Program, Question, Rule, Target, View } from '../program/program.ts';
import type { Transformation } from '../transformations/transformation.ts';
import type { Variable } from '../variables/variable.ts';
import { fold } from './fold.ts';

type Member = NonNullable<NonNullable<Link['matcher']>['member']>;

/** Makes one set of members. */
export type SetMaker = (members: readonly Member[]) => MemberSet;

/** The plan of a program. `isFolded` false leaves every rule in. */
export function planOf(program: Program, makeSet: SetMaker, isFolded = true): Plan {
  const planner = new Planner(program, isFolded);
  return planner.plan(makeSet);
}

/** What one rule asks of the values of one target. */
interface Ask {
  readonly rule: number;
  readonly target: Target;
  readonly link: Link;
}

class Planner {
  readonly #program: Program;
  readonly #folding: {
    readonly beneath: ReadonlyMap<string, string>;
    readonly live: Uint32Array;
    readonly skippers: readonly Rule[];
  };
  readonly #members = new Map<Member, number>();
  readonly #always: Uint32Array;
  #views = 0;
  readonly #words = new Map<Transformation, number>();

  constructor(program: Program, isFolded: boolean) {
    this.#program = program;
    const words = (program.rules.length + 31) >> 5;
    this.#folding = isFolded
      ? fold(program)
      : { beneath: new Map(), live: new Uint32Array(words).fill(-1), skippers: [] };
    this.#always = new Uint32Array(words);
  }

  plan(makeSet: SetMaker): Plan {
    const asks: Ask[][] = this.#program.phases.map(({ start, end }) => this.#asksOf(start, end));
    for (const list of asks)
      for (const { link } of list) {
        const member = memberOf(link);
        if (member !== null && !this.#members.has(member)) this.#members.set(member, this.#members.size);
      }
    const memberWords = Math.max(1, (this.#members.size + 31) >> 5);
    const lanes = asks.map((list) => this.#lanesOf(list, memberWords));
    return {
      always: this.#always,
      lanes,
      views: this.#views,
      set: makeSet([...this.#members.keys()]),
      memberWords,
      beneath: this.#folding.beneath,
      skippers: this.#folding.skippers,
    };
  }

  #lanesOf(asks: readonly Ask[], memberWords: number): Lane[] {
    const view = (own: readonly Ask[]): View => viewOf(own, this.#members, memberWords, this.#views++, this.#words);
    const byVariable = new Map<string, Ask[]>();
    for (const ask of asks) {
      const key = `${ask.target.name}\n${ask.target.path ?? ''}`;
      byVariable.set(key, [...(byVariable.get(key) ?? []), ask]);
    }
    return [...byVariable.values()].map((list) => {
      const { variable, path, name } = list[0]!.target;
      const names = new Set<string>();
      if (path === null)
        for (const { target, link } of list) {
          if (target.key !== null) names.add(target.key);
          for (const exclusion of link.exclusions)
            if (exclusion.name === name && exclusion.key !== null) names.add(exclusion.key);
        }
      const general = list.filter(({ target, link }) => target.key === null && !isWhollyExcluded(link, name));
      return {
        variable: variable as Variable,
        path,
        byName: new Map([...names].map((one) => [one, view(list.filter((ask) => looksAt(ask, name, one)))])),
        general: general.length === 0 ? null : view(general),
      };
    });
  }

  /** The questions of the rules of a phase; rules that cannot be judged by values are always asked. */
  #asksOf(start: number, end: number): Ask[] {
    const asks: Ask[] = [];
    for (let number = start; number < end; number++) {
      if ((this.#folding.live[number >> 5]! & (1 << (number & 31))) === 0) continue;
      const link = tellingLink(this.#program.rules[number]!);
      if (link === null) this.#always[number >> 5]! |= 1 << (number & 31);
      else for (const target of link.targets) asks.push({ rule: number, target, link });
    }
    return asks;
  }
}

/** The link without whose match the rule does nothing and that only looks at values known before the phase; patterns first. */
function tellingLink(rule: Rule): Link | null {
  let best: Link | null = null;
  for (const link of rule.links) {
    const isStable =
      link.targets.length > 0 && link.targets.every(({ variable, isCount }) => variable.isStable && !isCount);
    if (isStable && (best === null || (memberOf(best) === null && memberOf(link) !== null))) best = link;
    // Because what it does at a match would not be done if a later link decided that the rule need not be asked.
    if (link.effects.length > 0 || link.captures) break;
  }
  return best;
}

function memberOf({ matcher, isNegated }: Link): Member | null {
  return isNegated ? null : (matcher?.member ?? null);
}

function isWhollyExcluded(link: Link, variable: string): boolean {
  return link.exclusions.some(({ name, selects }) => name === variable && selects === null);
}

function looksAt({ target, link }: Ask, variable: string, name: string): boolean {
  if (target.key !== null && target.key !== name) return false;
  if (target.pattern !== null && !target.pattern.test(name)) return false;
  return !link.exclusions.some(
    (exclusion) => exclusion.name === variable && (exclusion.selects === null || exclusion.selects(name)),
  );
}

interface Growing {
  readonly word: number;
  readonly transformation: Transformation | null;
  readonly changes: number;
  readonly apply: (value: string) => string;
  readonly next: Growing[];
  wanted: Uint32Array | null;
  readonly questions: Question[];
}

function growing(transformation: Transformation | null, words: Map<Transformation, number>): Growing {
  const apply = transformation === null ? (value: string) => value : (value: string) => transformation.apply(value);
  let word = transformation === null ? 0 : words.get(transformation);
  if (word === undefined) {
    word = words.size + 1;
    words.set(transformation!, word);
  }
  return { word, transformation, changes: transformation?.changes ?? 0, apply, next: [], wanted: null, questions: [] };
}

function viewOf(
  asks: readonly Ask[],
  members: ReadonlyMap<Member, number>,
  memberWords: number,
  number: number,
  words: Map<Transformation, number>,
): View {
  const root = growing(null, words);
  const rulesOf = new Map<number, number[]>();
  const present = new Set<number>();
  for (const { rule, link } of asks) {
    const member = memberOf(link);
    const index = member === null ? -1 : members.get(member)!;
    if (link.matcher === null) {
      present.add(rule);
      continue;
    }
    for (const node of placesOf(root, link, words)) {
      if (index < 0) {
        node.questions.push({ rule, isNegated: link.isNegated, matcher: link.matcher });
        continue;
      }
      node.wanted ??= new Uint32Array(memberWords);
      node.wanted[index >> 5]! |= 1 << (index & 31);
      const rules = rulesOf.get(index) ?? [];
      if (!rules.includes(rule)) rulesOf.set(index, [...rules, rule]);
    }
  }
  const all = nodesOf(root);
  const withMembers = all.flatMap(({ wanted }) => wanted ?? []);
  return {
    number,
    root: root as Node,
    changes: all.reduce((marks, { changes }) => marks | changes, 0),
    allWanted:
      withMembers.length === 0
        ? null
        : Uint32Array.from({ length: memberWords }, (_, word) =>
            withMembers.reduce((bits, wanted) => bits | wanted[word]!, 0),
          ),
    allQuestions: all.flatMap(({ questions }) => questions),
    rulesOf,
    present: [...present],
  };
}

/** Where in the tree a link asks: behind all of its transformations, with multiMatch behind each. */
function placesOf(root: Growing, link: Link, words: Map<Transformation, number>): Growing[] {
  let node = root;
  const passed = [root];
  for (const transformation of link.transformations) {
    let next = node.next.find((one) => one.transformation === transformation);
    if (next === undefined) {
      next = growing(transformation, words);
      node.next.push(next);
    }
    node = next;
    passed.push(node);
  }
  return link.multiMatch ? passed : [node];
}

function nodesOf(node: Growing): Growing[] {
  return [node, ...node.next.flatMap(nodesOf)];
}
