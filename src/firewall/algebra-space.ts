// The space of all packets cut into boxes within which no rule of some lists begins or ends: what the algebra counts in.

import { printAddress } from '../base/address.ts';
import { type Cidr, coverOf } from '../base/cidr.ts';
import { type Bound, indexOf } from '../base/intervals.ts';
import type { Protocol } from './rule.ts';
import type { PortRange } from './rule-fields.ts';

/** What names packets: protocols × ports × sources. A rule is one. */
export interface Shape {
  readonly protocol: Protocol;
  readonly ports: readonly PortRange[];
  readonly sources: readonly Cidr[];
}

/** One packet, in words: who calls which port. */
export interface Packet {
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly port: number;
}

/** A shape as the space sees it: its sources as pairs of cells, first and behind the last, sorted and disjoint. */
interface Box {
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly ports: readonly PortRange[];
  readonly spans: Int32Array;
}

/** Most steps of one question: about four seconds. */
const maxSteps = 1_500_000_000;

/** Lists of shapes over common cells. A cell is an interval of one family's addresses; those of IPv4 come first. */
export class Space {
  /** Cells of both families. */
  readonly cells: number;
  /** Cells with an address that people know: the first to look at for a witness. */
  readonly familiar: readonly number[];
  readonly #bounds4: readonly Bound[];
  readonly #bounds6: readonly Bound[];
  readonly #lists: readonly (readonly Box[])[];

