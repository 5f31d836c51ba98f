// Ways through rules that look at nothing but TX and at what clients say again and again: which fields there are, the method, the protocol.
// Where they led one request, they lead all that stand where it stood, and say the same.

import { ownText } from '../../base/own-text.ts';
import type { Effect, RuleChoice, TargetChoice } from '../actions/action.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { Pairs } from '../variables/pairs.ts';
import type { Many } from '../variables/variable.ts';
import type { Bill, Trail } from './bill.ts';
import type { Link, Program, Rule, Target } from './program.ts';

/** Ways that are kept from one stand, and in all: when there are more, all are found anew. */
const maxFromOne = 32;
const maxWays = 512;
/** Most characters that one of them may keep. */
const maxText = 4096;

type Removal = { readonly choice: RuleChoice; readonly target: TargetChoice };

/** What rules that come read of rules that went: what was written to TX, and what was switched off. */
export class Stand {
  readonly own: ReadonlyMap<string, string | null>;
  /** Of the stretches, as in TX. */
  readonly stage: number;
  readonly removedRules: readonly RuleChoice[];
  readonly removedTargets: readonly Removal[];
  /** Those that were gone last come first. */
  readonly ways: Way[] = [];
  /** The same TX with other things switched off. */
  readonly others: Stand[] = [];

  constructor(transaction: Transaction | null, own: ReadonlyMap<string, string | null> = new Map()) {
    this.own = own;
    this.stage = transaction?.tx.stage ?? 0;
    this.removedRules = transaction === null ? [] : [...transaction.removedRules];
    this.removedTargets = transaction === null ? [] : [...transaction.removedTargets];
  }

  /** Whether the same is switched off for the transaction. */
  hasRemoved({ removedRules, removedTargets }: Transaction): boolean {
    return (
      this.removedRules.length === removedRules.length &&
      this.removedTargets.length === removedTargets.length &&
      this.removedRules.every((choice, index) => choice === removedRules[index]) &&
      this.removedTargets.every(
        ({ choice, target }, index) =>
          choice === removedTargets[index]!.choice && target === removedTargets[index]!.target,
      )
    );
  }
}

/** Something of the request that a way depends on: a text, a number of members, or all members' values. */
type Fact = { readonly target: Target } & (
  | { readonly text: string | null; readonly count: -1; readonly values: null }
  | { readonly text: null; readonly count: number; readonly values: null }
  | { readonly text: null; readonly count: -1; readonly values: readonly string[] }
);

interface Way {
  /** It begins with this rule, and the phase goes on at that one. */
  readonly from: number;
  readonly until: number;
  /** The rules that are asked on it, in words from that of `from` on. */
  readonly asked: Uint32Array;
  readonly facts: readonly Fact[];
  readonly trail: Trail;
  readonly effects: readonly Effect[];
  /** What matched last, or null where nothing did. */
  readonly matched: {
    readonly value: string;
    readonly name: string;
    readonly all: Pairs;
    readonly rule: Rule | null;
  } | null;
  readonly to: Stand;
}

/** What a way depends on and does, gathered while it is gone for the first time. */
export class Witness {
  readonly trail: Trail = { asked: [], hits: [] };
  readonly facts: Fact[] = [];
  readonly effects: Effect[] = [];
  readonly from: number;
  readonly #transaction: Transaction;
  /** Whether something was read that was changed before. */
  isMuddled = false;

  constructor(transaction: Transaction, from: number) {
    this.#transaction = transaction;
    this.from = from;
  }

