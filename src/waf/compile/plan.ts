// How a program is run by value, not by rule: for each kind of value, everything that the rules of a phase ask of it, as one tree of
// transformations with one set of patterns. A rule whose questions no value answers is not asked at all.

import { atOnce, type Pieces } from '../../base/in-pieces.ts';
import type { Matcher } from '../operators/operator.ts';
import type {
  Absence,
  Lane,
  Link,
  MemberSet,
  Plan,
  Program,
  Question,
  Rule,
  Target,
  View,
} from '../program/program.ts';
import type { Transformation } from '../transformations/transformation.ts';
import type { Variable } from '../variables/variable.ts';
import { clustersOf } from './clusters.ts';
import { fold } from './fold.ts';
import { stretchesOf } from './stretches.ts';

type Member = NonNullable<NonNullable<Link['matcher']>['member']>;

/** Makes one set of members. */
export type SetMaker = (members: readonly Member[]) => MemberSet;

/** The plan of a program, a phase or a set a piece. `isFolded` false leaves every rule in. */
export function* planning(program: Program, makeSet: SetMaker, isFolded = true): Pieces<Plan> {
  const planner = new Planner(program, isFolded);
  yield;
  return yield* planner.plan(makeSet);
}

/** The same at once. */
export function planOf(program: Program, makeSet: SetMaker, isFolded = true): Plan {
  return atOnce(planning(program, makeSet, isFolded));
}

/** What one rule asks of the values of one target. */
interface Ask {
  /** Its number; for its second link behind those of all rules. */
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
  readonly #always: Uint32Array;
  /** Rules that are needed where two of their links are answered. */
  readonly #paired: Uint32Array;
  readonly #tells = new Map<Link, number>();
  readonly #views: Draft[] = [];
  readonly #words = new Map<Transformation, number>();

  constructor(program: Program, isFolded: boolean) {
    this.#program = program;
    const words = (program.rules.length + 31) >> 5;
    this.#folding = isFolded
      ? fold(program)
      : { beneath: new Map(), live: new Uint32Array(words).fill(-1), skippers: [] };
    this.#always = new Uint32Array(words);
    this.#paired = new Uint32Array(words);
  }

