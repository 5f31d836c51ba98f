// The rules of a policy as rules of a chain: one for one, long lists in named sets, long runs as one map of verdicts.

import { spansOf } from '../../base/cidr.ts';
import { cut, type Span } from '../../base/intervals.ts';
import type { Rule } from '../rule.ts';
import type { PortRange } from '../rule-fields.ts';
import type { ChainRule, Json, NamedSet, Statement } from './table.ts';
import {
  addressValue,
  among,
  calledPort,
  ends,
  goTo,
  isWhole,
  lookUp,
  match,
  meta,
  packetPort,
  portValues,
  sourceOf,
  stretchesOf,
  stretchesOfCut,
} from './words.ts';

/** Where a packet is judged: coming in, or on its way to a published port. */
export type Side = 'input' | 'forward';

/** From how many rules that differ in one thing only they become one map. */
const minRun = 8;

/** From how many values a list becomes a named set, which a listing shows apart from its rule. */
const minNamed = 17;

/** Rules that stand one behind the other and differ in their sources alone, or in their ports alone, or one rule. */
interface Run {
  readonly by: 'sources' | 'ports' | 'itself';
  readonly rules: readonly Rule[];
}

/** The rules of a policy for both sides; the sets are shared. */
export class Listing {
  readonly sets: readonly NamedSet[];
  readonly #runs: readonly Run[];
  readonly #sets = new Map<string, NamedSet>();

  constructor(rules: readonly Rule[]) {
    this.#runs = runsOf(rules);
    this.rules('input');
    this.sets = [...this.#sets.values()];
  }

  /** The rules of a chain that is gone through on this side. A packet that none matches falls off its end. */
  rules(side: Side): ChainRule[] {
    return this.#runs.flatMap((run) => {
      const rules = run.by === 'itself' ? this.#single(run.rules[0]!, side) : this.#mapped(run, side);
      return rules.map((statements) => ({ statements, comment: '', from: run.rules[0]!.number }));
    });
  }

  #single(rule: Rule, side: Side): Statement[][] {
    const ports = portMatch(rule, side);
    return this.#sourceMatches(rule).map((sources) => [...ports, ...sources, goTo(`rule_${rule.number}`)]);
  }

  /** For each family of the rule's sources what matches them; one empty list where that is everybody. */
  #sourceMatches(rule: Rule): Statement[][] {
    const lists = ([4, 6] as const).map((family) => ({ family, stretches: stretchesOf(rule.sources, family) }));
    const isAll = ({ family, stretches }: (typeof lists)[number]) =>
      stretches.length === 1 && isWhole(stretches[0]!, family);
    if (lists.every(isAll)) return [[]];
    return lists
      .filter(({ stretches }) => stretches.length > 0)
      .map((list) => {
        const { family, stretches } = list;
        if (isAll(list)) return [match(meta('nfproto'), family === 4 ? 'ipv4' : 'ipv6')];
        const values = stretches.map((stretch) => addressValue(stretch, family));
        const name = `rule_${rule.number}_ip${family}`;
        if (values.length < minNamed) return [among(sourceOf(family), values)];
        this.#keep({ name, kind: 'set', type: family === 4 ? 'ipv4_addr' : 'ipv6_addr', elements: values });
        return [among(sourceOf(family), name)];
      });
  }

  #mapped(run: Run, side: Side): Statement[][] {
    const name = `rules_${run.rules[0]!.number}_to_${run.rules.at(-1)!.number}`;
    return run.by === 'ports' ? this.#byPort(run.rules, name, side) : this.#bySource(run.rules, name, side);
  }

  #bySource(rules: readonly Rule[], name: string, side: Side): Statement[][] {
    const ports = portMatch(rules[0]!, side);
    return ([4, 6] as const).flatMap((family) => {
      const spans = rules.flatMap((rule) => spansOf(rule.sources, family, rule.number));
      if (spans.length === 0) return [];
      const stretches = stretchesOfCut(cut(family === 4 ? 0 : 0n, spans), ends[family]);
      const map = `${name}_ip${family}`;
      const elements = stretches.map(({ value, ...stretch }) => [addressValue(stretch, family), goTo(`rule_${value}`)]);
      this.#keep({ name: map, kind: 'map', type: family === 4 ? 'ipv4_addr' : 'ipv6_addr', elements });
      return [[...ports, lookUp(sourceOf(family), map)]];
    });
  }

  #byPort(rules: readonly Rule[], name: string, side: Side): Statement[][] {
    const spans: Span[] = rules.flatMap(({ ports, number }) =>
      ports.map(({ first, last }) => ({ start: first, end: last + 1, value: number })),
    );
    const elements = stretchesOfCut(cut(0, spans), ends.port).map(({ first, last, value }) => [
      portValues([{ first: Number(first), last: Number(last) }])[0]!,
      goTo(`rule_${value}`),
    ]);
    const map = `${name}_ports`;
    this.#keep({ name: map, kind: 'map', type: 'inet_service', elements });
    const { protocol } = rules[0]!;
    const look = lookUp(portKey(protocol, side), map);
    const speaks = protocolMatch(protocol, side, false);
    return this.#sourceMatches(rules[0]!).map((sources) => [...speaks, ...sources, look]);
  }

  #keep(set: Pick<NamedSet, 'name' | 'kind' | 'type' | 'elements'>): void {
    this.#sets.set(set.name, { ...set, flags: ['interval'] });
  }
}

