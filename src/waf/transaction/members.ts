// A collection that rules write: what is the same for every transaction beneath, what this one wrote above.

import { ownText } from '../../base/own-text.ts';
import { Pairs } from '../variables/pairs.ts';

/** Members by lower-case name. `null` above hides what is beneath. */
export class Members {
  readonly #beneath: ReadonlyMap<string, string>;
  #own: Map<string, string | null> = new Map();
  /** Whether others have the same map: it is copied before it is written. */
  #isShared = false;
  readonly #maxMembers: number;
  #pairs: Pairs | null = null;
  /** Members that stretches of rules reckon with. */
  readonly watched: ReadonlySet<string>;
  /** How many stretches left what they always leave; -1 from where another rule wrote a watched member. */
  stage = 0;

  constructor(beneath: ReadonlyMap<string, string>, maxMembers: number, watched: ReadonlySet<string> = nobody) {
    this.#beneath = beneath;
    this.#maxMembers = maxMembers;
    this.watched = watched;
  }

  /** How many members this transaction wrote. */
  get size(): number {
    return this.#own.size;
  }

  /** Whether what was written is still what was taken over. */
  isAsIn(own: ReadonlyMap<string, string | null>): boolean {
    return this.#isShared && this.#own === own;
  }

  /** From here on it is as if this transaction had written `own`, and been through as many stretches. */
  takeOver(own: ReadonlyMap<string, string | null>, stage: number): void {
    this.#own = own as Map<string, string | null>;
    this.#isShared = true;
    this.stage = stage;
    this.#pairs = null;
  }

  /** A copy of what it wrote, no piece of any request; null where that is longer than so many characters. */
  copied(maxLength: number): Map<string, string | null> | null {
    const copy = new Map<string, string | null>();
    let length = 0;
    for (const [name, value] of this.#own) {
      length += name.length + (value?.length ?? 0);
      if (length > maxLength) return null;
      copy.set(ownText(name), value === null ? null : ownText(value));
    }
    return copy;
  }

  #write(): void {
    this.#pairs = null;
    if (!this.#isShared) return;
    this.#own = new Map(this.#own);
    this.#isShared = false;
  }

  /** What this transaction wrote, or null where it did not. */
  own(name: string): string | null {
    return this.#own.get(name) ?? null;
  }

  get(name: string): string | null {
    const own = this.#own.get(name);
    if (own !== undefined) return own;
    return this.#beneath.get(name) ?? null;
  }

  /** Sets a member; beyond the bound nothing more is added. */
  put(name: string, value: string): void {
    if (this.watched.has(name)) this.stage = -1;
    if (this.#own.size >= this.#maxMembers && !this.#own.has(name)) return;
    this.#write();
    this.#own.set(name, value);
  }

  unset(name: string): void {
    if (this.watched.has(name)) this.stage = -1;
    this.#write();
    if (this.#beneath.has(name)) this.#own.set(name, null);
    else this.#own.delete(name);
  }

  /** All members. */
  get pairs(): Pairs {
    if (this.#pairs !== null) return this.#pairs;
    const pairs = new Pairs();
    for (const [name, value] of this.#beneath) if (!this.#own.has(name)) pairs.add(name, value);
    for (const [name, value] of this.#own) if (value !== null) pairs.add(name, value);
    this.#pairs = pairs;
    return pairs;
  }

  /** Members whose names the pattern finds. */
  matching(pattern: { test(value: string): boolean }, asked: AskedNames): Pairs {
    const known = asked.of(pattern, this.#beneath);
    const pairs = new Pairs();
    for (const name of known.beneath) if (!this.#own.has(name)) pairs.add(name, this.#beneath.get(name)!);
    for (const [name, value] of this.#own) if (value !== null && known.finds(name)) pairs.add(name, value);
    return pairs;
  }
}

const nobody: ReadonlySet<string> = new Set();

/** Names that one pattern was asked about; when there are more, all are forgotten. */
const maxNames = 512;

/** What one pattern says of names. */
class PatternNames {
  /** Those beneath that it finds: the same for every transaction. */
  readonly beneath: readonly string[];
  readonly #pattern: { test(value: string): boolean };
  readonly #names = new Map<string, boolean>();

  constructor(pattern: { test(value: string): boolean }, beneath: Iterable<string>) {
    this.#pattern = pattern;
    this.beneath = [...beneath].filter((name) => pattern.test(name));
  }

  finds(name: string): boolean {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const found = this.#pattern.test(name);
    if (this.#names.size >= maxNames) this.#names.clear();
    this.#names.set(name, found);
    return found;
  }
}

/** What patterns that select members said of their names: rules write the same ones again and again. */
export class AskedNames {
  readonly #patterns = new WeakMap<object, PatternNames>();

  /** What `pattern` says of names; `beneath` is the same in every call. */
  of(pattern: { test(value: string): boolean }, beneath: ReadonlyMap<string, string>): PatternNames {
    let known = this.#patterns.get(pattern);
    if (known === undefined) {
      known = new PatternNames(pattern, beneath.keys());
      this.#patterns.set(pattern, known);
    }
    return known;
  }
}
