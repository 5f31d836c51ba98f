// A collection's members: names and values side by side, in the order they came.

/** Members of a collection. Names keep their spelling; they are compared without case. */
export class Pairs {
  readonly names: string[];
  readonly values: string[];
  #lower: string[] | null;
  #asNames: Pairs | null = null;
  /** What whoever judges the values keeps of each, in their order, as far as it came; null for nothing. */
  notes: unknown[] | null = null;

  /** `lower`: the names in lower case, where somebody has them already. */
  constructor(names: string[] = [], values: string[] = [], lower: string[] | null = null) {
    this.names = names;
    this.values = values;
    this.#lower = lower;
  }

  get count(): number {
    return this.names.length;
  }

  add(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
    this.#lower = null;
    this.#asNames = null;
  }

  /** The names in lower case; the same length as `names`. */
  get lower(): readonly string[] {
    this.#lower ??= this.names.map((name) => name.toLowerCase());
    return this.#lower;
  }

  /** The first value of the member that is called `name` (lower case), or null. */
  get(name: string): string | null {
    const index = this.lower.indexOf(name);
    return index < 0 ? null : this.values[index]!;
  }

  /** The names as members of their own: what `ARGS_NAMES` is to `ARGS`. */
  asNames(): Pairs {
    this.#asNames ??= new Pairs(this.names, this.names, this.#lower);
    return this.#asNames;
  }
}

/** No members, for ever. */
export const noPairs: Pairs = new Pairs(
  Object.freeze([]) as unknown as string[],
  Object.freeze([]) as unknown as string[],
);
