// Words by a hash of their letters, looked up in the bytes of a value without making text of them.

const slots = 2048;

/** Words with a mark each. What it does not hold is none of them, and of what it holds hardly any is another. */
export class HashedWords {
  readonly #keys = new Int32Array(slots);
  readonly #marks = new Int32Array(slots);
  /** For each letter, by its last five bits, the lengths of the words that begin with it, as bits. */
  readonly #lengths = new Uint32Array(32);

  /** Words of ASCII letters and low lines; of a word with another character its letters before that count. */
  constructor(list: Iterable<readonly [string, number]>) {
    for (const [word, mark] of list) {
      const codes = Buffer.from(`${word}\0`);
      const length = lettersEnd(codes, 0);
      const hash = hashOf(codes, 0, length);
      this.#lengths[codes[0]! & 31]! |= 1 << length;
      let slot = slotOf(hash);
      while (this.#keys[slot] !== 0 && this.#keys[slot] !== hash) slot = (slot + 1) & (slots - 1);
      this.#keys[slot] = hash;
      this.#marks[slot]! |= mark;
    }
  }

  /** Words with the mark 1. */
  static of(list: Iterable<string>): HashedWords {
    return new HashedWords([...list].map((word) => [word, 1] as const));
  }

  /** The marks of the word that the letters from `start` to `end` may be, in any case; 0 where they are none. */
  marks(codes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    // Because most words are as long as no word here with their first letter: only the others are looked up.
    if (length > 31 || ((this.#lengths[codes[start]! & 31]! >>> length) & 1) === 0) return 0;
    const hash = hashOf(codes, start, end);
    const keys = this.#keys;
    for (let slot = slotOf(hash); keys[slot] !== 0; slot = (slot + 1) & (slots - 1))
      if (keys[slot] === hash) return this.#marks[slot]!;
    return 0;
  }
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 11)) & (slots - 1);
}

function hashOf(codes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (codes[at]! | 32)) | 0;
  return hash;
}

/** 1 for ASCII letters and the low line. */
const letters: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const lower = code | 32;
  return code < 128 && ((lower >= 0x61 && lower <= 0x7a) || code === 0x5f) ? 1 : 0;
});

/** Where the letters and low lines from `from` on end; a 0 stands behind the codes. */
export function lettersEnd(codes: Uint8Array, from: number): number {
  let at = from;
  while (letters[codes[at]!] === 1) at++;
  return at;
}

/** Words by the same hash, to have their text without cutting it out of a value. */
export class HashedTexts {
  readonly #keys = new Int32Array(slots);
  readonly #texts = new Array<string>(slots).fill('');

  /** At most a thousand words of ASCII in lower case. */
  constructor(list: Iterable<string>) {
    for (const text of new Set(list)) {
      const hash = hashOf(Buffer.from(text), 0, text.length);
      let slot = slotOf(hash);
      while (this.#keys[slot] !== 0) slot = (slot + 1) & (slots - 1);
      this.#keys[slot] = hash;
      this.#texts[slot] = text;
    }
  }

  /** What stands from `start` to `end` in lower case, where it is one of the words; '' where it is not. `hash` is its hash. */
  find(value: string, start: number, end: number, hash: number): string {
    const keys = this.#keys;
    for (let slot = slotOf(hash); keys[slot] !== 0; slot = (slot + 1) & (slots - 1)) {
      if (keys[slot] !== hash) continue;
      const text = this.#texts[slot]!;
      return isText(value, start, end, text) ? text : '';
    }
    return '';
  }
}

/** The hash of a text of which `hash` is that of all but the last character. */
export function hashWith(hash: number, code: number): number {
  return (Math.imul(hash, 31) + (code | 32)) | 0;
}

/** Whether `text` stands from `start` to `end`, in any case. */
function isText(value: string, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at++) {
    const code = value.charCodeAt(start + at);
    if ((code >= 0x41 && code <= 0x5a ? code | 32 : code) !== text.charCodeAt(at)) return false;
  }
  return true;
}
