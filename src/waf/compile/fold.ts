// What every request would do alike is done once: rules that only set and compare constants of TX run here, and not again.
//
// The rules of all phases are walked in their order with the values of TX that are the same for every request. A rule that depends on
// nothing else is decided: it is left out, its values are put beneath every transaction, and what it skips is left out as well. What it
// leaves out: a value that a rule about requests may have read or written before, and a rule that such a rule may skip.

import type { Macro, RuleChoice, Setting } from '../actions/action.ts';
import type { Link, Program, Rule } from '../program/program.ts';

/** What was decided. */
export interface Folding {
  /** TX as it is for every transaction before its first rule. */
  readonly beneath: ReadonlyMap<string, string>;
  /** A bit for each rule that still has to be asked. */
  readonly live: Uint32Array;
  /** Rules left out that would have skipped others: where one of them is removed for a transaction, nothing may be left out. */
  readonly skippers: readonly Rule[];
}

/** Walks the program once. */
export function fold(program: Program): Folding {
  const folder = new Folder(program);
  for (const { start, end } of program.phases) folder.phase(start, end);
  return folder;
}

class Folder implements Folding {
  readonly beneath = new Map<string, string>();
  readonly live: Uint32Array;
  readonly skippers: Rule[] = [];
  readonly #program: Program;
  /** Members that rules about requests may have written. */
  readonly #touched = new Set<string>();
  /** Members that they may have read; all of them where `#isSealed`. */
  readonly #frozen = new Set<string>();
  #isSealed = false;
  readonly #touchedPrefixes: string[] = [];
  #isAllTouched = false;
  /** What rules about requests may take out. */
  readonly #removals: RuleChoice[] = [];
  /** Up to here a rule about requests may have skipped. */
  #uncertainTo = 0;
  /** Where rules that came before may lead. */
  readonly #landings = new Set<number>();

  constructor(program: Program) {
    this.#program = program;
    this.live = new Uint32Array((program.rules.length + 31) >> 5);
  }

  phase(start: number, end: number): void {
    this.#uncertainTo = start;
    for (let number = start; number < end; ) {
      const rule = this.#program.rules[number]!;
      const next = this.#decide(rule);
      if (next >= 0) {
        number = next;
        continue;
      }
      this.live[number >> 5]! |= 1 << (number & 31);
      this.#keep(rule);
      number++;
    }
  }

