// Which patterns of a set share an automaton, and what the automata said about the value of one call.

import type { Codes } from '../codes.ts';
import type { Meter } from './meter.ts';
import type { Pattern } from './pattern.ts';
import type { PhraseSet } from './phrases.ts';
import { maxShared, maxSharedSteps, type SharedDfa, shareAutomaton } from './union.ts';

/** As many candidates of a group make its automaton worth its pass. */
const minCandidates = 2;

/** The groups of one set: neighbours, because rules that stand together look for similar things. */
export class Groups {
  readonly #meter: Meter;
  /** By member: its group, -1 where it has none, and its bit there. */
  readonly #groupOf: Int16Array;
  readonly #bitOf: Uint8Array;
  /** The patterns of each group, and their automaton once two of them were candidates at a time, which most groups never see. */
  readonly #groups: readonly (readonly Pattern[])[];
  readonly #automata: (SharedDfa | undefined)[];
  /** By group: the call that the numbers below are of. */
  readonly #calls: Float64Array;
  readonly #candidates: Uint8Array;
  /** A bit for each pattern that matches; -1 where the automaton gave up, -2 where it was not asked. */
  readonly #answers: Int32Array;

  /** `isSelective` tells members that can be ruled out before they are asked: others match too often to share. */
  constructor(members: readonly (Pattern | PhraseSet)[], isSelective: (member: number) => boolean, meter: Meter) {
    this.#meter = meter;
    this.#groupOf = new Int16Array(members.length).fill(-1);
    this.#bitOf = new Uint8Array(members.length);
    const groups: Pattern[][] = [];
    let room = 0;
    for (const [member, one] of members.entries()) {
      if (!('program' in one) || !one.isSettled || !isSelective(member)) continue;
      if (one.program.size > maxSharedSteps / 2) continue;
      if (one.program.size > room || groups.at(-1)!.length === maxShared) {
        groups.push([]);
        room = maxSharedSteps;
      }
      room -= one.program.size;
      this.#groupOf[member] = groups.length - 1;
      this.#bitOf[member] = groups.at(-1)!.push(one) - 1;
    }
    this.#groups = groups;
    this.#automata = groups.map(() => undefined);
    this.#calls = new Float64Array(groups.length);
    this.#candidates = new Uint8Array(groups.length);
    this.#answers = new Int32Array(groups.length);
  }

  /** Notes in call `call` that `member` is a candidate. */
  candidate(member: number, call: number): void {
    const group = this.#groupOf[member]!;
    if (group < 0) return;
    if (this.#calls[group] !== call) {
      this.#calls[group] = call;
      this.#candidates[group] = 0;
      this.#answers[group] = -2;
    }
    this.#candidates[group]!++;
  }

  /** Whether `member` matches the value of call `call`; null where it must be asked alone. */
  answer(member: number, call: number, codes: Codes): boolean | null {
    const group = this.#groupOf[member]!;
    if (group < 0 || this.#calls[group] !== call || this.#candidates[group]! < minCandidates) return null;
    if (this.#answers[group] === -2) this.#answers[group] = this.#automatonOf(group).match(codes, this.#meter);
    const answer = this.#answers[group]!;
    return answer < 0 ? null : ((answer >>> this.#bitOf[member]!) & 1) === 1;
  }

  #automatonOf(group: number): SharedDfa {
    this.#automata[group] ??= shareAutomaton(this.#groups[group]!.map(({ program }) => program));
    return this.#automata[group];
  }
}