  constructor(lists: readonly (readonly Shape[])[]) {
    const all = lists.flat();
    this.#bounds4 = boundsOf(all, 4, [0, 2 ** 32]);
    this.#bounds6 = boundsOf(all, 6, [0n, 1n << 128n]);
    this.cells = this.#bounds4.length + this.#bounds6.length - 2;
    this.familiar = [
      ...knownAddresses4.map((address) => cellOf(this.#bounds4, address)),
      ...knownAddresses6.map((address) => this.firstOf6 + cellOf(this.#bounds6, address)),
    ];
    this.#lists = lists.map((shapes) => shapes.map((shape) => this.#box(shape)));
  }

  /** The first cell of IPv6. */
  get firstOf6(): number {
    return this.#bounds4.length - 1;
  }

  /** Sources of shape `index` (from 0) of a list, as pairs of cells. */
  spans(list: number, index: number): Int32Array {
    return this.#lists[list]![index]!.spans;
  }

  /** How many addresses a cell has; exact below 2^53. */
  size(cell: number): number {
    const [start, end] = this.#ends(cell);
    return Number(BigInt(end) - BigInt(start));
  }

  /** A packet from a cell; an address that people know from examples where the cell has one. */
  witness(protocol: 'tcp' | 'udp', port: number, cell: number): Packet {
    const [start, end] = this.#ends(cell);
    const known = typeof start === 'number' ? knownAddresses4 : knownAddresses6;
    const inside = known.find((value) => start <= value && value < end) ?? hostOf(start, end);
    const family = typeof start === 'number' ? 4 : 6;
    return { protocol, source: printAddress({ family, value: inside }), port };
  }

  /** The networks of the cells from `first` up to but without `last`, which are of one family. */
  networks(first: number, last: number): Cidr[] {
    const [start] = this.#ends(first);
    const [, end] = this.#ends(last - 1);
    return coverOf(typeof start === 'number' ? 4 : 6, start, end);
  }

  /**
   * Calls `visit` for each stretch of ports on which the same shapes speak, from port 1 to 65535, with the indices of those
   * shapes for each list. False, and nothing visited, where that would take too long.
   */
  sweep(
    protocol: 'tcp' | 'udp',
    visit: (first: number, last: number, active: readonly (readonly number[])[]) => void,
  ): boolean {
    const lists = this.#lists.map((boxes) => boxes.map((box, index) => ({ box, index, at: 0 })));
    const speaking = lists.map((entries) => entries.filter(({ box }) => box[protocol]));
    const bounds = portBounds(speaking.flat().map(({ box }) => box));
    const entries = speaking.reduce((sum, list) => sum + list.length, 0);
    if ((bounds.length - 1) * (entries + this.cells) > maxSteps) return false;
    for (let index = 0; index + 1 < bounds.length; index++) {
      const port = bounds[index]!;
      const active = speaking.map((list) => {
        const indices: number[] = [];
        for (const entry of list) {
          const { ports } = entry.box;
          while (entry.at < ports.length && ports[entry.at]!.last < port) entry.at++;
          if (entry.at < ports.length && ports[entry.at]!.first <= port) indices.push(entry.index);
        }
        return indices;
      });
      visit(port, bounds[index + 1]! - 1, active);
    }
    return true;
  }

  #ends(cell: number): [Bound, Bound] {
    const at = cell - this.firstOf6;
    if (at < 0) return [this.#bounds4[cell]!, this.#bounds4[cell + 1]!];
    return [this.#bounds6[at]!, this.#bounds6[at + 1]!];
  }

  #box({ protocol, ports, sources }: Shape): Box {
    const pairs = sources.map(({ family, start, end }): [number, number] => {
      const [bounds, offset] = family === 4 ? [this.#bounds4, 0] : [this.#bounds6, this.firstOf6];
      return [offset + indexOf(bounds, start), offset + indexOf(bounds, end)];
    });
    return { tcp: protocol !== 'UDP', udp: protocol !== 'TCP', ports, spans: mergedPairs(pairs) };
  }
}

/** Which shapes of one list take each cell: the first that does, and the next one after it. */
export class Canvas {
  /** Number (index + 1) of the first shape on each cell; 0 for none. */
  readonly owners: Int32Array;
  /** The next after the owner; 0 for none. */
  readonly seconds: Int32Array;
  readonly #next: Int32Array;
  readonly #space: Space;
  readonly #list: number;

  constructor(space: Space, list: number) {
    this.#space = space;
    this.#list = list;
    this.owners = new Int32Array(space.cells);
    this.seconds = new Int32Array(space.cells);
    this.#next = new Int32Array(space.cells + 1);
  }

  /** Paints the active shapes in their order. */
  paint(active: readonly number[]): void {
    const { owners, seconds } = this;
    const next = this.#next;
    owners.fill(0);
    seconds.fill(0);
    for (let cell = 0; cell < next.length; cell++) next[cell] = cell;
    for (const index of active) {
      const spans = this.#space.spans(this.#list, index);
      for (let at = 0; at < spans.length; at += 2) {
        const end = spans[at + 1]!;
        let cell = follow(next, spans[at]!);
        while (cell < end) {
          if (owners[cell] === 0) owners[cell] = index + 1;
          else {
            seconds[cell] = index + 1;
            // Because a cell that has both is skipped from now on, each is painted twice however many shapes lie over it.
            next[cell] = cell + 1;
          }
          cell = follow(next, cell + 1);
        }
      }
    }
  }
}

/** Addresses that examples are made of (RFC 5737, RFC 3849), and the first hosts of private networks. */
const knownAddresses4: readonly number[] = [0xcb007107, 0x0a000001, 0xc0a80001, 0xac100001, 0x7f000001];
const knownAddresses6: readonly bigint[] = [0x20010db8000000000000000000000007n, 1n];

/** The second address of a network rather than its name, where there is one. */
function hostOf(start: Bound, end: Bound): Bound {
  if (typeof start === 'number') return Number(end) - start > 2 ? start + 1 : start;
  return BigInt(end) - start > 2n ? start + 1n : start;
}

function boundsOf(shapes: readonly Shape[], family: 4 | 6, whole: readonly Bound[]): Bound[] {
  const all = [...whole];
  for (const { sources } of shapes)
    for (const cidr of sources) if (cidr.family === family) all.push(cidr.start, cidr.end);
  // Because a typed array sorts without calling back, IPv4 takes that way.
  const sorted =
    family === 4 ? Array.from(Float64Array.from(all, Number).sort()) : all.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.filter((bound, index) => index === 0 || bound !== sorted[index - 1]);
}

function portBounds(boxes: readonly Box[]): number[] {
  // Because nobody can listen on port 0, `1-65535` and `all` are the same to whoever compares.
  const bounds = new Set([1, 65536]);
  for (const { ports } of boxes) for (const { first, last } of ports) bounds.add(Math.max(1, first)).add(last + 1);
  return [...bounds].sort((a, b) => a - b);
}

function mergedPairs(pairs: [number, number][]): Int32Array {
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [first, last] of pairs) {
    if (merged.length > 0 && first <= merged.at(-1)!) merged[merged.length - 1] = Math.max(merged.at(-1)!, last);
    else merged.push(first, last);
  }
  return Int32Array.from(merged);
}

/** The interval that begins at or before `point`. */
function cellOf(bounds: readonly Bound[], point: Bound): number {
  const at = indexOf(bounds, point);
  return bounds[at] === point ? at : at - 1;
}

function follow(next: Int32Array, from: number): number {
  let last = from;
  while (next[last] !== last) last = next[last]!;
  for (let step = from; step !== last; ) {
    const after = next[step]!;
    next[step] = last;
    step = after;
  }
  return last;
}