  /** Where the phase goes on behind a rule that is decided, or -1 where it is not. */
  #decide(rule: Rule): number {
    for (const [index, link] of rule.links.entries()) {
      const answer = this.#answer(link);
      if (answer === null) return -1;
      if (answer) continue;
      return rule.links.slice(0, index).every(({ effects }) => effects.length === 0) ? rule.number + 1 : -1;
    }
    if (rule.isLogged || rule.isAudited || rule.severity >= 0) return -1;
    if (rule.disruption.kind !== 'pass' && rule.disruption.kind !== 'block') return -1;
    const settings = this.#settings(rule);
    if (settings === null || (settings.length > 0 && this.#mayBeRemoved(rule))) return -1;
    if (rule.jump >= 0) {
      for (const landing of this.#landings) if (landing > rule.number && landing < rule.jump) return -1;
      this.skippers.push(rule);
    }
    for (const [name, value] of settings) this.beneath.set(name, value);
    return rule.jump >= 0 ? rule.jump : rule.number + 1;
  }

  /** Whether a request may come that does not get what the rule sets. */
  #mayBeRemoved({ id, tags, message }: Rule): boolean {
    const known = { id, tags, message: message?.literal ?? '' };
    return this.#removals.some((choice) => choice.chooses(known));
  }

  /** Whether the link matches, or null where that depends on the request. */
  #answer(link: Link): boolean | null {
    if (link.captures || link.locates || link.multiMatch || link.exclusions.length > 0) return null;
    if (link.targets.length === 0) return link.matcher === null && link.comparison === null ? true : null;
    const argument = link.comparison === null ? null : this.#textOf(link.comparison.argument);
    if (link.comparison !== null && argument === null) return null;
    let isMatch = false;
    for (const { variable, isCount, key } of link.targets) {
      if (variable.shape !== 'many' || variable.writes !== 'tx' || key === null || !this.#isKnown(key)) return null;
      const member = this.beneath.get(key);
      if (member === undefined && !isCount) continue;
      let value = isCount ? (member === undefined ? '0' : '1') : member!;
      for (const transformation of link.transformations) value = transformation.apply(value);
      const answer =
        link.matcher === null ? link.comparison!.operator.judge(value, argument!) : link.matcher.test(value);
      if (answer !== link.isNegated) isMatch = true;
    }
    return isMatch;
  }

  #textOf(macro: Macro): string | null {
    if (macro.literal !== null) return macro.literal;
    if (macro.readsMore || !macro.readsTx.every((name) => this.#isKnown(name))) return null;
    return macro.expand({ member: (_collection: string, name: string) => this.beneath.get(name) ?? null } as never);
  }

  #isKnown(name: string): boolean {
    return (
      !this.#isAllTouched &&
      !this.#touched.has(name) &&
      !this.#touchedPrefixes.some((prefix) => name.startsWith(prefix)) &&
      !isCapture(name)
    );
  }

  /** What the rule sets, where all of it is known and nobody saw it before; null otherwise. */
  #settings(rule: Rule): [string, string][] | null {
    const found: [string, string][] = [];
    const values = new Map<string, string>();
    for (const { effects } of rule.links)
      for (const { setting } of effects) {
        if (
          setting === undefined ||
          setting.collection !== 'tx' ||
          setting.name.literal === null ||
          setting.how === 'unset'
        )
          return null;
        if (rule.number < this.#uncertainTo) return null;
        const name = setting.name.literal.toLowerCase();
        const text = this.#textOf(setting.value);
        if (text === null || !this.#isKnown(name) || this.#isSealed || this.#frozen.has(name)) return null;
        const value = this.#valueOf(setting, values.get(name) ?? this.beneath.get(name) ?? '0', text);
        values.set(name, value);
        found.push([name, value]);
      }
    // Because a later setting of one rule reads what an earlier one wrote only after it was written.
    const readsOwn = rule.links.some(({ effects }) =>
      effects.some(({ setting }) => setting!.value.readsTx.some((name) => values.has(name))),
    );
    return readsOwn ? null : found;
  }

  #valueOf({ how }: Setting, before: string, text: string): string {
    if (how === 'put') return text;
    const by = Number.parseInt(text, 10) || 0;
    return String((Number.parseInt(before, 10) || 0) + (how === 'add' ? by : -by));
  }

  /** Notes what a rule that stays may do. */
  #keep(rule: Rule): void {
    if (rule.jump >= 0) {
      this.#uncertainTo = Math.max(this.#uncertainTo, rule.jump);
      this.#landings.add(rule.jump);
    }
    for (const link of rule.links) {
      for (const { variable, key } of link.targets)
        if (variable.shape === 'many' && variable.writes === 'tx') this.#readIs(key);
      if (link.comparison !== null) this.#readsOf(link.comparison.argument);
      for (const { setting, removes } of link.effects) {
        if (removes !== undefined) this.#removals.push(removes);
        if (setting === undefined) continue;
        this.#readsOf(setting.value);
        if (setting.collection === 'tx') this.#written(setting.name);
      }
    }
    if (rule.message !== null) this.#readsOf(rule.message);
    if (rule.logData !== null) this.#readsOf(rule.logData);
  }

  /** What was read stays known, and may not be given another value beneath what was read. */
  #readIs(key: string | null): void {
    if (key === null) this.#isSealed = true;
    else this.#frozen.add(key);
  }

  #readsOf(macro: Macro): void {
    for (const name of macro.readsTx) this.#readIs(name);
  }

  #written(name: Macro): void {
    if (name.literal !== null) this.#touched.add(name.literal.toLowerCase());
    else {
      if (name.prefix === '') this.#isAllTouched = true;
      else this.#touchedPrefixes.push(name.prefix.toLowerCase());
    }
  }
}

/** Whether the member of TX is one that captures write: `0` to `9`. */
export function isCapture(name: string): boolean {
  return name.length === 1 && name >= '0' && name <= '9';
}
