// A packet on its way through the hooks, and what its fields are when a rule asks; what nobody can know is `unknown`.

import { type Address, parseAddress } from '../../base/address.ts';
import type { Json } from '../nftables/nftables.ts';
import type { Fields } from './ruleset.ts';

/** A value that cannot be told from here, and why: `the mark of a socket`. */
export interface Unknown {
  readonly unknown: string;
}

/** What a field of a packet can be: an address, a number, a word, several words (flags), or nothing (the packet has no such field). */
export type Value = Address | number | string | readonly string[] | null | Unknown;

/** A packet that begins a connection, where it is now. */
export interface Walker {
  readonly family: 4 | 6;
  readonly protocol: 'tcp' | 'udp';
  readonly source: Address;
  readonly sourcePort: number;
  /** Where it was sent, before any translation. */
  readonly called: { readonly address: Address; readonly port: number };
  /** Where it goes now. */
  target: { address: Address; port: number };
  /** The interface it came in by. */
  readonly from: string;
  /** `input`, `forward` or `prerouting`. */
  hook: string;
  isTracked: boolean;
  isTranslated: boolean;
  mark: Value;
  ctMark: Value;
}

/** What is known of the machine. */
export interface Surroundings {
  /** Whether an address is one of its own. */
  isOwn(address: Address): boolean;
  /** The interface by which packets to an address leave; null where that cannot be told. */
  outBy?(address: Address): string | null;
}

/** Whether a value cannot be told from here. */
export function isUnknown(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && 'unknown' in value;
}

const numbers = { tcp: 6, udp: 17 } as const;

/** The value of an expression on the left of a match, or a key of a map. */
export function fieldOf(left: Json, walker: Walker, around: Surroundings): Value | readonly Value[] {
  if (typeof left !== 'object' || left === null || Array.isArray(left)) return left as Value;
  const [[kind, body] = ['', null]] = Object.entries(left as Fields);
  const parts = body as Fields;
  switch (kind) {
    case 'payload':
      return payloadOf(parts, walker);
    case 'meta':
      return metaOf(String(parts.key), walker, around);
    case 'ct':
      return ctOf(parts, walker);
    case 'fib':
      return fibOf(parts, walker, around);
    case 'concat':
      return (body as readonly Json[]).map((each) => fieldOf(each, walker, around) as Value);
    case '&':
      return maskOf(body as readonly Json[], walker, around);
    default:
      return { unknown: kind };
  }
}

function payloadOf({ protocol, field, base }: Fields, walker: Walker): Value {
  if (base !== undefined) return { unknown: 'raw bytes of a packet' };
  const words = `${protocol} ${field}`;
  if (protocol === 'ip' || protocol === 'ip6') {
    if ((protocol === 'ip') !== (walker.family === 4)) return null;
    if (field === 'saddr') return walker.source;
    if (field === 'daddr') return walker.target.address;
    if (field === 'protocol' || field === 'nexthdr') return walker.protocol;
    return { unknown: words };
  }
  if (protocol === 'th' || protocol === walker.protocol) {
    if (field === 'dport') return walker.target.port;
    if (field === 'sport') return walker.sourcePort;
    if (field === 'flags') return ['syn'];
    return { unknown: words };
  }
  if (['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'dccp', 'udplite', 'esp', 'ah', 'arp'].includes(String(protocol)))
    return null;
  return { unknown: words };
}

function metaOf(key: string, walker: Walker, around: Surroundings): Value {
  switch (key) {
    case 'l4proto':
      return walker.protocol;
    case 'nfproto':
      return walker.family === 4 ? 'ipv4' : 'ipv6';
    case 'protocol':
      return walker.family === 4 ? 'ip' : 'ip6';
    case 'iif':
    case 'iifname':
      return walker.from;
    case 'mark':
      return walker.mark;
    case 'pkttype':
      return 'host';
    case 'oif':
    case 'oifname':
      // Because on input there is no way out yet.
      if (walker.hook !== 'forward') return null;
      return around.outBy?.(walker.target.address) ?? { unknown: `meta ${key}` };
    case 'iifkind':
      return walker.hook === 'forward' ? { unknown: `meta ${key}` } : null;
    default:
      return { unknown: `meta ${key}` };
  }
}

function ctOf({ key, dir }: Fields, walker: Walker): Value {
  if (key === 'state') return walker.isTracked ? ['new'] : ['untracked'];
  if (!walker.isTracked) return null;
  switch (key) {
    case 'status':
      return walker.isTranslated ? ['dnat'] : [];
    case 'direction':
      return 'original';
    case 'mark':
      return walker.ctMark;
    case 'l3proto':
      return walker.family === 4 ? 'ipv4' : 'ipv6';
    case 'protocol':
      return walker.protocol;
  }
  const isOriginal = dir === 'original' || dir === undefined;
  if (!isOriginal) return { unknown: `ct ${dir} ${key}` };
  if (key === 'saddr' || key === 'ip saddr' || key === 'ip6 saddr') return walker.source;
  if (key === 'daddr' || key === 'ip daddr' || key === 'ip6 daddr') return walker.called.address;
  if (key === 'proto-dst') return walker.called.port;
  if (key === 'proto-src') return walker.sourcePort;
  return { unknown: `ct ${key}` };
}

function fibOf({ result, flags }: Fields, walker: Walker, around: Surroundings): Value {
  const words = [flags ?? []].flat().map(String);
  if (result !== 'type') return { unknown: `fib ${words.join(' . ')} ${result}` };
  if (words.length === 1 && words[0] === 'daddr') return around.isOwn(walker.target.address) ? 'local' : 'unicast';
  if (words.length === 1 && words[0] === 'saddr') return around.isOwn(walker.source) ? 'local' : 'unicast';
  return { unknown: `fib ${words.join(' . ')} ${result}` };
}

/** `ip saddr & 255.255.0.0`, `meta mark & 0xff`, `tcp flags & (fin | syn)`. */
function maskOf(parts: readonly Json[], walker: Walker, around: Surroundings): Value {
  const value = fieldOf(parts[0]!, walker, around) as Value;
  const mask = parts[1]!;
  if (value === null || isUnknown(value)) return value;
  if (Array.isArray(value)) {
    const kept = new Set(wordsOf(mask));
    return (value as readonly string[]).filter((word) => kept.has(word));
  }
  if (typeof value === 'number' && typeof mask === 'number') return Number(BigInt(value) & BigInt(mask));
  if (typeof value === 'object' && 'family' in value && typeof mask === 'string') {
    const parsed = parseAddress(mask);
    if (!parsed.ok || parsed.value.family !== value.family) return { unknown: 'a mask' };
    const masked = BigInt(value.value) & BigInt(parsed.value.value);
    return { family: value.family, value: value.family === 4 ? Number(masked) : masked };
  }
  return { unknown: 'a mask' };
}

/** `syn`, `["fin", "syn"]`, or `{"|": ["fin", "syn"]}`: the words of flags. */
export function wordsOf(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(wordsOf);
  if (typeof value === 'object' && value !== null && '|' in value) return wordsOf((value as Fields)['|']!);
  return [];
}

/** The number of a protocol's name, for comparisons with numbers. */
export function protocolNumber(name: string): number | null {
  return name === 'tcp' || name === 'udp' ? numbers[name] : null;
}
