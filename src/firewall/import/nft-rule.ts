// One rule of nftables: its matches as shapes of packets, its verdict or map of verdicts; or why it is none of ours.

import type { Cidr } from '../../base/cidr.ts';
import type { Shape } from '../algebra-space.ts';
import type { Protocol } from '../rule.ts';
import type { PortRange } from '../rule-fields.ts';
import type { ChainRule, ChainVerdict } from './chains.ts';
import { everything, everything4, everything6, intersect, otherPorts, otherSources, protocolOf } from './model.ts';
import { fieldOf, membersOf, networksOf, portsOf, textOf } from './nft-json.ts';

/** What a key of a match looks at, as far as our rules know it. */
type Key =
  | 'protocol'
  | 'family'
  | 'source4'
  | 'source6'
  | 'port tcp'
  | 'port udp'
  | 'port'
  | 'state'
  | 'interface'
  | '';

/** Reads one rule. */
export class NftRule {
  /** What is to be told though the rule was taken. */
  readonly remarks: string[] = [];
  readonly #elementsOf: (name: string) => readonly unknown[] | null;
  readonly #chainOf: (name: string) => string;
  #shapes: Shape[];

  constructor(
    elementsOf: (name: string) => readonly unknown[] | null,
    chainOf: (name: string) => string,
    family: string,
  ) {
    this.#elementsOf = elementsOf;
    this.#chainOf = chainOf;
    this.#shapes = [family === 'ip' ? everything4 : family === 'ip6' ? everything6 : everything];
  }

  /** The rules of a chain that it is (a map of verdicts is one for each key), or why it is none. */
  read(statements: readonly unknown[], description: string): ChainRule[] | string {
    for (const statement of statements) {
      const match = fieldOf(statement, 'match');
      if (match !== undefined) {
        const cannot = this.#match(match);
        if (cannot !== '') return cannot + this.#warning(statements);
        continue;
      }
      const vmap = fieldOf(statement, 'vmap');
      if (vmap !== undefined) return this.#map(vmap, description);
      const verdict = this.#verdict(statement);
      if (verdict !== null) return [{ shapes: this.#shapes, verdict, description }];
      const cannot = this.#effect(statement);
      if (cannot !== '') return cannot + this.#warning(statements);
    }
    return 'it only counts or logs';
  }

  /** Because a refusal that is left out lets somebody in, its note says so. */
  #warning(statements: readonly unknown[]): string {
    const accepts = statements.some((statement) => fieldOf(statement, 'accept') !== undefined);
    const isOwn = statements.some((statement) => keyOf(fieldOf(fieldOf(statement, 'match'), 'left')) === 'state');
    return accepts || isOwn ? '' : '; whom it keeps out, other rules may let in';
  }

  #verdict(statement: unknown): ChainVerdict | null {
    if (typeof statement !== 'object' || statement === null) return null;
    if ('accept' in statement) return { kind: 'accept' };
    if ('drop' in statement || 'reject' in statement) return { kind: 'drop' };
    if ('return' in statement) return { kind: 'return' };
    if ('continue' in statement) return { kind: 'pass' };
    for (const kind of ['jump', 'goto'] as const) {
      const target = fieldOf(fieldOf(statement, kind), 'target');
      if (typeof target === 'string') return { kind, chain: this.#chainOf(target) };
    }
    return null;
  }

  /** A statement that is neither match nor verdict: '' for those that change nothing of who gets in. */
  #effect(statement: unknown): string {
    const [name = '?'] = Object.keys(typeof statement === 'object' && statement !== null ? statement : {});
    if (['counter', 'log', 'notrack', 'meta', 'ct', 'mangle'].includes(name)) return '';
    if (name === 'limit')
      return 'it holds for so many packets in a time only; limits.max_new_connections_per_client_per_second is ours';
    return `our rules have nothing like ${name}`;
  }

  #match(match: unknown): string {
    const op = textOf(fieldOf(match, 'op'));
    const left = fieldOf(match, 'left');
    const right = fieldOf(match, 'right');
    if (!['==', '!=', 'in'].includes(op)) return `our rules have nothing like ${op}`;
    const parts = fieldOf(left, 'concat');
    if (Array.isArray(parts)) return this.#concatenation(parts, right, op === '!=');
    const key = keyOf(left);
    const members = membersOf(right, this.#elementsOf);
    if (members === null) return 'it uses a set that is not in the list';
    if (key === '') return `our rules have nothing like ${JSON.stringify(left).slice(0, 60)}`;
    const shapes = shapesOf(key, members, op === '!=');
    if (typeof shapes === 'string') return shapes;
    if (key === 'interface') this.remarks.push('the interface lo was taken as the addresses of the loopback');
    return this.#narrow(shapes);
  }

  #concatenation(parts: readonly unknown[], right: unknown, isNot: boolean): string {
    const members = membersOf(right, this.#elementsOf);
    if (members === null) return 'it uses a set that is not in the list';
    if (isNot) return 'it is about what is in none of several pairs';
    const shapes: Shape[] = [];
    for (const member of members) {
      const values = fieldOf(member, 'concat');
      if (!Array.isArray(values) || values.length !== parts.length) return 'its pairs cannot be read';
      let shape: Shape | null = everything;
      for (const [index, part] of parts.entries()) {
        const own: Shape[] | string = shapesOf(keyOf(part), [values[index]], false);
        if (typeof own === 'string') return own;
        shape = shape === null || own[0] === undefined ? null : intersect(shape, own[0]);
      }
      if (shape !== null) shapes.push(shape);
    }
    return this.#narrow(shapes);
  }

