// The loop: the rules of a phase in their order, those that were switched off left out, and what a match leads to.

import type { RuleMatch, Transaction } from '../transaction/transaction.ts';
import { Pairs } from '../variables/pairs.ts';
import type { Phase } from '../variables/variable.ts';
import type { Bill, Trail } from './bill.ts';
import { Asking, matches } from './match.ts';
import type { Answers, Evidence, Program, Rule, Stretch } from './program.ts';
import { type Stretches, standingOf } from './stretches.ts';
import { type Ways, Witness } from './ways.ts';

/** Matches that one transaction keeps. */
const maxKept = 256;

/** What is known ahead of the rules of a phase; null: nothing, every rule is asked. */
export type Needed = (program: Program, transaction: Transaction, phase: Phase) => Foreseen | null;

/** What the values of a phase answer, and where its rules led before. */
export interface Foreseen extends Answers {
  readonly stretches: Stretches;
  /** Ways through the program; null: none. */
  readonly ways: Ways | null;
}

/** Rules between two looks at the clock. */
const rulesAtOnce = 8;

/**
 * Runs one phase. What it found is in the transaction: `matches`, `interruption`, and `overran` where it spent its budget,
 * which leaves the rest of the rules unasked. What rules did is on the `bill`.
 */
export function runPhase(
  program: Program,
  transaction: Transaction,
  phase: Phase,
  needed: Needed,
  bill: Bill | null = null,
): void {
  if (transaction.engine === 'off' || isOver(transaction, phase)) return;
  if (transaction.allowed === 'phase') transaction.allowed = 'no';
  const { start, end } = program.phases[phase]!;
  if (start === end) return;
  const { tools } = transaction;
  transaction.beginPhase();
  const isTimed = bill?.begin() === true;
  const begun = isTimed ? tools.monotonicMs() : 0;
  const answers = needed(program, transaction, phase);
  const set = answers === null ? null : answers.rules;
  if (isTimed) bill!.shared(tools.monotonicMs() - begun);
  const asking = new Asking(transaction, answers);
  const ways = answers?.ways ?? null;
  let stand = ways === null ? null : ways.begin(transaction);
  let number = nextOf(set, start, end);
  for (let count = 1; number < end && !transaction.overran; count++) {
    if (stand !== null && ways!.isSteady(number)) {
      const until = ways!.go(stand, number, set!, transaction, bill);
      number = nextOf(set, until < 0 ? firstWay(asking, program, answers!, number, end, bill) : until, end);
      stand = ways!.of(transaction);
      if (mustStop(transaction, phase)) break;
      continue;
    }
    const stretch = answers?.stretches.at(number, transaction) ?? null;
    if (stretch !== null) {
      number = nextOf(set, passStretch(asking, program, answers!, stretch, bill, null), end);
      if (mustStop(transaction, phase)) break;
      continue;
    }
    const rule = program.rules[number]!;
    const before = isTimed ? tools.monotonicMs() : 0;
    number = nextOf(set, isRemoved(transaction, rule) ? number + 1 : step(asking, rule, bill), end);
    if (isTimed) bill!.took(rule.number, tools.monotonicMs() - before);
    if (stand !== null) stand = ways!.settle(transaction);
    if (count % rulesAtOnce === 0) transaction.look();
    if (mustStop(transaction, phase)) break;
  }
  transaction.endPhase();
  if (transaction.overran) bill?.overran();
}

/** Stands in for what matched before, to tell whether anything did since. */
const nothingMatched = new Pairs();

/** Goes from rule to rule as long as each may be part of a way, keeps where that led, and gives the number at which the phase goes on. */
function firstWay(
  asking: Asking,
  program: Program,
  answers: Foreseen,
  from: number,
  end: number,
  bill: Bill | null,
): number {
  const { transaction } = asking;
  const { stretches, rules } = answers;
  const ways = answers.ways!;
  const stand = ways.of(transaction)!;
  const witness = new Witness(transaction, from);
  asking.witness = witness;
  const { matchedVars } = transaction;
  transaction.matchedVars = nothingMatched;
  let number = from;
  while (number < end && ways.isSteady(number) && !transaction.overran) {
    const rule = program.rules[number]!;
    const stretch = stretches.at(number, transaction);
    if (stretch !== null) number = passStretch(asking, program, answers, stretch, bill, witness.trail);
    else if (isRemoved(transaction, rule)) number++;
    else {
      witness.trail.asked.push(number);
      number = step(asking, rule, bill, witness.trail);
    }
    number = nextOf(rules, number, end);
    transaction.look();
    if (mustStop(transaction, rule.phase)) break;
  }
  asking.witness = null;
  const isMatched = transaction.matchedVars !== nothingMatched;
  if (!isMatched) transaction.matchedVars = matchedVars;
  ways.keep(stand, witness, rules, number, transaction, isMatched);
  return number;
}