  *plan(makeSet: SetMaker): Pieces<Plan> {
    const lanes: Lane[][] = [];
    for (const { start, end } of this.#program.phases) {
      lanes.push(this.#lanesOf(this.#asksOf(start, end)));
      yield;
    }
    let memberWords = 1;
    for (const { members, views } of clustersOf(this.#views.map((view) => view.members))) {
      const set = makeSet(members);
      const numbers = new Map(members.map((member, number) => [member, number]));
      const words = Math.max(1, (members.length + 31) >> 5);
      memberWords = Math.max(memberWords, words);
      for (const view of views) this.#views[view]!.settle(set, numbers, words);
      yield;
    }
    return {
      always: this.#always,
      paired: this.#paired,
      tells: this.#tells,
      lanes,
      views: this.#views,
      memberWords,
      beneath: this.#folding.beneath,
      skippers: this.#folding.skippers,
      ...stretchesOf(this.#program, this.#folding.live),
    };
  }

  #view(asks: readonly Ask[]): View {
    const view = new Draft(this.#views.length, asks, this.#words);
    this.#views.push(view);
    return view;
  }

  #lanesOf(asks: readonly Ask[]): Lane[] {
    const view = (own: readonly Ask[]): View => this.#view(own);
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
      const bit = 1 << (number & 31);
      if ((this.#folding.live[number >> 5]! & bit) === 0) continue;
      const links = tellingLinks(this.#program.rules[number]!);
      if (links.length === 0) this.#always[number >> 5]! |= bit;
      if (links.length === 2) this.#paired[number >> 5]! |= bit;
      for (const [index, link] of links.entries()) {
        const rule = number + index * this.#always.length * 32;
        this.#tells.set(link, rule);
        for (const target of link.targets) asks.push({ rule, target, link });
      }
    }
    return asks;
  }
}

/**
 * Links (two at most, the rarest first) without whose match the rule does nothing, and that only look at values known before the
 * phase.
 */
function tellingLinks(rule: Rule): Link[] {
  const telling: Link[] = [];
  for (const link of rule.links) {
    if (link.locates) break;
    if (link.targets.length > 0 && link.targets.every(({ variable, isCount }) => variable.isStable && !isCount))
      telling.push(link);
    // Because what it does at a match would not be done if a later link decided that the rule need not be asked.
    if (link.effects.length > 0 || (link.captures && !link.isNegated)) break;
  }
  return telling.sort((one, other) => commonness(one) - commonness(other)).slice(0, 2);
}

/** How often a link is answered: patterns that must be found are rare, and so is what is not there. */
function commonness({ matcher, isNegated, targets }: Link): number {
  const isNamed = targets.every(({ key }) => key !== null);
  return (!isNegated && matcher?.member !== undefined ? 0 : 2) + (isNamed ? 0 : 1);
}

/** The matcher of a link: of a comparison, where its argument is the same for every request. */
function matcherOf({ matcher, comparison }: Link): Matcher | null {
  if (matcher !== null || comparison === null) return matcher;
  const { operator, argument } = comparison;
  const { literal } = argument;
  return literal === null ? null : { test: (value) => operator.judge(value, literal) };
}

function memberOf({ matcher }: Link): Member | null {
  return matcher?.member ?? null;
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

/** A member that is looked for behind the transformations of a node. */
interface Sought {
  readonly member: Member;
  readonly rule: number;
  readonly isNegated: boolean;
}

interface Growing {
  readonly word: number;
  readonly transformation: Transformation | null;
  readonly changes: number;
  readonly next: Growing[];
  readonly sought: Sought[];
  wanted: Uint32Array | null;
  readonly rulesOf: Map<number, number[]>;
  readonly absences: Absence[];
  readonly questions: Question[];
}

function growing(transformation: Transformation | null, words: Map<Transformation, number>): Growing {
  let word = transformation === null ? 0 : words.get(transformation);
  if (word === undefined) {
    word = words.size + 1;
    words.set(transformation!, word);
  }
  const changes = transformation?.changes ?? 0;
  return {
    word,
    transformation,
    changes,
    next: [],
    sought: [],
    wanted: null,
    rulesOf: new Map(),
    absences: [],
    questions: [],
  };
}

/** A view while it is made: which numbers its members have is known when all views are. */
class Draft implements View {
  readonly number: number;
  readonly root: Growing;
  readonly members = new Set<Member>();
  readonly present: number[];
  set: MemberSet = { matchCodes: () => 0, mayMatch: () => false };

  constructor(number: number, asks: readonly Ask[], words: Map<Transformation, number>) {
    this.number = number;
    this.root = growing(null, words);
    const present = new Set<number>();
    for (const { rule, link } of asks) {
      const { isNegated } = link;
      const matcher = matcherOf(link);
      const member = memberOf(link);
      if (member !== null) this.members.add(member);
      if (matcher === null) present.add(rule);
      else
        for (const node of placesOf(this.root, link, words))
          if (member === null) node.questions.push({ rule, isNegated, matcher });
          else node.sought.push({ member, rule, isNegated });
    }
    this.present = [...present];
  }

  /** Its members are in `set`, under these numbers; a set of members has so many words. */
  settle(set: MemberSet, numbers: ReadonlyMap<Member, number>, words: number): void {
    this.set = set;
    for (const node of nodesOf(this.root))
      for (const { member: sought, rule, isNegated } of node.sought) {
        const member = numbers.get(sought)!;
        node.wanted ??= new Uint32Array(words);
        node.wanted[member >> 5]! |= 1 << (member & 31);
        if (isNegated) node.absences.push({ member, rule });
        else node.rulesOf.set(member, [...new Set([...(node.rulesOf.get(member) ?? []), rule])]);
      }
  }
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
