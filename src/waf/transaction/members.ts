// A collection that rules write: what is the same for every transaction beneath, what this one wrote above.

import { Pairs } from '../variables/pairs.ts';

/** Members by lower-case name. `null` above hides what is beneath. */
export class Members {
  readonly #beneath: ReadonlyMap<string, string>;
  readonly #own = new Map<string, string | null>();
  readonly #maxMembers: number;
  #pairs: Pairs | null = null;

  constructor(beneath: ReadonlyMap<string, string>, maxMembers: number) {
    this.#beneath = beneath;
    this.#maxMembers = maxMembers;
  }

  get(name: string): string | null {
    const own = this.#own.get(name);
    if (own !== undefined) return own;
    return this.#beneath.get(name) ?? null;
  }

  /** Sets a member; beyond the bound nothing more is added. */
  put(name: string, value: string): void {
    if (this.#own.size >= this.#maxMembers && !this.#own.has(name)) return;
    this.#own.set(name, value);
    this.#pairs = null;
  }

  unset(name: string): void {
    if (this.#beneath.has(name)) this.#own.set(name, null);
    else this.#own.delete(name);
    this.#pairs = null;
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

  /** Members whose names the pattern finds. What is beneath is asked once a pattern, because it is the same for every transaction. */
  matching(pattern: { test(value: string): boolean }, asked: WeakMap<object, readonly string[]>): Pairs {
    let known = asked.get(pattern);
    if (known === undefined) {
      known = [...this.#beneath.keys()].filter((name) => pattern.test(name));
      asked.set(pattern, known);
    }
    const pairs = new Pairs();
    for (const name of known) if (!this.#own.has(name)) pairs.add(name, this.#beneath.get(name)!);
    for (const [name, value] of this.#own) if (value !== null && pattern.test(name)) pairs.add(name, value);
    return pairs;
  }
}
