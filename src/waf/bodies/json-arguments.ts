// JSON (RFC 8259) as arguments: every scalar under its path, `json.a.0.b`. Strict, bounded in depth, without recursion.

import type { ArgumentSink } from './urlencoded.ts';

/** Reads the text, which is bytes of UTF-8; '' or what is wrong with it. What stands before a fault has been given. */
export function readJson(text: string, maxDepth: number, sink: ArgumentSink): string {
  return new JsonReader(text, maxDepth, sink).read();
}

/** One array or object that is open. `index` is -1 for objects. */
interface Level {
  readonly path: string;
  index: number;
}

class JsonReader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #sink: ArgumentSink;
  readonly #levels: Level[] = [];
  #at = 0;
  #fault = '';

  constructor(text: string, maxDepth: number, sink: ArgumentSink) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#sink = sink;
  }

  read(): string {
    if (this.#text.startsWith('\xef\xbb\xbf')) this.#at = 3;
    this.#value('json');
    while (this.#levels.length > 0 && this.#fault === '') this.#next();
    this.#space();
    if (this.#fault === '' && this.#at < this.#text.length) this.#fail('something follows the value');
    return this.#fault;
  }

  #fail(says: string): void {
    if (this.#fault === '') this.#fault = `JSON: ${says} at byte ${this.#at}`;
  }

  #space(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return;
    }
  }

  /** One value under `path`; an array or object is only opened. */
  #value(path: string): void {
    this.#space();
    const code = this.#text.charCodeAt(this.#at);
    if (code === 123 || code === 91) this.#open(path, code === 91);
    else if (code === 34) this.#give(path, this.#string());
    else this.#literal(path);
  }

  #give(path: string, value: string): void {
    if (this.#fault === '' && !this.#sink(path, value)) this.#fail('there are too many values');
  }

  #open(path: string, isArray: boolean): void {
    if (this.#levels.length >= this.#maxDepth) {
      this.#fail(`it is nested deeper than ${this.#maxDepth}`);
      return;
    }
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === (isArray ? ']' : '}')) {
      this.#at++;
      return;
    }
    this.#levels.push({ path, index: isArray ? 0 : -1 });
    this.#member();
  }

  /** The member that begins here, of the innermost level. */
  #member(): void {
    const level = this.#levels.at(-1)!;
    if (level.index >= 0) {
      this.#value(`${level.path}.${level.index++}`);
      return;
    }
    this.#space();
    const isNamed = this.#text[this.#at] === '"';
    if (!isNamed) this.#fail('a name in quotes is missing');
    const name = isNamed ? this.#string() : '';
    this.#space();
    if (this.#text[this.#at] !== ':') this.#fail('a colon is missing');
    if (this.#fault !== '') return;
    this.#at++;
    this.#value(`${level.path}.${name}`);
  }

  /** What follows a member: a comma and another, or the end of the level. */
  #next(): void {
    this.#space();
    const level = this.#levels.at(-1)!;
    const sign = this.#text[this.#at];
    if (sign === ',') {
      this.#at++;
      this.#member();
    } else if (sign === (level.index >= 0 ? ']' : '}')) {
      this.#at++;
      this.#levels.pop();
      // Because rules look for the names of members, and one whose value is an array is a name as well: its value is its length.
      if (level.index >= 0) this.#give(level.path, String(level.index));
    } else this.#fail('a comma or a closing bracket is missing');
  }

  #literal(path: string): void {
    const start = this.#at;
    const text = this.#text;
    while (this.#at < text.length && isLiteral(text.charCodeAt(this.#at))) this.#at++;
    const word = text.slice(start, this.#at);
    if (word === 'null') this.#give(path, '');
    else if (word === 'true' || word === 'false' || isNumber(word)) this.#give(path, word);
    else {
      this.#at = start;
      this.#fail('no value begins');
    }
  }

  /** The string that begins at the quote, as UTF-8 bytes. */
  #string(): string {
    const text = this.#text;
    const start = ++this.#at;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code === 34) return text.slice(start, this.#at++);
      if (code === 92) return this.#escaped(start);
      if (code < 32) break;
      this.#at++;
    }
    this.#fail('a string does not end');
    return '';
  }

  #escaped(start: number): string {
    const text = this.#text;
    let result = text.slice(start, this.#at);
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code === 34) {
        this.#at++;
        return result;
      }
      if (code < 32) break;
      if (code !== 92) {
        const from = this.#at;
        while (this.#at < text.length && isPlain(text.charCodeAt(this.#at))) this.#at++;
        result += text.slice(from, this.#at);
        continue;
      }
      const letter = text[this.#at + 1]!;
      const simple = '"\\/bfnrt'.indexOf(letter);
      if (letter === 'u') {
        const unit = this.#unit(this.#at + 2);
        if (unit < 0) break;
        this.#at += 6;
        result += this.#point(unit);
      } else if (letter !== undefined && simple >= 0) {
        result += '"\\/\b\f\n\r\t'[simple];
        this.#at += 2;
      } else break;
    }
    this.#fail('a string is broken');
    return '';
  }

  #unit(from: number): number {
    const digits = this.#text.slice(from, from + 4);
    for (let index = 0; index < 4; index++) if (!'0123456789abcdefABCDEF'.includes(digits[index] ?? ' ')) return -1;
    return Number.parseInt(digits, 16);
  }

  /** The bytes of the character that begins with `unit`, a second half of a pair taken along. */
  #point(unit: number): string {
    let point = unit;
    if (unit >= 0xd800 && unit < 0xdc00 && this.#text.startsWith('\\u', this.#at)) {
      const low = this.#unit(this.#at + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        this.#at += 6;
      }
    }
    return utf8(point);
  }
}

function isPlain(code: number): boolean {
  return code >= 32 && code !== 34 && code !== 92;
}

function isLiteral(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46;
}

/** RFC 8259 6. */
function isNumber(word: string): boolean {
  let at = word.startsWith('-') ? 1 : 0;
  const digits = (): number => {
    const from = at;
    while (word.charCodeAt(at) >= 48 && word.charCodeAt(at) <= 57) at++;
    return at - from;
  };
  const from = at;
  const whole = digits();
  if (whole === 0 || (whole > 1 && word[from] === '0')) return false;
  if (word[at] === '.') {
    at++;
    if (digits() === 0) return false;
  }
  if (word[at] === 'e' || word[at] === 'E') {
    at++;
    if (word[at] === '+' || word[at] === '-') at++;
    if (digits() === 0) return false;
  }
  return at === word.length;
}

/** The bytes of a character; half a pair is encoded as it is, so that nothing is lost. */
export function utf8(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  if (point < 0x800) return String.fromCharCode(0xc0 | (point >> 6), 0x80 | (point & 63));
  if (point < 0x10000)
    return String.fromCharCode(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  return String.fromCharCode(
    0xf0 | ((point >> 18) & 7),
    0x80 | ((point >> 12) & 63),
    0x80 | ((point >> 6) & 63),
    0x80 | (point & 63),
  );
}
