// What changes from one rule set to another, exactly, as sentences: "opens tcp 3306 to 10.0.0.0/8".

import type { Cidr } from '../base/cidr.ts';
import { Canvas, type Packet, Space } from './algebra-space.ts';
import type { Action, Protocol, RuleSet } from './rule.ts';
import { joined, type PortRange, printPorts, printSources } from './rule-fields.ts';

/** Ports that open or close to some sources. */
export interface Change {
  readonly kind: 'opens' | 'closes';
  readonly protocol: Protocol;
  readonly ports: readonly PortRange[];
  readonly sources: readonly Cidr[];
  /** `opens tcp 3306 to 10.0.0.0/8`. */
  readonly says: string;
  /** One packet that is decided otherwise than before. */
  readonly witness: Packet;
}

/** All that changes; nothing where both sets decide every packet alike. */
export interface Difference {
  readonly changes: readonly Change[];
}

/** Runs of cells that open (or close), the stretches of ports where they do, and a witness. */
interface Group {
  readonly kind: 'opens' | 'closes';
  readonly runs: readonly number[];
  readonly ports: { readonly tcp: PortRange[]; readonly udp: PortRange[] };
  readonly witness: Packet;
}

/** Most runs of sources that a difference may have. */
const maxRuns = 2_000_000;

/** Everything that `after` decides otherwise than `before`; null where the sets are too large to be compared. */
export function difference(before: RuleSet, after: RuleSet): Difference | null {
  const space = new Space([before.rules, after.rules]);
  const comparison = new Comparison(space, before, after);
  for (const protocol of ['tcp', 'udp'] as const) {
    const swept = space.sweep(protocol, (first, last, [old = [], young = []]) =>
      comparison.compare(protocol, { first, last }, old, young),
    );
    if (!swept || comparison.isTooLarge) return null;
  }
  const changes = comparison.groups().flatMap((group) => changesOf(group, space));
  return { changes: changes.sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'opens' ? -1 : 1)) };
}

class Comparison {
  isTooLarge = false;
  readonly #space: Space;
  readonly #before: Canvas;
  readonly #after: Canvas;
  /** Whether the rule with a number allows; index 0 is the default. */
  readonly #allowsBefore: Uint8Array;
  readonly #allowsAfter: Uint8Array;
  readonly #groups = new Map<string, Group>();
  #runs = 0;

  constructor(space: Space, before: RuleSet, after: RuleSet) {
    this.#space = space;
    this.#before = new Canvas(space, 0);
    this.#after = new Canvas(space, 1);
    this.#allowsBefore = allowsOf(before);
    this.#allowsAfter = allowsOf(after);
  }

  groups(): Group[] {
    return [...this.#groups.values()];
  }

  compare(protocol: 'tcp' | 'udp', range: PortRange, before: readonly number[], after: readonly number[]): void {
    if (this.isTooLarge) return;
    this.#before.paint(before);
    this.#after.paint(after);
    for (const kind of ['opens', 'closes'] as const) {
      const runs = this.#runsOf(kind === 'opens' ? 1 : 0);
      if (runs.length === 0) continue;
      const key = `${kind} ${runs.join()}`;
      let group = this.#groups.get(key);
      if (group === undefined) {
        this.#runs += runs.length / 2;
        if (this.#runs > maxRuns) this.isTooLarge = true;
        const isIn = (cell: number) => runs.some((at, end) => end % 2 === 0 && at <= cell && cell < runs[end + 1]!);
        const cell = this.#space.familiar.find(isIn) ?? runs[0]!;
        const witness = this.#space.witness(protocol, range.first, cell);
        group = { kind, runs, ports: { tcp: [], udp: [] }, witness };
        this.#groups.set(key, group);
      }
      group.ports[protocol].push(range);
    }
  }

  /** Pairs of cells between which `after` allows (1) or denies (0) what `before` does not; none crosses the families. */
  #runsOf(wanted: 0 | 1): number[] {
    const { cells, firstOf6 } = this.#space;
    const [old, young] = [this.#before.owners, this.#after.owners];
    const runs: number[] = [];
    let start = -1;
    for (let cell = 0; cell < cells; cell++) {
      const allowed = this.#allowsAfter[young[cell]!]!;
      const isIn = allowed === wanted && this.#allowsBefore[old[cell]!] !== allowed;
      if (start >= 0 && (!isIn || cell === firstOf6)) {
        runs.push(start, cell);
        start = -1;
      }
      if (isIn && start < 0) start = cell;
    }
    if (start >= 0) runs.push(start, cells);
    return runs;
  }
}

function allowsOf(set: RuleSet): Uint8Array {
  const allows = (action: Action) => (action === 'ALLOW' ? 1 : 0);
  return Uint8Array.from([allows(set.default), ...set.rules.map(({ action }) => allows(action))]);
}

/** One change where both protocols have the same ports, else one for each. */
function changesOf({ kind, runs, ports, witness }: Group, space: Space): Change[] {
  const sources: Cidr[] = [];
  for (let at = 0; at < runs.length; at += 2) sources.push(...space.networks(runs[at]!, runs[at + 1]!));
  const whom = sourcesText(runs, sources, space);
  const tcp = joined(ports.tcp);
  const udp = joined(ports.udp);
  const change = (protocol: Protocol, own: readonly PortRange[]): Change => {
    const says = `${kind} ${protocol.toLowerCase()} ${portsText(own)} to ${whom}`;
    const seen = protocol === 'UDP' ? { ...witness, protocol: 'udp' as const, port: own[0]!.first } : witness;
    return { kind, protocol, ports: own, sources, says, witness: seen };
  };
  if (portsText(tcp) === portsText(udp) && isSame(tcp, udp)) return [change('ALL', tcp)];
  return [...(tcp.length > 0 ? [change('TCP', tcp)] : []), ...(udp.length > 0 ? [change('UDP', udp)] : [])];
}

function isSame(some: readonly PortRange[], others: readonly PortRange[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ first, last }, index) => first === others[index]!.first && last === others[index]!.last)
  );
}

/** `all ports`, or the ports as a table shows them. */
export function portsText(ports: readonly PortRange[]): string {
  return ports[0]?.first === 1 && ports[0].last === 65535 ? 'all ports' : printPorts(ports);
}

/** `any`, the networks, or `any but …` where that is shorter. */
function sourcesText(runs: readonly number[], sources: readonly Cidr[], space: Space): string {
  const missing: Cidr[] = [];
  const add = (first: number, last: number) => {
    if (first < last) missing.push(...space.networks(first, last));
  };
  let at = 0;
  const { firstOf6, cells } = space;
  for (let index = 0; index <= runs.length; index += 2) {
    const start = runs[index] ?? cells;
    if (at < firstOf6 && start > firstOf6) {
      add(at, firstOf6);
      add(firstOf6, start);
    } else add(at, start);
    at = runs[index + 1] ?? cells;
  }
  if (missing.length === 0) return 'any';
  return missing.length < sources.length ? `any but ${printSources(missing)}` : printSources(sources);
}
