// Values of nft's JSON (libnftables-json(5)): words, numbers, ranges, prefixes, sets.

import type { Cidr } from '../../base/cidr.ts';
import { coverOf } from '../../base/cidr.ts';
import type { PortRange } from '../rule-fields.ts';
import { looseCidr, portRangeOf } from './model.ts';

export type Plain = Readonly<Record<string, unknown>>;

/** A text, or ''. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The members of a right side: of a set in braces, of a list, of a named set, or the value alone. Null where a named set is not there. */
export function membersOf(
  value: unknown,
  elementsOf: (name: string) => readonly unknown[] | null,
): readonly unknown[] | null {
  if (typeof value === 'string' && value.startsWith('@')) return elementsOf(value.slice(1))?.map(plainElement) ?? null;
  if (Array.isArray(value)) return value.map(plainElement);
  const set = fieldOf(value, 'set');
  if (set === undefined) return [value];
  return (Array.isArray(set) ? set : [set]).map(plainElement);
}

/** An element without its timeout, counter or comment: `{ elem: { val, timeout } }`. */
function plainElement(value: unknown): unknown {
  const elem = fieldOf(value, 'elem');
  return elem === undefined ? value : fieldOf(elem, 'val');
}

/** A network or range of addresses as networks; null for none. */
export function networksOf(value: unknown): Cidr[] | null {
  if (typeof value === 'string') {
    const cidr = looseCidr(value);
    return cidr === null ? null : [cidr];
  }
  const prefix = fieldOf(value, 'prefix');
  if (prefix !== undefined) {
    const cidr = looseCidr(`${textOf(fieldOf(prefix, 'addr'))}/${String(fieldOf(prefix, 'len'))}`);
    return cidr === null ? null : [cidr];
  }
  const range = fieldOf(value, 'range');
  if (!Array.isArray(range) || range.length !== 2) return null;
  const [first, last] = range.map((end) => looseCidr(textOf(end)));
  if (!first || !last || first.family !== last.family || first.start > last.start) return null;
  return coverOf(first.family, first.start, last.end);
}

/** A port or range of ports; null for none. */
export function portsOf(value: unknown): PortRange | null {
  if (typeof value === 'number' || typeof value === 'string') return portRangeOf(String(value), '-');
  const range = fieldOf(value, 'range');
  if (!Array.isArray(range) || range.length !== 2) return null;
  const [first, last] = range.map((end) => portRangeOf(String(end), '-'));
  return first && last && first.first <= last.first ? { first: first.first, last: last.first } : null;
}

/** A field of a value, if the value has fields. */
export function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Plain)[key] : undefined;
}
