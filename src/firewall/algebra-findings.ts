// What is odd about a rule set, each with a packet that shows it: shadowed, never-hit, redundant, contradictory, too-wide.

import { Canvas, type Packet, type Shape, Space } from './algebra-space.ts';
import type { Action, Rule, RuleSet } from './rule.ts';
import type { PortRange } from './rule-fields.ts';
import { zones } from './zones.ts';

/** The kinds of findings, the gravest first, in a sentence each. */
export const findingKinds = {
  shadowed: 'earlier rules decide all of its packets, some of them the other way',
  contradictory:
    'it denies what an earlier rule allows in part, neither holding the other, so that only their order decides',
  'too-wide': 'it lets at least a sixteenth of the internet reach what is meant for few',
  'never-hit': 'earlier rules decide all of its packets, the same way',
  redundant: 'without it the same packets would be decided the same way',
} as const;

export type FindingKind = keyof typeof findingKinds;

/** One finding about a rule (0 is the default); `by` is the other rule that matters to it, 0 the default, -1 none. */
export interface Finding {
  readonly kind: FindingKind;
  readonly rule: number;
  readonly by: number;
  readonly witness: Packet;
  /** What is so, and what to do; each one sentence without a full stop. */
  readonly says: string;
  readonly instead: string;
}

/** Services that are meant for few: whoever reaches them owns the machine or its data. */
const guarded: ReadonlyMap<number, string> = new Map([
  [22, 'SSH'],
  [23, 'telnet'],
  [135, 'RPC'],
  [445, 'SMB'],
  [1433, 'SQL Server'],
  [2049, 'NFS'],
  [2375, 'Docker'],
  [2379, 'etcd'],
  [3306, 'MySQL'],
  [3389, 'RDP'],
  [5432, 'PostgreSQL'],
  [5900, 'VNC'],
  [6379, 'Redis'],
  [6443, 'Kubernetes'],
  [9200, 'Elasticsearch'],
  [10250, 'kubelet'],
  [11211, 'memcached'],
  [27017, 'MongoDB'],
]);

/** As many ports opened to the internet are no service but a missing decision. */
const maxPortsForAll = 1000;

/** A sixteenth of an address family's internet: who may come from as much may come from anywhere. */
const wideShare = 1 / 16;

/** Most pairs of rules that are looked at as contradictory. */
const maxPairs = 10_000;

/** Every finding, by rule; null where the set is too large to be analysed. Exact: a kind is told where it holds and only there. */
export function analyse(set: RuleSet): Finding[] | null {
  const marks: Shape[] = [
    { protocol: 'ALL', ports: [], sources: zones.internet! },
    { protocol: 'ALL', ports: [...guarded.keys()].map((port) => ({ first: port, last: port })), sources: [] },
  ];
  const space = new Space([set.rules, marks]);
  const study = new Study(set, space);
  for (const protocol of ['tcp', 'udp'] as const)
    if (!space.sweep(protocol, (first, last, [active = []]) => study.look(protocol, { first, last }, active)))
      return null;
  return study.findings();
}

interface Seen {
  readonly witness: Packet;
  readonly by: number;
}

class Study {
  readonly #set: RuleSet;
  readonly #space: Space;
  readonly #canvas: Canvas;
  readonly #isInternet: Uint8Array;
  /** By rule number; index 0 is the default. */
  readonly #owns: (Seen | null)[];
  /** A packet that would be decided otherwise without the rule. */
  readonly #matters: Uint8Array;
  /** A packet that an earlier rule decides, and one that it decides the other way. */
  readonly #taken: (Seen | null)[];
  readonly #thwarted: (Seen | null)[];
  readonly #guardedSeen: (Packet | null)[];
  readonly #portsForAll: Float64Array;
  readonly #pairs = new Map<number, Packet>();
  readonly #internetSizes: { readonly 4: number; readonly 6: number };