/** Cuts the list into runs, from the top, each as long as it goes. */
function runsOf(rules: readonly Rule[]): Run[] {
  const keys = rules.map((rule) => ({
    sources: `${rule.protocol} ${rule.ports.map(({ first, last }) => `${first}-${last}`).join()}`,
    // Because `all` ports need no port at all, such a rule is no row of a map of ports.
    ports: isEveryPort(rule.ports) ? `${rule.number}` : `${rule.protocol} ${sourceKey(rule)}`,
  }));
  const runs: Run[] = [];
  for (let index = 0; index < rules.length; ) {
    const lengths = { sources: lengthOf(keys, index, 'sources'), ports: lengthOf(keys, index, 'ports') };
    const by = lengths.sources >= lengths.ports ? 'sources' : 'ports';
    const isRun = lengths[by] >= minRun;
    const end = index + (isRun ? lengths[by] : 1);
    runs.push({ by: isRun ? by : 'itself', rules: rules.slice(index, end) });
    index = end;
  }
  return runs;
}

function lengthOf(keys: readonly { sources: string; ports: string }[], from: number, by: 'sources' | 'ports'): number {
  let end = from + 1;
  while (end < keys.length && keys[end]![by] === keys[from]![by]) end++;
  return end - from;
}

function sourceKey(rule: Rule): string {
  return rule.sources.map(({ family, start, prefix }) => `${family}:${start}/${prefix}`).join();
}

function isEveryPort(ports: readonly PortRange[]): boolean {
  return ports.length === 1 && ports[0]!.first === 0 && ports[0]!.last === 65_535;
}

/** What matches the protocol and ports of a rule; nothing where that is every packet. */
function portMatch({ protocol, ports }: Rule, side: Side): Statement[] {
  if (isEveryPort(ports)) return protocol === 'ALL' ? [] : protocolMatch(protocol, side, true);
  return [...protocolMatch(protocol, side, false), among(portKey(protocol, side), portValues(ports))];
}

/** Because nft knows from `tcp dport` that it is TCP, the protocol is said where the key does not say it. */
function protocolMatch(protocol: Rule['protocol'], side: Side, isAlone: boolean): Statement[] {
  if (protocol === 'ALL') return [among(meta('l4proto'), ['tcp', 'udp'])];
  return isAlone || side === 'forward' ? [match(meta('l4proto'), protocol.toLowerCase())] : [];
}

function portKey(protocol: Rule['protocol'], side: Side): Json {
  if (side === 'forward') return calledPort;
  return packetPort(protocol === 'ALL' ? 'th' : protocol === 'TCP' ? 'tcp' : 'udp');
}