  /** The link is asked. */
  sees(link: Link): void {
    for (const target of link.targets) {
      const { variable, isCount, key } = target;
      if (variable.shape === 'many' && variable.writes === 'tx') continue;
      if (!variable.isStable && this.effects.length > 0) this.isMuddled = true;
      const isKnown = this.facts.some(
        ({ target: one }) => one.variable === variable && one.isCount === isCount && one.key === key,
      );
      if (!isKnown) this.facts.push(factOf(this.#transaction, target));
    }
  }

  /** Something is done that is not written to TX. */
  does(effect: Effect): void {
    if (effect.setting === undefined) this.effects.push(effect);
  }
}

/** The ways of one program. */
export class Ways {
  /** By rule: 1 where it may be part of a way, 2 where not; 0 as long as nobody asked. */
  readonly #kinds: Uint8Array;
  readonly #program: Program;
  #root = new Stand(null);
  #count = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#kinds = new Uint8Array(program.rules.length);
  }

  /** Where the transaction stands before a phase; null where ways say nothing of it. */
  begin(transaction: Transaction): Stand | null {
    const { stand, tx } = transaction;
    // Because what an owner excuses depends on more than rules look at.
    if (transaction.isExempt !== null) return null;
    if (stand !== undefined) return this.settle(transaction);
    if (tx.size > 0 || tx.stage !== 0) return null;
    tx.takeOver(this.#root.own, this.#root.stage);
    transaction.stand = this.#root;
    return this.settle(transaction);
  }

  /** Where it stands, as far as that was looked at. */
  of({ stand }: Transaction): Stand | null {
    return stand instanceof Stand ? stand : null;
  }

  /** Where it stands behind a rule that may have done anything. */
  settle(transaction: Transaction): Stand | null {
    const stand = this.of(transaction);
    const { tx } = transaction;
    const isSame = stand !== null && tx.isAsIn(stand.own) && tx.stage === stand.stage;
    if (!isSame || stand.hasRemoved(transaction)) {
      transaction.stand = isSame ? stand : null;
      return isSame ? stand : null;
    }
    let other = stand.others.find((one) => one.hasRemoved(transaction));
    if (other === undefined && stand.others.length < maxFromOne && this.#hasRoom()) {
      other = new Stand(transaction, stand.own);
      stand.others.push(other);
    }
    transaction.stand = other ?? null;
    return other ?? null;
  }

  /** Whether the rule may be part of a way. */
  isSteady(rule: number): boolean {
    let kind = this.#kinds[rule]!;
    if (kind === 0) {
      kind = this.#program.rules[rule]!.links.every(isSteady) ? 1 : 2;
      this.#kinds[rule] = kind;
    }
    return kind === 1;
  }

  /** Goes the way that begins with this rule, if it is known, and gives the number at which the phase goes on; else -1. */
  go(stand: Stand, from: number, rules: Uint32Array, transaction: Transaction, bill: Bill | null): number {
    const { ways } = stand;
    for (let index = 0; index < ways.length; index++) {
      const way = ways[index]!;
      if (way.from !== from || !hasAsked(way, rules) || !way.facts.every((fact) => holds(fact, transaction))) continue;
      if (index > 3) {
        ways.splice(index, 1);
        ways.unshift(way);
      }
      follow(way, transaction, bill);
      return way.until;
    }
    return -1;
  }

  /** Keeps the way that the transaction went up to `until`, unless more happened on it than is kept; it then stands where that is. */
  keep(
    stand: Stand,
    witness: Witness,
    rules: Uint32Array,
    until: number,
    transaction: Transaction,
    isMatched: boolean,
  ): void {
    const { isMuddled, facts, effects, trail, from } = witness;
    const { tx, matchedVar, matchedVarName, matchedVars, current } = transaction;
    const own = tx.isAsIn(stand.own) ? stand.own : tx.copied(maxText);
    const isQuiet = trail.hits.every((rule) => isSilent(this.#program.rules[rule]!));
    const isWhole = !transaction.overran && !isMuddled && isQuiet && own !== null;
    const isShort = matchedVar.length <= maxText && facts.every(isShortFact) && matchedVars.count < 256;
    if (!isWhole || !isShort || !this.#hasRoom()) {
      this.settle(transaction);
      return;
    }
    const to = new Stand(transaction, own);
    const matched = isMatched
      ? { value: ownText(matchedVar), name: ownText(matchedVarName), all: ownPairs(matchedVars), rule: current }
      : null;
    const asked = rules.slice(from >> 5, ((until - 1) >> 5) + 1);
    stand.ways.unshift({ from, until, asked, facts, trail, effects, matched, to });
    if (stand.ways.length > maxFromOne) stand.ways.pop();
    tx.takeOver(own, tx.stage);
    transaction.stand = to;
  }

  /** Whether one more may be kept; where not, all are forgotten, and transactions under way end with what they know. */
  #hasRoom(): boolean {
    if (++this.#count <= maxWays) return true;
    this.#root = new Stand(null);
    this.#count = 0;
    return false;
  }
}

/** Whether all that the link looks at and changes is TX, what comes again, or the same for every request. */
function isSteady({ targets, comparison, matcher, locates, effects }: Link): boolean {
  if (locates || (targets.length === 0 && (matcher !== null || comparison !== null))) return false;
  const isOnes = targets.every(({ variable, isCount, pattern, path }) => {
    if (variable.shape === 'many' && variable.writes === 'tx') return true;
    const { comesAgain } = variable;
    if (path !== null || comesAgain === undefined || (pattern !== null && variable.shape === 'many')) return false;
    return comesAgain === 'values' || isCount;
  });
  if (!isOnes || comparison?.argument.readsMore === true) return false;
  return effects.every(
    ({ setting, isFixed }) =>
      isFixed === true ||
      (setting !== undefined && setting.collection === 'tx' && !setting.name.readsMore && !setting.value.readsMore),
  );
}

/** Whether its match is told to nobody, and stops and spares nothing. */
function isSilent({ isLogged, isAudited, severity, disruption: { kind } }: Rule): boolean {
  return !isLogged && !isAudited && severity < 0 && (kind === 'pass' || kind === 'block' || kind === 'pause');
}

function factOf(transaction: Transaction, target: Target): Fact {
  const { variable, isCount, key } = target;
  if (variable.shape === 'one') {
    const text = variable.read(transaction);
    return { target, text: text === null ? null : ownText(text), count: -1, values: null };
  }
  if (isCount) return { target, text: null, count: countOf(variable, key, transaction), values: null };
  return { target, text: null, count: -1, values: variable.read(transaction).values.map(ownText) };
}

function holds({ target: { variable, key }, text, count, values }: Fact, transaction: Transaction): boolean {
  if (variable.shape === 'one') return variable.read(transaction) === text;
  if (values === null) return countOf(variable, key, transaction) === count;
  const now = variable.read(transaction).values;
  if (now.length !== values.length) return false;
  for (let index = 0; index < values.length; index++) if (now[index] !== values[index]) return false;
  return true;
}

/** Members of that name, or all; exclusions leave the same of them as long as they are as many and the same is switched off. */
function countOf(variable: Many, key: string | null, transaction: Transaction): number {
  const { lower } = variable.read(transaction);
  if (key === null) return lower.length;
  let count = 0;
  for (let index = 0; index < lower.length; index++) if (lower[index] === key) count++;
  return count;
}

function isShortFact({ text, values }: Fact): boolean {
  const length = (text?.length ?? 0) + (values?.reduce((sum, one) => sum + one.length, 0) ?? 0);
  return length <= maxText;
}

/** Whether the same rules are to be asked. */
function hasAsked({ from, until, asked }: Way, rules: Uint32Array): boolean {
  const first = from >> 5;
  for (let word = 0; word < asked.length; word++) {
    let mask = word === 0 ? -1 << (from & 31) : -1;
    if (first + word === until >> 5) mask &= (1 << (until & 31)) - 1;
    if (((asked[word]! ^ rules[first + word]!) & mask) !== 0) return false;
  }
  return true;
}

function follow({ trail, effects, matched, to }: Way, transaction: Transaction, bill: Bill | null): void {
  bill?.went(trail);
  for (let index = 0; index < effects.length; index++) effects[index]!.run(transaction);
  transaction.tx.takeOver(to.own, to.stage);
  transaction.stand = to;
  if (matched === null) return;
  transaction.matchedVar = matched.value;
  transaction.matchedVarName = matched.name;
  transaction.matchedVars = matched.all;
  transaction.current = matched.rule;
}

function ownPairs({ names, values }: Pairs): Pairs {
  return new Pairs(names.map(ownText), values.map(ownText));
}
