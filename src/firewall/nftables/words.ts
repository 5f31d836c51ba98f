// The statements that our table is made of, each a function with the name nft gives it.

import { printAddress } from '../../base/address.ts';
import type { Cidr } from '../../base/cidr.ts';
import { spansOf } from '../../base/cidr.ts';
import { type Bound, cut } from '../../base/intervals.ts';
import type { PortRange } from '../rule-fields.ts';
import type { Json, Statement } from './table.ts';

/** Addresses from `first` to `last`, both included; ports and addresses of either family. */
export interface Stretch {
  readonly first: Bound;
  readonly last: Bound;
}

/** The kernel's end of an address space: 2^32, 2^128, or 65536 for ports. */
export const ends = { 4: 2 ** 32, 6: 1n << 128n, port: 65_536 } as const;

/** `saddr` of a family. */
export function sourceOf(family: 4 | 6): Json {
  return { payload: { protocol: family === 4 ? 'ip' : 'ip6', field: 'saddr' } };
}

/** `left == right`, or another operator; `in` is what nft uses for flags such as those of `ct state`. */
export function match(left: Json, right: Json, op: '==' | '!=' | 'in' = '=='): Statement {
  return { match: { op, left, right } };
}

/** `left` against one value, an anonymous set of them, or (as `@name`) a named one. */
export function among(left: Json, values: readonly Json[] | string, op: '==' | '!=' = '=='): Statement {
  if (typeof values === 'string') return match(left, `@${values}`, op);
  return match(left, values.length === 1 ? values[0]! : { set: values }, op);
}

/** `meta KEY`. */
export function meta(key: 'l4proto' | 'nfproto' | 'iif'): Json {
  return { meta: { key } };
}

/** `ct KEY`. */
export function ct(key: 'state' | 'status' | 'direction'): Json {
  return { ct: { key } };
}

/** The port that was called before any translation of addresses (Docker's published ports are called so). */
export const calledPort: Json = { ct: { key: 'proto-dst', dir: 'original' } };

/** The destination port as the packet has it: of `tcp`, `udp`, or `th` for both. */
export function packetPort(protocol: 'tcp' | 'udp' | 'th', field: 'sport' | 'dport' = 'dport'): Json {
  return { payload: { protocol, field } };
}

/** Counts what comes by. */
export const counter: Statement = { counter: { packets: 0, bytes: 0 } };

/** Ends in `accept` or `drop`. */
export function verdict(word: 'accept' | 'drop'): Statement {
  return { [word]: null };
}

/** Goes on in another chain and does not come back. */
export function goTo(target: string): Statement {
  return { goto: { target } };
}

/** Goes through another chain and, where that decides nothing, comes back. */
export function jump(target: string): Statement {
  return { jump: { target } };
}

/** The value that `map` has for `key`, if any: a verdict. */
export function lookUp(key: Json, map: string): Statement {
  return { vmap: { key, data: `@${map}` } };
}

/** The ranges of a field as nft writes them. */
export function portValues(ranges: readonly PortRange[]): Json[] {
  return ranges.map(({ first, last }) => (first === last ? first : { range: [first, last] }));
}

/** The networks of one family, those that overlap or touch joined, in order. */
export function stretchesOf(cidrs: readonly Cidr[], family: 4 | 6): Stretch[] {
  const zero = family === 4 ? 0 : 0n;
  return stretchesOfCut(cut(zero, spansOf(cidrs, family, 1)), ends[family]).map(({ first, last }) => ({ first, last }));
}

/** The owned parts of a cut space up to `end`, each with its owner. */
export function stretchesOfCut(
  { starts, values }: { readonly starts: readonly Bound[]; readonly values: readonly number[] },
  end: Bound,
): (Stretch & { readonly value: number })[] {
  const found: (Stretch & { readonly value: number })[] = [];
  for (let index = 0; index < starts.length; index++) {
    if (values[index] === 0) continue;
    found.push({ first: starts[index]!, last: before(starts[index + 1] ?? end), value: values[index]! });
  }
  return found;
}

function before(bound: Bound): Bound {
  return typeof bound === 'number' ? bound - 1 : bound - 1n;
}

/** Whether the stretch is a whole address space. */
export function isWhole({ first, last }: Stretch, family: 4 | 6): boolean {
  return BigInt(first) === 0n && BigInt(last) === BigInt(ends[family]) - 1n;
}

/** Addresses as nft writes them: a host, a prefix where it is one, or a range. */
export function addressValue({ first, last }: Stretch, family: 4 | 6): Json {
  const from = printAddress({ family, value: first });
  const length = prefixLength(first, last, family);
  const width = family === 4 ? 32 : 128;
  if (length === width) return from;
  if (length >= 0) return { prefix: { addr: from, len: length } };
  return { range: [from, printAddress({ family, value: last })] };
}

/** The length of the prefix that the stretch is, or -1 where it is none. */
function prefixLength(first: Bound, last: Bound, family: 4 | 6): number {
  const width = family === 4 ? 32 : 128;
  if (typeof first === 'number' && typeof last === 'number') {
    const size = last - first + 1;
    const bits = Math.log2(size);
    return Number.isInteger(bits) && first % size === 0 ? width - bits : -1;
  }
  const size = BigInt(last) - BigInt(first) + 1n;
  if ((size & (size - 1n)) !== 0n || BigInt(first) % size !== 0n) return -1;
  return width - (size.toString(2).length - 1);
}
