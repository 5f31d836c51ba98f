// Whether a rule matches: every value of every target, transformed, shown to the operator; effects happen at each match.

import type { Effect } from '../actions/action.ts';
import { marksOf } from '../marks.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { Pairs } from '../variables/pairs.ts';
import type { Many } from '../variables/variable.ts';
import type { Answers, Evidence, Exclusion, Link, Rule, Target } from './program.ts';
import type { Witness } from './ways.ts';

/** Members of a collection that one rule may look at. */
const maxMatches = 1000;

/** Whether all links of the rule match, in their order; what is found is the evidence of `asking`. */
export function matches(asking: Asking, rule: Rule): boolean {
  asking.evidence.link = null;
  for (const link of rule.links) if (!linkMatches(asking, rule, link)) return false;
  return true;
}

function linkMatches(asking: Asking, rule: Rule, link: Link): boolean {
  const { transaction } = asking;
  if (link.matcher === null && link.comparison === null) {
    for (const effect of link.effects) asking.does(effect);
    return true;
  }
  asking.begin(rule, link);
  for (const target of link.targets) askTarget(transaction, rule, link, target, asking);
  if (asking.matched === null) return false;
  transaction.matchedVars = asking.matched;
  return true;
}

function askTarget(transaction: Transaction, rule: Rule, link: Link, target: Target, asked: Asking): void {
  const { variable } = target;
  if (variable.shape === 'one') {
    if (isExcluded(transaction, rule, link, target.name, '')) return;
    const value = variable.read(transaction);
    if (target.isCount) asked.value(target.label, value === null ? '0' : '1');
    else if (value !== null && asked.mayMatch(value)) asked.value(target.label, value);
    return;
  }
  if (target.isCount) {
    asked.value(target.label, String(countOf(transaction, rule, link, target)));
    return;
  }
  if (target.key !== null && variable.one !== undefined) {
    const value = variable.one(transaction, target.key);
    if (value !== null && !isExcluded(transaction, rule, link, target.name, target.key))
      asked.value(target.label, value);
    return;
  }
  const pairs = membersOf(transaction, target);
  const { lower } = pairs;
  for (let index = 0; index < pairs.count && !transaction.spend(pairs.values[index]!.length); index++) {
    const name = lower[index]!;
    if (target.path === null && target.key !== null && target.key !== name) continue;
    if (!asked.mayMatch(pairs.values[index]!)) continue;
    if (isExcluded(transaction, rule, link, target.name, target.path ?? name)) continue;
    asked.value(target.path === null ? `${target.name}:${pairs.names[index]}` : target.label, pairs.values[index]!);
  }
}

/** The members that the target may look at; those that its pattern does not find are left out. */
function membersOf(transaction: Transaction, target: Target): Pairs {
  const variable = target.variable as Many;
  if (target.path !== null) return variable.select!(transaction, target.path);
  if (target.pattern === null) return variable.read(transaction);
  if (variable.writes === 'tx') return transaction.tx.matching(target.pattern, transaction.tools.asked);
  const all = variable.read(transaction);
  const found = new Pairs();
  for (let index = 0; index < all.count; index++)
    if (target.pattern.test(all.lower[index]!)) found.add(all.names[index]!, all.values[index]!);
  return found;
}

function selects(target: Target, name: string): boolean {
  if (target.key !== null) return target.key === name;
  return target.pattern === null || target.pattern.test(name);
}

function countOf(transaction: Transaction, rule: Rule, link: Link, target: Target): number {
  const { variable } = target;
  if (variable.shape === 'one') return 0;
  if (target.key !== null && variable.one !== undefined) return variable.one(transaction, target.key) === null ? 0 : 1;
  const pairs = target.path === null ? variable.read(transaction) : variable.select!(transaction, target.path);
  if (target.path !== null) return pairs.count;
  let count = 0;
  for (let index = 0; index < pairs.count; index++) {
    const name = pairs.lower[index]!;
    if (selects(target, name) && !isExcluded(transaction, rule, link, target.name, name)) count++;
  }
  return count;
}

/** Whether the rule, or something that happened before, says not to look there. */
function isExcluded(transaction: Transaction, rule: Rule, link: Link, variable: string, name: string): boolean {
  for (const exclusion of link.exclusions) if (excludes(exclusion, variable, name)) return true;
  if (transaction.isExempt?.(rule, name === '' ? variable : `${variable}:${name}`) === true) return true;
  for (const { choice, target } of transaction.removedTargets) {
    if (target.variable !== variable || (target.selects !== null && !target.selects(name))) continue;
    if (choice.chooses({ id: rule.id, tags: rule.tags, message: rule.message?.literal ?? '' })) return true;
  }
  return false;
}

