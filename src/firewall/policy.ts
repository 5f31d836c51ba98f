// The decision table: per protocol and port a class, per class and family sorted intervals of sources with a rule number.

import { AddressReader } from '../base/address.ts';
import { type Cidr, spansOf } from '../base/cidr.ts';
import { Intervals4, Intervals6, type Span } from '../base/intervals.ts';
import type { Rule } from './rule.ts';

/** What `decide` gives for a source or port that is none: it is never allowed. */
export const unreadable = -1;

/** Most entries of a table before it is refused: its build then takes some 250 MB and three seconds. */
const maxEntries = 4_000_000;

interface Table {
  readonly four: Intervals4;
  readonly six: Intervals6;
}

interface Side {
  /** Class of each port. */
  readonly classOf: Uint16Array;
  readonly tables: readonly Table[];
}

/** A compiled policy, and the numbers of the rules that no packet can ever reach (exact). */
export interface Compiled {
  readonly policy: Policy;
  readonly neverHit: readonly number[];
}

/** Compiles rules, first match wins; null where the table would have more than four million entries. */
export function compile(rules: readonly Rule[]): Compiled | null {
  const compiler = new Compiler(rules);
  const tcp = compiler.side('TCP');
  const udp = compiler.side('UDP');
  if (tcp === null || udp === null) return null;
  return { policy: new Policy(tcp, udp), neverHit: compiler.neverHit() };
}

/** Decides in O(log n) without allocating. */
export class Policy {
  readonly #tcp: Side;
  readonly #udp: Side;
  readonly #reader = new AddressReader();

  constructor(tcp: Side, udp: Side) {
    this.#tcp = tcp;
    this.#udp = udp;
  }

  /** Number of the first rule that matches, 0 where none does, `unreadable` where source or port is none. */
  decide(protocol: 'tcp' | 'udp', source: string, port: number): number {
    this.#reader.read(source);
    return this.decideRead(protocol, this.#reader, port);
  }

  /** The same for an address that a reader holds. */
  decideRead(protocol: 'tcp' | 'udp', reader: AddressReader, port: number): number {
    const side = protocol === 'udp' ? this.#udp : this.#tcp;
    const table = side.tables[side.classOf[port]!];
    if (table === undefined) return unreadable;
    const { family } = reader;
    if (family === 4) return table.four.find(reader.word0);
    if (family === 6) return table.six.find(reader.word0, reader.word1, reader.word2, reader.word3);
    return unreadable;
  }
}

class Compiler {
  readonly #rules: readonly Rule[];
  readonly #spans4: readonly (readonly Span[])[];
  readonly #spans6: readonly (readonly Span[])[];
  readonly #isFromAny: readonly boolean[];
  readonly #isHit: Uint8Array;
  /** Because most ports, and both protocols, see the same rules, a table is built once for each list of rules. */
  readonly #tables = new Map<string, Table>();
  #entries = 0;
  readonly #onOwned = (number: number) => {
    this.#isHit[number] = 1;
  };

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#spans4 = rules.map((rule) => spansOf(rule.sources, 4, rule.number));
    this.#spans6 = rules.map((rule) => spansOf(rule.sources, 6, rule.number));
    this.#isFromAny = rules.map((rule) => isWhole(rule.sources, 4) && isWhole(rule.sources, 6));
    this.#isHit = new Uint8Array(rules.length + 1);
  }

  neverHit(): number[] {
    return this.#rules.map((rule) => rule.number).filter((number) => this.#isHit[number] === 0);
  }

  side(protocol: 'TCP' | 'UDP'): Side | null {
    const rules = this.#rules.filter((rule) => rule.protocol === protocol || rule.protocol === 'ALL');
    const bounds = portBounds(rules);
    const lists = this.#listPerRange(rules, bounds);
    if (lists === null) return null;
    const classOf = new Uint16Array(65536);
    const tables: Table[] = [];
    const classes = new Map<Table, number>();
    for (let index = 0; index < lists.length; index++) {
      const table = this.#table(lists[index]!);
      if (table === null) return null;
      if (!classes.has(table)) classes.set(table, tables.push(table) - 1);
      classOf.fill(classes.get(table)!, bounds[index]!, bounds[index + 1]!);
    }
    return { classOf, tables };
  }

  /** For each range between two bounds the rules that speak there, in order, up to one that takes every source. */
  #listPerRange(rules: readonly Rule[], bounds: readonly number[]): number[][] | null {
    const lists: number[][] = Array.from({ length: bounds.length - 1 }, () => []);
    const isClosed = new Uint8Array(lists.length);
    const indexOf = new Map(bounds.map((bound, index) => [bound, index]));
    let listed = 0;
    for (const { number, ports } of rules)
      for (const { first, last } of ports)
        for (let index = indexOf.get(first)!; index < indexOf.get(last + 1)!; index++) {
          if (isClosed[index] === 1) continue;
          if (++listed > maxEntries) return null;
          lists[index]!.push(number);
          if (this.#isFromAny[number - 1]) isClosed[index] = 1;
        }
    return lists;
  }

  #table(numbers: readonly number[]): Table | null {
    const key = numbers.join();
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    for (const number of numbers) this.#entries += this.#rules[number - 1]!.sources.length;
    if (this.#entries > maxEntries) return null;
    const table = {
      four: new Intervals4(
        numbers.flatMap((number) => this.#spans4[number - 1]!),
        this.#onOwned,
      ),
      six: new Intervals6(
        numbers.flatMap((number) => this.#spans6[number - 1]!),
        this.#onOwned,
      ),
    };
    this.#tables.set(key, table);
    return table;
  }
}

function isWhole(sources: readonly Cidr[], family: 4 | 6): boolean {
  return sources.some((cidr) => cidr.family === family && cidr.prefix === 0);
}

function portBounds(rules: readonly Rule[]): number[] {
  const bounds = new Set([0, 65536]);
  for (const { ports } of rules) for (const { first, last } of ports) bounds.add(first).add(last + 1);
  return [...bounds].sort((a, b) => a - b);
}

/** Whether `outer` alone matches every packet that `inner` matches. */
export function covers(outer: Rule, inner: Rule): boolean {
  if (outer.protocol !== 'ALL' && outer.protocol !== inner.protocol) return false;
  const holdsPort = inner.ports.every(({ first, last }) =>
    outer.ports.some((range) => range.first <= first && last <= range.last),
  );
  if (!holdsPort) return false;
  return inner.sources.every(({ family, start, end }) =>
    outer.sources.some((cidr) => cidr.family === family && cidr.start <= start && end <= cidr.end),
  );
}
