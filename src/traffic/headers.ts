// Header fields in the order they came, as latin1 text. Names compare without case; nothing is merged or dropped.
// A head that was read from bytes keeps its text and makes the lists only when somebody asks for them: most never do.

/** The fields as three lists of the same length. */
class Lists {
  readonly names: string[] = [];
  readonly spelled: string[] = [];
  readonly values: string[] = [];
}

/** A list of header fields. */
export class Headers {
  /** Text of validated field lines; '' where the lists alone are true. */
  #text: string;
  /** Null until somebody asks: every exchange that is remembered keeps one of these. */
  #lists: Lists | null = null;

  /** `text`: field lines that were validated already (RFC 9112 5), each with its CRLF; '' for none. */
  constructor(text = '') {
    this.#text = text;
  }

  /** Fields from pairs, for tests and rehearsals. */
  static from(pairs: readonly (readonly [string, string])[]): Headers {
    const headers = new Headers();
    for (const [name, value] of pairs) headers.add(name, value);
    return headers;
  }

  /** Lower-case names; this list, `spelled` and `values` have the same length. */
  get names(): readonly string[] {
    return this.#split().names;
  }

  /** Names as received. */
  get spelled(): readonly string[] {
    return this.#split().spelled;
  }

  get values(): readonly string[] {
    return this.#split().values;
  }

  /** Characters that it holds on to, roughly, without splitting what was not split. */
  get weight(): number {
    if (this.#lists === null) return this.#text.length;
    let sum = 0;
    for (const value of this.#lists.values) sum += value.length + 16;
    return sum;
  }

  /** Lets go of the lists where they can be made again: what is remembered for long keeps only its text. */
  fold(): void {
    if (this.#text !== '') this.#lists = null;
  }

  get count(): number {
    return this.names.length;
  }

  add(name: string, value: string): void {
    const lists = this.#split();
    this.#text = '';
    lists.names.push(name.toLowerCase());
    lists.spelled.push(name);
    lists.values.push(value);
  }

  /** The first value of `name` (lower case), or null. */
  get(name: string): string | null {
    const { names, values } = this.#split();
    const index = names.indexOf(name);
    return index < 0 ? null : values[index]!;
  }

  /** Every value of `name` (lower case), in order. */
  all(name: string): string[] {
    const found: string[] = [];
    const { names, values } = this.#split();
    for (let index = 0; index < names.length; index++) if (names[index] === name) found.push(values[index]!);
    return found;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  #split(): Lists {
    if (this.#lists !== null) return this.#lists;
    const lists = new Lists();
    this.#lists = lists;
    const text = this.#text;
    let at = 0;
    while (at < text.length) {
      const colon = text.indexOf(':', at);
      const end = text.indexOf('\r\n', colon);
      const spelled = text.slice(at, colon);
      let from = colon + 1;
      while (from < end && isSpace(text.charCodeAt(from))) from++;
      let to = end;
      while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
      lists.names.push(spelled.toLowerCase());
      lists.spelled.push(spelled);
      lists.values.push(text.slice(from, to));
      at = end + 2;
    }
    return lists;
  }
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

/** Fields as lines, each with its CRLF; '' for none. */
export function linesOf(fields: Headers | null): string {
  if (fields === null) return '';
  let text = '';
  for (let index = 0; index < fields.count; index++) text += `${fields.spelled[index]}: ${fields.values[index]}\r\n`;
  return text;
}