  #narrow(shapes: readonly Shape[]): string {
    this.#shapes = this.#shapes.flatMap((own) => shapes.flatMap((other) => intersect(own, other) ?? []));
    return '';
  }

  /** `vmap`: a rule for each of its keys. */
  #map(vmap: unknown, description: string): ChainRule[] | string {
    const parts = fieldOf(fieldOf(vmap, 'key'), 'concat');
    const key = keyOf(fieldOf(vmap, 'key'));
    const data = fieldOf(vmap, 'data');
    const pairs = typeof data === 'string' ? this.#elementsOf(data.slice(1)) : fieldOf(data, 'set');
    if (!Array.isArray(pairs)) return 'it uses a map that is not in the list';
    const rules: ChainRule[] = [];
    const before = this.#shapes;
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) return 'its map cannot be read';
      this.#shapes = before;
      const cannot = Array.isArray(parts)
        ? this.#concatenation(parts, { set: [pair[0]] }, false)
        : this.#entry(key, pair[0]);
      const verdict = this.#verdict(pair[1]);
      // What belongs to a connection that was let in is not ours to judge: those keys of a map of states are passed over.
      if (cannot === passedOver) continue;
      if (cannot !== '' || verdict === null) return cannot || 'its map has something else than verdicts';
      rules.push({ shapes: this.#shapes, verdict, description });
    }
    return rules;
  }

  #entry(key: Key, member: unknown): string {
    const shapes = shapesOf(key, membersOf({ set: [member] }, this.#elementsOf) ?? [], false);
    return typeof shapes === 'string' ? shapes : this.#narrow(shapes);
  }
}

const passedOver = 'what belongs to a connection that was let in is let through by itself';

function keyOf(left: unknown): Key {
  const payload = fieldOf(left, 'payload');
  if (payload !== undefined) {
    const [protocol, field] = [textOf(fieldOf(payload, 'protocol')), textOf(fieldOf(payload, 'field'))];
    if (field === 'saddr') return protocol === 'ip' ? 'source4' : protocol === 'ip6' ? 'source6' : '';
    if (field === 'dport')
      return protocol === 'tcp' ? 'port tcp' : protocol === 'udp' ? 'port udp' : protocol === 'th' ? 'port' : '';
    return field === 'protocol' || field === 'nexthdr' ? 'protocol' : '';
  }
  const meta = textOf(fieldOf(fieldOf(left, 'meta'), 'key'));
  if (meta === 'l4proto') return 'protocol';
  if (meta === 'nfproto' || meta === 'protocol') return 'family';
  if (meta === 'iif' || meta === 'iifname') return 'interface';
  return fieldOf(fieldOf(left, 'ct'), 'key') === 'state' ? 'state' : '';
}

/** The packets whose key is one of the members (or none of them); or why they cannot be told. */
function shapesOf(key: Key, members: readonly unknown[], isNot: boolean): Shape[] | string {
  switch (key) {
    case 'protocol':
      return protocolShapes(
        members.map((member) => String(member)),
        isNot,
      );
    case 'family':
      return familyShapes(members, isNot);
    case 'source4':
    case 'source6':
      return sourceShapes(members, key === 'source4' ? 4 : 6, isNot);
    case 'port':
    case 'port tcp':
    case 'port udp':
      return portShapes(members, key === 'port' ? 'ALL' : key === 'port tcp' ? 'TCP' : 'UDP', isNot);
    case 'state':
      return members.includes('new') !== isNot ? [everything] : passedOver;
    case 'interface':
      return interfaceShapes(members, isNot);
    default:
      return 'our rules have nothing like its key';
  }
}

function protocolShapes(words: readonly string[], isNot: boolean): Shape[] | string {
  const known = words.map(protocolOf);
  const wanted = new Set<Protocol | null>(known);
  if (wanted.has('ALL')) return isNot ? [] : [everything];
  const protocols = (['TCP', 'UDP'] as const).filter((protocol) => wanted.has(protocol) !== isNot);
  if (protocols.length === 0) return `${words.join(', ')} has no ports and is not judged by our rules`;
  return protocols.map((protocol) => ({ ...everything, protocol }));
}

function familyShapes(members: readonly unknown[], isNot: boolean): Shape[] {
  const isFour = members.some((member) => member === 'ipv4' || member === 'ip' || member === 2);
  const isSix = members.some((member) => member === 'ipv6' || member === 'ip6' || member === 10);
  return [...(isFour !== isNot ? [everything4] : []), ...(isSix !== isNot ? [everything6] : [])];
}

function sourceShapes(members: readonly unknown[], family: 4 | 6, isNot: boolean): Shape[] | string {
  const networks: Cidr[] = [];
  for (const member of members) {
    const found = networksOf(member);
    if (found === null) return 'its addresses cannot be read';
    networks.push(...found);
  }
  const sources = isNot ? otherSources(networks, [family]) : networks;
  return sources.length === 0 ? [] : [{ ...everything, sources }];
}

function portShapes(members: readonly unknown[], protocol: Protocol, isNot: boolean): Shape[] | string {
  const ranges = members.map(portsOf);
  if (ranges.includes(null)) return 'its ports cannot be read';
  const sorted = otherPorts(otherPorts(ranges as PortRange[]));
  const ports = isNot ? otherPorts(sorted) : sorted;
  return ports.length === 0 ? [] : [{ ...everything, protocol, ports }];
}

function interfaceShapes(members: readonly unknown[], isNot: boolean): Shape[] | string {
  if (isNot || members.some((member) => member !== 'lo'))
    return 'it is about an interface, and our rules are about all';
  const loopback = ['127.0.0.0/8', '::1'].flatMap((text) => networksOf(text) ?? []);
  return [{ ...everything, sources: loopback }];
}