  constructor(set: RuleSet, space: Space) {
    const count = set.rules.length + 1;
    this.#set = set;
    this.#space = space;
    this.#canvas = new Canvas(space, 0);
    this.#isInternet = new Uint8Array(space.cells);
    const spans = space.spans(1, 0);
    for (let at = 0; at < spans.length; at += 2) this.#isInternet.fill(1, spans[at]!, spans[at + 1]!);
    this.#owns = new Array(count).fill(null);
    this.#matters = new Uint8Array(count);
    this.#taken = new Array(count).fill(null);
    this.#thwarted = new Array(count).fill(null);
    this.#guardedSeen = new Array(count).fill(null);
    this.#portsForAll = new Float64Array(count);
    this.#internetSizes = {
      4: this.#internetSize(0, space.firstOf6),
      6: this.#internetSize(space.firstOf6, space.cells),
    };
  }

  look(protocol: 'tcp' | 'udp', range: PortRange, active: readonly number[]): void {
    this.#canvas.paint(active);
    this.#lookAtOwners(protocol, range.first);
    for (const index of active) this.#lookAtLosses(index, protocol, range.first);
    this.#lookAtWidth(protocol, range);
  }

  #actionOf(number: number): Action {
    return number === 0 ? this.#set.default : this.#set.rules[number - 1]!.action;
  }

  #lookAtOwners(protocol: 'tcp' | 'udp', port: number): void {
    const { owners, seconds } = this.#canvas;
    const count = this.#owns.length;
    for (const cell of this.#space.familiar)
      this.#owns[owners[cell]!] ??= { witness: this.#space.witness(protocol, port, cell), by: seconds[cell]! };
    for (let cell = 0; cell < owners.length; cell++) {
      const owner = owners[cell]!;
      const second = seconds[cell]!;
      this.#owns[owner] ??= { witness: this.#space.witness(protocol, port, cell), by: second };
      if (owner === 0 || this.#actionOf(owner) === this.#actionOf(second)) continue;
      this.#matters[owner] = 1;
      // Because refusing first and allowing behind it is how exceptions are written, only a refusal that comes too late is told.
      if (
        second === 0 ||
        this.#actionOf(owner) === 'DENY' ||
        this.#pairs.size >= maxPairs ||
        this.#pairs.has(owner * count + second)
      )
        continue;
      this.#pairs.set(owner * count + second, this.#space.witness(protocol, port, cell));
    }
  }

  /** Cells that a rule names and earlier ones decide. Only what is not known yet is looked for. */
  #lookAtLosses(index: number, protocol: 'tcp' | 'udp', port: number): void {
    const number = index + 1;
    if (this.#owns[number] !== null || this.#thwarted[number] !== null) return;
    const { owners } = this.#canvas;
    const spans = this.#space.spans(0, index);
    for (let at = 0; at < spans.length; at += 2)
      for (let cell = spans[at]!; cell < spans[at + 1]!; cell++) {
        const owner = owners[cell]!;
        this.#taken[number] ??= { witness: this.#space.witness(protocol, port, cell), by: owner };
        if (this.#actionOf(owner) === this.#actionOf(number)) continue;
        this.#thwarted[number] = { witness: this.#space.witness(protocol, port, cell), by: owner };
        return;
      }
  }

  #lookAtWidth(protocol: 'tcp' | 'udp', { first, last }: PortRange): void {
    const { firstOf6, cells } = this.#space;
    const counted = new Set<number>();
    for (const [from, to, size] of [
      [0, firstOf6, this.#internetSizes[4]],
      [firstOf6, cells, this.#internetSizes[6]],
    ] as const)
      for (const [number, { share, cell }] of this.#sharesOf(from, to, size)) {
        if (share < wideShare) continue;
        const packet = this.#space.witness(protocol, first, cell);
        if (protocol === 'tcp' && first === last && guarded.has(first)) this.#guardedSeen[number] ??= packet;
        if (!counted.has(number)) this.#portsForAll[number]! += last - first + 1;
        counted.add(number);
      }
  }

  /** Which share of the internet each allowing owner has between two cells. */
  #sharesOf(from: number, to: number, size: number): Map<number, { share: number; cell: number }> {
    const shares = new Map<number, { share: number; cell: number }>();
    const { owners } = this.#canvas;
    for (let cell = from; cell < to; cell++) {
      const owner = owners[cell]!;
      if (this.#isInternet[cell] === 0 || this.#actionOf(owner) === 'DENY') continue;
      const known = shares.get(owner) ?? { share: 0, cell };
      known.share += this.#space.size(cell) / size;
      if (this.#space.familiar.includes(cell)) known.cell = cell;
      shares.set(owner, known);
    }
    return shares;
  }

  #internetSize(from: number, to: number): number {
    let sum = 0;
    for (let cell = from; cell < to; cell++) if (this.#isInternet[cell] === 1) sum += this.#space.size(cell);
    return sum;
  }

  findings(): Finding[] {
    const { rules } = this.#set;
    const found: Finding[] = [];
    for (let number = 0; number <= rules.length; number++) {
      const rule = rules[number - 1] ?? null;
      const seen = this.#owns[number] ?? null;
      if (rule !== null && seen === null) found.push(this.#unhit(rule));
      else if (rule !== null && seen !== null && this.#matters[number] === 0 && !isLastWord(rule, rules))
        found.push(this.#redundant(rule, seen));
      const wide = this.#wide(number);
      if (wide !== null) found.push(wide);
    }
    found.push(...this.#contradictions());
    return found.sort((a, b) => a.rule - b.rule);
  }

  #unhit(rule: Rule): Finding {
    const { number } = rule;
    const thwarted = this.#thwarted[number] ?? null;
    const { witness, by } = thwarted ?? this.#taken[number]!;
    const kind = thwarted === null ? 'never-hit' : 'shadowed';
    const did = this.#actionOf(by) === 'ALLOW' ? 'allows' : 'denies';
    return {
      kind,
      rule: number,
      by,
      witness,
      says: `rule ${number} can never be hit: earlier rules decide all that it names; rule ${by} ${did} ${packetText(witness)}`,
      instead: kind === 'never-hit' ? 'remove it' : `move it before rule ${by}, or remove it`,
    };
  }

  #redundant({ number }: Rule, { witness, by }: Seen): Finding {
    const other = by === 0 ? 'the default' : `rule ${by}`;
    const did = this.#actionOf(number) === 'ALLOW' ? 'allow' : 'deny';
    return {
      kind: 'redundant',
      rule: number,
      by,
      witness,
      says: `rule ${number} changes nothing: without it ${other} would ${did} ${packetText(witness)} just the same`,
      instead: 'remove it, unless it is there to be counted',
    };
  }

  #wide(number: number): Finding | null {
    const who = number === 0 ? 'the default' : `rule ${number}`;
    const packet = this.#guardedSeen[number] ?? null;
    const seen = this.#owns[number] ?? null;
    if (packet !== null) {
      const says = `${who} lets the internet reach ${guarded.get(packet.port)} (tcp ${packet.port}), for example ${packetText(packet)}`;
      return {
        kind: 'too-wide',
        rule: number,
        by: -1,
        witness: packet,
        says,
        instead: 'name the networks that need it',
      };
    }
    if (this.#portsForAll[number]! <= maxPortsForAll || seen === null) return null;
    const ports = this.#portsForAll[number]!.toLocaleString('en-US');
    const says = `${who} opens ${ports} ports to the internet, tcp and udp together`;
    const instead = 'name the ports that are served';
    return { kind: 'too-wide', rule: number, by: -1, witness: seen.witness, says, instead };
  }

  /** Pairs whose packets overlap where neither holds all of the other's: an exception before its rule is none. */
  #contradictions(): Finding[] {
    const found: Finding[] = [];
    const count = this.#owns.length;
    for (const [key, witness] of this.#pairs) {
      const [owner, second] = [Math.floor(key / count), key % count];
      if ([0, 1].every((side) => this.#isException(owner, second, side))) continue;
      found.push({
        kind: 'contradictory',
        rule: second,
        by: owner,
        witness,
        says: `rule ${owner} allows ${packetText(witness)}, which rule ${second} would deny; neither rule holds the other, so only their order decides`,
        instead: `move rule ${second} before rule ${owner} if it is the exception, or name what it is really about`,
      });
    }
    return found;
  }

  /** Whether, in one family (side 0 is IPv4), one rule holds the other: `0.0.0.0/0` behind `any` is no contradiction. */
  #isException(one: number, other: number, side: number): boolean {
    const [first, last] = side === 0 ? [0, this.#space.firstOf6] : [this.#space.firstOf6, this.#space.cells];
    return this.#holds(one, other, first, last) || this.#holds(other, one, first, last);
  }

  /** Whether `outer` names every packet of `inner` whose source is between two cells. */
  #holds(outer: number, inner: number, from: number, to: number): boolean {
    const rest = this.#space.spans(0, inner - 1).map((cell) => Math.min(Math.max(cell, from), to));
    if (rest.every((cell, index) => index % 2 === 1 || cell === rest[index + 1])) return true;
    const [out, inside] = [this.#set.rules[outer - 1]!, this.#set.rules[inner - 1]!];
    if (out.protocol !== 'ALL' && out.protocol !== inside.protocol) return false;
    if (!inside.ports.every(({ first, last }) => out.ports.some((range) => range.first <= first && last <= range.last)))
      return false;
    const spans = this.#space.spans(0, outer - 1);
    for (let at = 0, own = 0; at < rest.length; at += 2) {
      if (rest[at] === rest[at + 1]) continue;
      while (own < spans.length && spans[own + 1]! < rest[at + 1]!) own += 2;
      if (own >= spans.length || spans[own]! > rest[at]!) return false;
    }
    return true;
  }
}

/** Whether the rule is the default written out for people: the last one, about everything of a family. */
function isLastWord({ number, protocol, ports, sources }: Rule, rules: readonly Rule[]): boolean {
  const isWhole = ports.length === 1 && ports[0]!.first <= 1 && ports[0]!.last === 65535;
  return number === rules.length && protocol === 'ALL' && isWhole && sources.some(({ prefix }) => prefix === 0);
}

/** `tcp 203.0.113.7 → :22`. */
export function packetText({ protocol, source, port }: Packet): string {
  return `${protocol} ${source} → :${port}`;
}
