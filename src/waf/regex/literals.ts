// Finds many texts in one pass over a value, in any case of ASCII letters (Aho and Corasick's automaton as one table).

/** Bytes as the automaton reads them: columns of the table, one for all bytes that no text has. */
interface Columns {
  readonly ofByte: Uint8Array;
  readonly count: number;
}

/** Texts by number, to be found together. */
export class Literals {
  /** Column of each byte, and behind them of `WIDE`. */
  readonly ofByte: Uint8Array;
  readonly columns: number;
  /** `cells[state + column]` is the next state; states are offsets of rows. */
  readonly cells: Uint32Array;
  /** From this state on, a text ends there. */
  readonly firstEnd: number;
  readonly #ends: readonly (readonly number[])[];

  /** `texts` must not be empty texts; they are read without regard to the case of ASCII letters. */
  constructor(texts: readonly string[]) {
    const columns = columnsOf(texts);
    this.ofByte = columns.ofByte;
    this.columns = columns.count;
    const trie = grow(texts, columns);
    const order = inOrder(trie);
    this.firstEnd = order.firstEnd * columns.count;
    this.#ends = order.ends;
    const width = columns.count;
    this.cells = new Uint32Array(trie.ends.length * width);
    for (let node = 0; node < trie.ends.length; node++) {
      const row = order.place[node]! * width;
      for (let column = 0; column < width; column++)
        this.cells[row + column] = order.place[trie.next[node * width + column]!]! * width;
    }
  }

  /** Numbers of the texts that end in each state from `firstEnd` on, in the order of the states. */
  get ends(): readonly (readonly number[])[] {
    return this.#ends;
  }
}

/** Bytes that are met most, so that their columns lie side by side in the memory next to the processor. */
const common = ' etaoinsrhldcumfpgwybvkxjqz0123456789';

function columnsOf(texts: readonly string[]): Columns {
  const used = new Set<number>();
  for (const text of texts) for (let index = 0; index < text.length; index++) used.add(lowered(text.charCodeAt(index)));
  const ofByte = new Uint8Array(257);
  let count = 1;
  for (const byte of [...common].map((one) => one.charCodeAt(0)).filter((one) => used.delete(one)))
    ofByte[byte] = count++;
  for (const byte of used) ofByte[byte] = count++;
  for (let upper = 65; upper <= 90; upper++) ofByte[upper] = ofByte[upper + 32]!;
  return { ofByte, count };
}

/** The automaton with its nodes in order of making, rows complete. */
interface Trie {
  readonly next: Int32Array;
  /** Numbers of the texts that end at a node, those of its suffixes included. */
  readonly ends: (readonly number[])[];
}

function grow(texts: readonly string[], columns: Columns): Trie {
  const width = columns.count;
  const most = texts.reduce((sum, text) => sum + text.length, 1);
  const next = new Int32Array(most * width).fill(-1);
  const ends: number[][] = [[]];
  for (const [number, text] of texts.entries()) {
    let node = 0;
    for (let index = 0; index < text.length; index++) {
      const cell = node * width + columns.ofByte[lowered(text.charCodeAt(index))]!;
      if (next[cell]! < 0) next[cell] = ends.push([]) - 1;
      node = next[cell]!;
    }
    ends[node]!.push(number);
  }
  complete(next, ends, width);
  return { next, ends };
}

/** Fills in where to go when no text goes on, nodes nearest to the root first. */
function complete(next: Int32Array, ends: number[][], width: number): void {
  const fallback = new Int32Array(ends.length);
  const queue: number[] = [];
  for (let column = 0; column < width; column++) {
    if (next[column]! < 0) next[column] = 0;
    else queue.push(next[column]!);
  }
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head]!;
    const fall = fallback[node]!;
    if (ends[fall]!.length > 0) ends[node] = [...ends[node]!, ...ends[fall]!];
    for (let column = 0; column < width; column++) {
      const cell = node * width + column;
      const onFall = next[fall * width + column]!;
      if (next[cell]! < 0) next[cell] = onFall;
      else {
        fallback[next[cell]!] = onFall;
        queue.push(next[cell]!);
      }
    }
  }
}

/** New places of the nodes: those where nothing ends first, so that one comparison tells them apart. */
function inOrder(trie: Trie): { place: Int32Array; firstEnd: number; ends: readonly (readonly number[])[] } {
  const place = new Int32Array(trie.ends.length);
  let count = 0;
  for (const [node, ends] of trie.ends.entries()) if (ends.length === 0) place[node] = count++;
  const firstEnd = count;
  const kept: (readonly number[])[] = [];
  for (const [node, ends] of trie.ends.entries()) {
    if (ends.length === 0) continue;
    place[node] = count++;
    kept.push(ends);
  }
  return { place, firstEnd, ends: kept };
}

function lowered(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