/** Leaves what a stretch of rules leaves, by what is known of it or by asking its rules; gives the number at which the phase goes on. */
function passStretch(
  asking: Asking,
  program: Program,
  answers: Foreseen,
  stretch: Stretch,
  bill: Bill | null,
  outer: Trail | null,
): number {
  const { transaction } = asking;
  const { stretches, rules } = answers;
  const known = stretches.repeat(stretch, transaction, bill, outer);
  if (known >= 0) return known;
  const before = standingOf(transaction);
  const trail: Trail = { asked: [], hits: [] };
  const { matchedVars } = transaction;
  transaction.matchedVars = nothingMatched;
  let number = stretch.start;
  while (number < stretch.end && !transaction.overran) {
    const rule = program.rules[number]!;
    trail.asked.push(number);
    number = step(asking, rule, bill, trail);
    if (number < stretch.end) number = nextOf(rules, number, stretch.end);
    transaction.look();
    if (mustStop(transaction, rule.phase)) break;
  }
  const isMatched = transaction.matchedVars !== nothingMatched;
  if (!isMatched) transaction.matchedVars = matchedVars;
  stretches.keep(stretch, transaction, before, trail, number, isMatched);
  outer?.asked.push(...trail.asked);
  outer?.hits.push(...trail.hits);
  return number;
}

function isOver(transaction: Transaction, phase: Phase): boolean {
  if (phase === 5) return false;
  if (transaction.interruption !== null || transaction.allowed === 'all') return true;
  return transaction.allowed === 'request' && phase <= 2;
}

function mustStop(transaction: Transaction, phase: Phase): boolean {
  if (transaction.allowed !== 'no') return phase !== 5 || transaction.allowed === 'phase';
  return transaction.engine === 'off' || (transaction.interruption !== null && phase !== 5);
}

/** The first rule of the set from `from` on; `end` where there is none. */
function nextOf(set: Uint32Array | null, from: number, end: number): number {
  if (set === null || from >= end) return Math.min(from, end);
  let index = from >> 5;
  let word = set[index]! & (-1 << (from & 31));
  while (word === 0) {
    if (++index << 5 >= end) return end;
    word = set[index]!;
  }
  return (index << 5) + 31 - Math.clz32(word & -word);
}

function isRemoved(transaction: Transaction, rule: Rule): boolean {
  const { removedRules } = transaction;
  if (removedRules.length === 0) return false;
  const known = { id: rule.id, tags: rule.tags, message: rule.message?.literal ?? '' };
  for (const choice of removedRules) if (choice.chooses(known)) return true;
  return false;
}

/** Asks one rule; gives the number at which the phase goes on. */
function step(asking: Asking, rule: Rule, bill: Bill | null, trail: Trail | null = null): number {
  const { transaction, evidence } = asking;
  bill?.asked(rule.number);
  if (transaction.scores.length > 0) transaction.scores = [];
  if (!matches(asking, rule)) return rule.number + 1;
  bill?.hit(rule.number);
  trail?.hits.push(rule.number);
  note(transaction, rule, evidence);
  disrupt(transaction, rule);
  return rule.jump >= 0 ? rule.jump : rule.number + 1;
}

function note(transaction: Transaction, rule: Rule, evidence: Evidence): void {
  if (rule.severity >= 0 && rule.severity < transaction.highestSeverity) transaction.highestSeverity = rule.severity;
  if (rule.isAudited) transaction.isAudited = true;
  // Because `nolog,auditlog` means the audit log, which is written of what is told here.
  if ((!rule.isLogged && !rule.isAudited) || transaction.matches.length >= maxKept) return;
  transaction.current = rule;
  const hasEvidence = evidence.link !== null;
  const match: RuleMatch = {
    rule,
    place: hasEvidence ? evidence.place : '',
    value: hasEvidence ? evidence.value : '',
    found: hasEvidence ? evidence.found : '',
    message: rule.message?.expand(transaction) ?? '',
    data: rule.logData?.expand(transaction) ?? '',
    transformations: evidence.link?.transformationNames ?? [],
    link: evidence.link,
    scores: transaction.scores,
  };
  transaction.matches.push(match);
}

function disrupt(transaction: Transaction, rule: Rule): void {
  const { disruption } = rule;
  if (disruption.kind === 'pass' || disruption.kind === 'block' || disruption.kind === 'pause') return;
  if (disruption.kind === 'allow') {
    transaction.allowed = disruption.scope;
    return;
  }
  const interruption = {
    kind: disruption.kind,
    status: rule.status > 0 ? rule.status : disruption.kind === 'redirect' ? 302 : 403,
    location: disruption.kind === 'redirect' ? disruption.location.expand(transaction) : '',
    rule,
    message: rule.message?.expand(transaction) ?? '',
  };
  if (transaction.engine === 'on') transaction.interruption ??= interruption;
  else transaction.wouldBe ??= interruption;
}
