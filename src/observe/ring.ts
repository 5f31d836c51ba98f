// The last things that were told, in a ring with a bound on how many they are and on how much text they hold on to.

/** A ring of the newest `maxEntries` entries, whose weights together stay within `maxWeight`. */
export class Ring<T> {
  readonly maxEntries: number;
  readonly maxWeight: number;
  #entries: (T | null)[];
  #weights: Int32Array;
  /** Where the next entry goes, and how many there are behind it. */
  #next = 0;
  #size = 0;
  #weight = 0;

  constructor(maxEntries: number, maxWeight = Number.POSITIVE_INFINITY) {
    this.maxEntries = maxEntries;
    this.maxWeight = maxWeight;
    this.#entries = new Array<T | null>(maxEntries).fill(null);
    this.#weights = new Int32Array(maxEntries);
  }

  get size(): number {
    return this.#size;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Keeps `entry`; the oldest go as far as the bounds ask for it. The newest always stays. Gives the entry whose place it took, or null. */
  push(entry: T, weight = 0): T | null {
    const at = this.#next;
    const before = this.#size === this.maxEntries ? this.#entries[at]! : null;
    this.#next = at + 1 === this.maxEntries ? 0 : at + 1;
    if (this.#size === this.maxEntries) this.#weight -= this.#weights[at]!;
    else this.#size++;
    this.#entries[at] = entry;
    this.#weights[at] = weight;
    this.#weight += weight;
    while (this.#weight > this.maxWeight && this.#size > 1) this.#dropOldest();
    return before;
  }

  /** The entry that is `age` entries older than the newest, or null. */
  newest(age: number): T | null {
    return age < this.#size ? this.#entries[this.#place(age)]! : null;
  }

  /** The newest entry that answers the question, or null. */
  find(answers: (entry: T) => boolean): T | null {
    for (let age = 0; age < this.#size; age++) {
      const entry = this.newest(age)!;
      if (answers(entry)) return entry;
    }
    return null;
  }

  /** Puts all entries into `another` ring, the oldest first, and gives that. */
  copyInto(another: Ring<T>): Ring<T> {
    for (let age = this.#size - 1; age >= 0; age--) {
      const at = this.#place(age);
      another.push(this.#entries[at]!, this.#weights[at]);
    }
    return another;
  }

  /** A ring as large without the entries that are meant, and how many those were. */
  without(isMeant: (entry: T) => boolean): { readonly ring: Ring<T>; readonly gone: number } {
    const ring = new Ring<T>(this.maxEntries, this.maxWeight);
    for (let age = this.#size - 1; age >= 0; age--) {
      const at = this.#place(age);
      if (!isMeant(this.#entries[at]!)) ring.push(this.#entries[at]!, this.#weights[at]);
    }
    return { ring, gone: this.#size - ring.size };
  }

  #dropOldest(): void {
    const at = this.#place(--this.#size);
    this.#weight -= this.#weights[at]!;
    this.#entries[at] = null;
  }

  #place(age: number): number {
    const at = this.#next - 1 - age;
    return at < 0 ? at + this.maxEntries : at;
  }
}