function excludes(exclusion: Exclusion, variable: string, name: string): boolean {
  return exclusion.name === variable && (exclusion.selects === null || exclusion.selects(name));
}

/** The questions of one link after the other; `matched` gathers what answered yes. */
export class Asking {
  readonly transaction: Transaction;
  readonly evidence: Evidence;
  matched: Pairs | null = null;
  /** Told of everything that is asked and done, while a way is gone for the first time. */
  witness: Witness | null = null;
  #rule: Rule | null = null;
  #link!: Link;
  #argument = '';
  readonly #answers: Answers | null;
  /** Whether the value in hand is known to match. */
  #isKnown = false;
  /** The number of the link in the answers, -1 where they say nothing of it. */
  #bit = -1;

  constructor(transaction: Transaction, answers: Answers | null) {
    this.#answers = answers;
    this.transaction = transaction;
    this.evidence = transaction.evidence;
  }

  /** From here on the questions are those of `link`. */
  begin(rule: Rule, link: Link): void {
    this.#rule = rule;
    this.#link = link;
    this.matched = null;
    this.witness?.sees(link);
    this.#bit = this.#answers === null ? -1 : this.#answers.bitOf(link);
    const { comparison } = link;
    if (comparison !== null)
      this.#argument = comparison.argument.literal ?? comparison.argument.expand(this.transaction);
  }

  /** Whether the value has to be shown to the operator: not where it is known that it does not answer. */
  mayMatch(value: string): boolean {
    return this.#bit < 0 || this.#answers!.isAnswered(value, this.#bit);
  }

  /** Shows one value to the operator. */
  value(label: string, value: string): void {
    const { multiMatch, transformations, matcher, isNegated } = this.#link;
    this.#isKnown = matcher !== null && !isNegated && !multiMatch && this.#bit >= 0 && this.mayMatch(value);
    if (multiMatch) this.#ask(label, value);
    let current = value;
    let marks = transformations.length === 0 ? 0 : marksOf(value);
    for (const { changes, apply } of transformations) {
      if (current !== '' && (marks & changes) === 0) continue;
      const next = apply(current);
      if (next === current) continue;
      current = next;
      marks = marksOf(current);
      if (multiMatch) this.#ask(label, current);
    }
    if (!multiMatch) this.#ask(label, current);
  }

  #ask(label: string, value: string): void {
    const { matcher, comparison, isNegated, multiMatch } = this.#link;
    // Because it was found ahead, for the very text, that no pattern is there.
    if (isNegated && this.#bit >= 0 && !multiMatch && matcher?.member !== undefined) {
      this.#match(label, value);
      return;
    }
    // And because it was found ahead that the value, as the transformations leave it, does match.
    if (this.#isKnown) {
      this.#match(label, value);
      return;
    }
    const answer = this.#link.locates
      ? this.#locate(value)
      : matcher === null
        ? comparison!.operator.judge(value, this.#argument)
        : matcher.test(value);
    if (answer !== isNegated) this.#match(label, value);
  }

  /** Whether the database knows the address; GEO holds what it says, for the rules behind. */
  #locate(value: string): boolean {
    const found = this.#link.matcher!.locate!(value);
    if (found === null) return false;
    const members = new Pairs();
    for (const [name, member] of found) members.add(name, member);
    this.transaction.geography = members;
    return true;
  }

  #match(label: string, value: string): void {
    const { transaction, evidence } = this;
    const link = this.#link;
    const matched = this.matched ?? new Pairs();
    this.matched = matched;
    if (matched.count >= maxMatches) return;
    matched.add(label, value);
    transaction.matchedVar = value;
    transaction.matchedVarName = label;
    transaction.current = this.#rule;
    let found = '';
    if (link.captures && !link.isNegated) found = this.#capture(value);
    const isAboutRequest = !label.startsWith('TX:') && !label.startsWith('MATCHED_VAR');
    if (evidence.link === null || isAboutRequest) {
      evidence.place = label;
      evidence.value = value;
      evidence.found = found;
      evidence.link = link;
    }
    for (const effect of link.effects) this.does(effect);
  }

  /** Runs what happens at a match. */
  does(effect: Effect): void {
    this.witness?.does(effect);
    effect.run(this.transaction);
  }

  /** Writes TX:0 to TX:9; gives TX:0. */
  #capture(value: string): string {
    const texts = this.#link.matcher?.capture?.(value);
    if (texts === undefined) return '';
    const { tx } = this.transaction;
    for (let group = 0; group < captureNames.length; group++) {
      const text = texts[group];
      if (text === undefined || text === null) {
        if (tx.get(captureNames[group]!) !== null) tx.unset(captureNames[group]!);
      } else tx.put(captureNames[group]!, text);
    }
    return texts[0] ?? '';
  }
}

const captureNames: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
