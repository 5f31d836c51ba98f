// Whether a field of a packet is what a rule asks for: yes, no, or nobody can tell.

import { type Address, parseAddress } from '../../base/address.ts';
import { parseCidr } from '../../base/cidr.ts';
import { type Json, mended } from '../nftables/nftables.ts';
import { isUnknown, protocolNumber, type Unknown, type Value, wordsOf } from './packet.ts';
import type { Fields, LiveSet } from './ruleset.ts';

/** Yes, no, or unknown with its reason. */
export type Answer = boolean | Unknown;

/** Finds the set of a name in the table that is walked through. */
export type FindSet = (name: string) => LiveSet | null;

/** `left op right`. A packet without the field never matches, whatever the operator (nft(8): the rule is left). */
export function matches(op: string, left: Value | readonly Value[], right: Json, findSet: FindSet): Answer {
  if (left === null) return false;
  if (Array.isArray(left) && left.some((each) => each === null) && !isFlags(left)) return false;
  if (isUnknown(left)) return left;
  if (isFlags(left)) return flagsMatch(op, left, right);
  const equal = isIn(left, right, findSet);
  if (op === '==' || op === 'in') return equal;
  if (op === '!=') return isUnknown(equal) ? equal : !equal;
  if (typeof left === 'number' && typeof right === 'number') {
    if (op === '<') return left < right;
    if (op === '>') return left > right;
    if (op === '<=') return left <= right;
    if (op === '>=') return left >= right;
  }
  return { unknown: `the operator ${op}` };
}

function isFlags(value: Value | readonly Value[]): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.every((each) => typeof each === 'string') &&
    value.every((each) => flagWords.has(each as string))
  );
}

/** Words of fields that hold several at once: states, statuses, flags of TCP. */
const flagWords: ReadonlySet<string> = new Set(
  'new untracked established related invalid dnat snat syn ack fin rst psh urg'.split(' '),
);

function flagsMatch(op: string, flags: readonly string[], right: Json): Answer {
  if (typeof right === 'string' && right.startsWith('@')) return { unknown: `the set ${right}` };
  const wanted =
    typeof right === 'object' && right !== null && 'set' in right
      ? wordsOf((right as { set: Json }).set)
      : wordsOf(right);
  if (typeof right === 'number')
    return op === '!=' ? flags.length > 0 !== (right !== 0) : (flags.length === 0) === (right === 0);
  const has = wanted.some((word) => flags.includes(word));
  if (op === 'in') return has;
  const isEqual =
    typeof right === 'object' && right !== null && 'set' in right
      ? has
      : flags.length === wanted.length && wanted.every((word) => flags.includes(word));
  return op === '!=' ? !isEqual : isEqual;
}

/** Whether the value is the constant, or in the set, prefix or range. */
export function isIn(value: Value | readonly Value[], right: Json, findSet: FindSet): Answer {
  if (isUnknown(value)) return value;
  if (typeof right === 'string' && right.startsWith('@')) {
    const set = findSet(right.slice(1));
    return set === null ? { unknown: `the set ${right}` } : isAmong(value, set.elements, findSet);
  }
  const { set, concat, elem } = right as { set?: Json; concat?: readonly Json[]; elem?: { val: Json } };
  if (typeof right === 'object' && right !== null) {
    if (set !== undefined) return isAmong(value, Array.isArray(set) ? set : [set], findSet);
    if (elem !== undefined) return isIn(value, elem.val, findSet);
    if (concat !== undefined) return isConcat(value, concat, findSet);
  }
  return isOne(value as Value, mended(right));
}

function isAmong(value: Value | readonly Value[], elements: readonly Json[], findSet: FindSet): Answer {
  let doubt: Unknown | null = null;
  for (const element of elements) {
    const answer = isIn(value, element, findSet);
    if (answer === true) return true;
    if (isUnknown(answer)) doubt = answer;
  }
  return doubt ?? false;
}

function isConcat(value: Value | readonly Value[], parts: readonly Json[], findSet: FindSet): Answer {
  if (!Array.isArray(value) || value.length !== parts.length) return { unknown: 'a concatenation' };
  let doubt: Unknown | null = null;
  for (let index = 0; index < parts.length; index++) {
    const answer = isIn((value as readonly Value[])[index]!, parts[index]!, findSet);
    if (answer === false) return false;
    if (isUnknown(answer)) doubt = answer;
  }
  return doubt ?? true;
}

function isOne(value: Value, right: Json): Answer {
  if (value === null) return false;
  if (typeof value === 'object' && 'family' in value) return isAddress(value, right);
  if (typeof value === 'number') return isNumber(value, right);
  if (typeof value === 'string') return isWord(value, right);
  return { unknown: 'a value' };
}

function isAddress(value: Address, right: Json): Answer {
  const { prefix, range } = right as { prefix?: { addr: string; len: number }; range?: readonly string[] };
  if (typeof right === 'string') {
    const parsed = parseAddress(right);
    if (!parsed.ok) return { unknown: `the address ${right}` };
    return parsed.value.family === value.family && parsed.value.value === value.value;
  }
  if (typeof right !== 'object' || right === null) return { unknown: 'an address' };
  if (prefix !== undefined) {
    const parsed = parseCidr(`${prefix.addr}/${prefix.len}`);
    if (!parsed.ok) return { unknown: `the prefix ${prefix.addr}/${prefix.len}` };
    const { family, start, end } = parsed.value;
    return family === value.family && start <= value.value && value.value < end;
  }
  if (range === undefined) return { unknown: 'an address' };
  const [first, last] = range.map((each) => parseAddress(each));
  if (!first?.ok || !last?.ok) return { unknown: 'a range of addresses' };
  return first.value.family === value.family && first.value.value <= value.value && value.value <= last.value.value;
}

function isNumber(value: number, right: Json): Answer {
  if (typeof right === 'number') return value === right;
  const { range } = right as { range?: readonly Json[] };
  if (typeof right === 'object' && right !== null && range !== undefined) {
    const [first, last] = range.map((each) => mended(each));
    if (typeof first === 'number' && typeof last === 'number') return first <= value && value <= last;
  }
  return { unknown: `the value ${JSON.stringify(right)}` };
}

function isWord(value: string, right: Json): Answer {
  if (typeof right === 'number') return protocolNumber(value) === right;
  if (typeof right === 'string') {
    // Because an interface may be named by its beginning: `veth*`.
    return right.endsWith('*') ? value.startsWith(right.slice(0, -1)) : value === right;
  }
  const { range } = right as { range?: readonly Json[] };
  const number = protocolNumber(value);
  if (range !== undefined && number !== null && typeof range[0] === 'number')
    return range[0] <= number && number <= Number(range[1]);
  return { unknown: `the value ${JSON.stringify(right)}` };
}

/** What a map says of the value: its verdict or data; null where nothing is said. */
export function lookUp(value: Value | readonly Value[], data: Json, findSet: FindSet): Fields | Json | Unknown | null {
  if (isUnknown(value)) return value;
  const named = typeof data === 'string' && data.startsWith('@') ? findSet(data.slice(1)) : null;
  const { set } = data as { set?: readonly Json[] };
  const elements = named?.elements ?? (typeof data === 'object' && data !== null && Array.isArray(set) ? set : null);
  if (elements === null) return { unknown: 'a map' };
  let doubt: Unknown | null = null;
  for (const element of elements) {
    const [key, says] = element as readonly [Json, Json];
    const answer = isIn(value, key, findSet);
    if (answer === true) return says;
    if (isUnknown(answer)) doubt = answer;
  }
  return doubt;
}
