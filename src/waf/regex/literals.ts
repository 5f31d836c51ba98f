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
  /** A row has 2 to the power of this many cells. */
  readonly shift: number;
  /** `cells[(state << shift) + column]` is the next state; those nearest to the beginning come first. */
  readonly cells: Uint16Array | Uint32Array;
  /** From this state on, a text ends there. */
  readonly firstEnd: number;
  readonly #ends: readonly (readonly number[])[];

  /** `texts` must not be empty texts; they are read without regard to the case of ASCII letters. */
  constructor(texts: readonly string[]) {
    const columns = columnsOf(texts);
    this.ofByte = columns.ofByte;
    this.shift = 32 - Math.clz32(columns.count - 1);
    const trie = grow(texts, columns);
    const order = inOrder(trie);
    this.firstEnd = order.firstEnd;
    this.#ends = order.ends;
    const width = columns.count;
    const { length } = trie.ends;
    // Because half the memory is half of what a value drives out of the cache, and most sets have few states.
    this.cells = new (length <= maxSmall ? Uint16Array : Uint32Array)(length << this.shift);
    for (let node = 0; node < length; node++) {
      const row = order.place[node]! << this.shift;
      for (let column = 0; column < width; column++)
        this.cells[row + column] = order.place[trie.next[node * width + column]!]!;
    }
  }

  /** Numbers of the texts that end in each state from `firstEnd` on, in the order of the states. */
  get ends(): readonly (readonly number[])[] {
    return this.#ends;
  }
}

/** Most states that a cell of 16 bits can name. */
const maxSmall = 65_536;

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
  /** The nodes by their distance from the beginning: a value that says nothing stays near it. */
  readonly order: readonly number[];
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
  return { next, ends, order: complete(next, ends, width) };
}

/** Fills in where to go when no text goes on; gives the nodes, those nearest to the root first. */
function complete(next: Int32Array, ends: number[][], width: number): number[] {
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
  return [0, ...queue];
}

/** New places of the nodes: those where nothing ends first, so that one comparison tells them apart. */
function inOrder(trie: Trie): { place: Int32Array; firstEnd: number; ends: readonly (readonly number[])[] } {
  const place = new Int32Array(trie.ends.length);
  let count = 0;
  for (const node of trie.order) if (trie.ends[node]!.length === 0) place[node] = count++;
  const firstEnd = count;
  const kept: (readonly number[])[] = [];
  for (const node of trie.order) {
    const ends = trie.ends[node]!;
    if (ends.length === 0) continue;
    place[node] = count++;
    kept.push(ends);
  }
  return { place, firstEnd, ends: kept };
}

function lowered(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
