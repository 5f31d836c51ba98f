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
    const trie = grow(texts, columns.ofByte);
    const { rows, ends } = complete(trie, columns.count, this.shift);
    const order = inOrder(ends);
    this.firstEnd = order.firstEnd;
    this.#ends = order.ends;
    const { length } = ends;
    // Because half the memory is half of what a value drives out of the cache, and most sets have few states.
    this.cells = new (length <= maxSmall ? Uint16Array : Uint32Array)(length << this.shift);
    for (let node = 0; node < length; node++) {
      const from = node << this.shift;
      const to = order.place[node]! << this.shift;
      for (let column = 0; column < columns.count; column++)
        this.cells[to + column] = order.place[rows[from + column]!]!;
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
  const used = new Uint8Array(257);
  for (const text of texts) for (let index = 0; index < text.length; index++) used[lowered(text.charCodeAt(index))] = 1;
  const ofByte = new Uint8Array(257);
  let count = 1;
  const take = (byte: number): void => {
    if (used[byte] === 1) ofByte[byte] = count++;
    used[byte] = 0;
  };
  for (let index = 0; index < common.length; index++) take(common.charCodeAt(index));
  for (let byte = 0; byte < used.length; byte++) take(byte);
  for (let upper = 65; upper <= 90; upper++) ofByte[upper] = ofByte[upper + 32]!;
  return { ofByte, count };
}

/** The texts as a tree: for each node its first child, the next child of its parent, and the column that leads to it. */
interface Trie {
  readonly child: Int32Array;
  readonly sibling: Int32Array;
  readonly column: Uint8Array;
  /** Numbers of the texts that end at a node. */
  readonly ends: number[][];
}

function grow(texts: readonly string[], ofByte: Uint8Array): Trie {
  const most = texts.reduce((sum, text) => sum + text.length, 1);
  const child = new Int32Array(most);
  const sibling = new Int32Array(most);
  const column = new Uint8Array(most);
  // Because the beginning has most children, those are found by their columns.
  const roots = new Int32Array(257);
  const ends: number[][] = [[]];
  for (const [number, text] of texts.entries()) {
    let node = 0;
    for (let index = 0; index < text.length; index++) {
      const own = ofByte[lowered(text.charCodeAt(index))]!;
      let next = node === 0 ? roots[own]! : child[node]!;
      while (next !== 0 && column[next] !== own) next = sibling[next]!;
      if (next === 0) {
        next = ends.push([]) - 1;
        column[next] = own;
        sibling[next] = child[node]!;
        child[node] = next;
        if (node === 0) roots[own] = next;
      }
      node = next;
    }
    ends[node]!.push(number);
  }
  return { child, sibling, column, ends };
}

/** The tree with rows that are complete: where to go when no text goes on, too. Nodes are numbered by their distance from the beginning. */
function complete(
  trie: Trie,
  width: number,
  shift: number,
): { rows: Int32Array; ends: readonly (readonly number[])[] } {
  const count = trie.ends.length;
  const rows = new Int32Array(count << shift);
  const nodes = new Int32Array(count);
  const fallback = new Int32Array(count);
  const ends: (readonly number[])[] = [];
  let known = 1;
  for (let number = 0; number < count; number++) {
    const node = nodes[number]!;
    const row = number << shift;
    const fall = fallback[number]!;
    const own = trie.ends[node]!;
    const fallen = number === 0 ? [] : ends[fall]!;
    ends.push(fallen.length === 0 ? own : own.length === 0 ? fallen : [...own, ...fallen]);
    const fallRow = fall << shift;
    if (number > 0) rows.copyWithin(row, fallRow, fallRow + width);
    for (let child = trie.child[node]!; child !== 0; child = trie.sibling[child]!) {
      const cell = row + trie.column[child]!;
      fallback[known] = rows[cell]!;
      nodes[known] = child;
      rows[cell] = known++;
    }
  }
  return { rows, ends };
}

/** New places of the nodes: those where nothing ends first, so that one comparison tells them apart. */
function inOrder(all: readonly (readonly number[])[]): {
  place: Int32Array;
  firstEnd: number;
  ends: readonly (readonly number[])[];
} {
  const place = new Int32Array(all.length);
  let count = 0;
  for (let node = 0; node < all.length; node++) if (all[node]!.length === 0) place[node] = count++;
  const firstEnd = count;
  for (let node = 0; node < all.length; node++) if (all[node]!.length > 0) place[node] = count++;
  return { place, firstEnd, ends: all.filter((ends) => ends.length > 0) };
}

function lowered(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
