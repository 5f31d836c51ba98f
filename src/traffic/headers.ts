// Header fields in the order they came, as latin1 text. Names compare without case; nothing is merged or dropped.

/** A list of header fields. `names` are lower case, `spelled` as received. All three lists have the same length. */
export class Headers {
  readonly names: string[] = [];
  readonly spelled: string[] = [];
  readonly values: string[] = [];

  /** Fields from pairs, for tests and rehearsals. */
  static from(pairs: readonly (readonly [string, string])[]): Headers {
    const headers = new Headers();
    for (const [name, value] of pairs) headers.add(name, value);
    return headers;
  }

  get count(): number {
    return this.names.length;
  }

  add(name: string, value: string): void {
    this.names.push(name.toLowerCase());
    this.spelled.push(name);
    this.values.push(value);
  }

  /** The first value of `name` (lower case), or null. */
  get(name: string): string | null {
    const index = this.names.indexOf(name);
    return index < 0 ? null : this.values[index]!;
  }

  /** Every value of `name` (lower case), in order. */
  all(name: string): string[] {
    const found: string[] = [];
    for (let index = 0; index < this.names.length; index++)
      if (this.names[index] === name) found.push(this.values[index]!);
    return found;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }
}
