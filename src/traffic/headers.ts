// Header fields in the order they came, as latin1 text. Names compare without case; nothing is merged or dropped.
// A head that was read from bytes keeps its text and makes the lists only when somebody asks for them: most never do.

/** A list of header fields. */
export class Headers {
  /** Text of validated field lines that was not split yet, or null. */
  #text: string | null;
  readonly #names: string[] = [];
  readonly #spelled: string[] = [];
  readonly #values: string[] = [];

  /** `text`: field lines that were validated already (RFC 9112 5), each with its CRLF; '' for none. */
  constructor(text = '') {
    this.#text = text === '' ? null : text;
  }

  /** Fields from pairs, for tests and rehearsals. */
  static from(pairs: readonly (readonly [string, string])[]): Headers {
    const headers = new Headers();
    for (const [name, value] of pairs) headers.add(name, value);
    return headers;
  }

  /** Lower-case names; this list, `spelled` and `values` have the same length. */
  get names(): readonly string[] {
    if (this.#text !== null) this.#split(this.#text);
    return this.#names;
  }

  /** Names as received. */
  get spelled(): readonly string[] {
    if (this.#text !== null) this.#split(this.#text);
    return this.#spelled;
  }

  get values(): readonly string[] {
    if (this.#text !== null) this.#split(this.#text);
    return this.#values;
  }

  /** Characters that it holds on to, roughly, without splitting what was not split. */
  get weight(): number {
    if (this.#text !== null) return this.#text.length;
    let sum = 0;
    for (let index = 0; index < this.#values.length; index++) sum += this.#values[index]!.length + 16;
    return sum;
  }

  get count(): number {
    return this.names.length;
  }

  add(name: string, value: string): void {
    if (this.#text !== null) this.#split(this.#text);
    this.#names.push(name.toLowerCase());
    this.#spelled.push(name);
    this.#values.push(value);
  }

  /** The first value of `name` (lower case), or null. */
  get(name: string): string | null {
    const index = this.names.indexOf(name);
    return index < 0 ? null : this.#values[index]!;
  }

  /** Every value of `name` (lower case), in order. */
  all(name: string): string[] {
    const found: string[] = [];
    const { names } = this;
    for (let index = 0; index < names.length; index++) if (names[index] === name) found.push(this.#values[index]!);
    return found;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  #split(text: string): void {
    this.#text = null;
    let at = 0;
    while (at < text.length) {
      const colon = text.indexOf(':', at);
      const end = text.indexOf('\r\n', colon);
      const spelled = text.slice(at, colon);
      let from = colon + 1;
      while (from < end && isSpace(text.charCodeAt(from))) from++;
      let to = end;
      while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
      this.#names.push(spelled.toLowerCase());
      this.#spelled.push(spelled);
      this.#values.push(text.slice(from, to));
      at = end + 2;
    }
  }
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}
