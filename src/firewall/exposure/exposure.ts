// What can really be reached: for each port what the configuration says, what the kernel's whole ruleset does, and who listens.

import { type Address, parseAddress, printAddress } from '../../base/address.ts';
import type { RuleSet } from '../rule.ts';
import { portsTranslatedBy, sourcesNamedIn } from './hints.ts';
import type { Surroundings } from './packet.ts';
import type { Ruleset } from './ruleset.ts';
import { type Outcome, type Probe, simulate } from './simulate.ts';

/** A socket that waits for connections. */
export interface ExposedListener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly name: string;
}

/** What is asked. */
export interface ExposureQuestion {
  /** The whole ruleset. */
  readonly ruleset: Ruleset;
  readonly rules: RuleSet;
  /** The number of the rule that decides, 0 for the default, negative for no answer. */
  readonly decide: (protocol: 'tcp' | 'udp', source: string, port: number) => number;
  readonly listeners: readonly ExposedListener[];
  readonly around: Surroundings;
  /** The interface that faces the outside, and its addresses; null where it has none of a family. */
  readonly outside: { readonly name: string; readonly four: string | null; readonly six: string | null };
  /** TCP ports at which the gate judges by itself at accept. */
  readonly ownPorts: ReadonlySet<number>;
}

/** How the three agree. `exposed`: denied and yet reached; `blocked`: allowed, somebody listens, and not reached. */
export type Agreement = 'agrees' | 'exposed' | 'blocked' | 'undecided';

/** One port of one family, from one source. */
export interface ExposureRow {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly family: 4 | 6;
  readonly agreement: Agreement;
  readonly isAllowed: boolean;
  /** The rule that says so; 0 for the default. */
  readonly rule: number;
  /** What the kernel does, with the chain that is responsible. */
  readonly kernel: Outcome;
  /** Who is reached in the end; '' for nobody here. */
  readonly listener: string;
  /** Whether the gate itself judges at accept, whatever the kernel lets through. */
  readonly isOwn: boolean;
  readonly probe: Probe;
}

/** Every port, and what stands in the ruleset that cannot be looked at. */
export interface Exposure {
  readonly rows: readonly ExposureRow[];
  readonly unseen: readonly string[];
}

/** A source on the internet, of each family: TEST-NET-3 (RFC 5737) and the documentation prefix (RFC 3849). */
const strangers = { 4: '203.0.113.7', 6: '2001:db8:ffff::7' } as const;

/** The ephemeral port that examples come from. */
const anyPort = 52_431;

/** Most sources that are tried for one port beside the stranger. */
const maxSources = 48;

/** Holds configuration, kernel and sockets against each other. For each port and family one row about a stranger, and one for each other way to disagree. */
export function expose(question: ExposureQuestion): Exposure {
  const { ruleset } = question;
  const translated = portsTranslatedBy(ruleset);
  const named = sourcesNamedIn(ruleset);
  const rows: ExposureRow[] = [];
  for (const { protocol, port } of portsOf(question, translated))
    for (const family of [4, 6] as const) {
      const targets = targetsOf(question, protocol, port, family, translated);
      for (const target of targets) {
        const row = (source: string) => rowFor(question, ruleset, { protocol, port, source, target });
        const first = row(strangers[family]);
        const seen = new Set([wayOf(first)]);
        rows.push(first);
        for (const source of sourcesFor(question, port, family, named)) {
          const other = row(source);
          if (other.agreement === 'agrees' || seen.has(wayOf(other))) continue;
          seen.add(wayOf(other));
          rows.push(other);
        }
      }
    }
  return { rows, unseen: ruleset.unseen };
}

/** Two rows that disagree in one way tell one story. */
function wayOf({ agreement, kernel }: ExposureRow): string {
  return `${agreement} ${kernel.verdict} ${kernel.by}`;
}

function portsOf(
  { listeners, rules }: ExposureQuestion,
  translated: ReadonlySet<string>,
): { protocol: 'tcp' | 'udp'; port: number }[] {
  const found = new Set(translated);
  for (const { protocol, address, port } of listeners) if (!isLoopback(address)) found.add(`${protocol} ${port}`);
  for (const rule of rules.rules)
    for (const { first, last } of rule.ports)
      if (first === last && rule.protocol !== 'ALL') found.add(`${rule.protocol.toLowerCase()} ${first}`);
  const ports = [...found].map((text) => {
    const [protocol, port] = text.split(' ');
    return { protocol: protocol === 'udp' ? ('udp' as const) : ('tcp' as const), port: Number(port) };
  });
  return ports.sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** The addresses at which a port is tried: where somebody listens, else the outside's where a translation or a rule may lead on. */
function targetsOf(
  { listeners, outside }: ExposureQuestion,
  protocol: string,
  port: number,
  family: 4 | 6,
  translated: ReadonlySet<string>,
): string[] {
  const face = family === 4 ? outside.four : outside.six;
  const targets = new Set<string>();
  for (const listener of listeners) {
    if (listener.protocol !== protocol || listener.port !== port || isLoopback(listener.address)) continue;
    const isWild = listener.address === '::' || (listener.address === '0.0.0.0' && family === 4);
    if (isWild && face !== null) targets.add(face);
    else if (!isWild && listener.address !== '0.0.0.0' && familyOf(listener.address) === family)
      targets.add(listener.address);
  }
  if (face !== null && (targets.size === 0 || translated.has(`${protocol} ${port}`))) targets.add(face);
  return [...targets];
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Sources about which configuration or kernel have something of their own to say. */
function sourcesFor(
  { rules, around }: ExposureQuestion,
  port: number,
  family: 4 | 6,
  named: readonly Address[],
): string[] {
  const found = new Set<string>();
  const add = (address: Address) => {
    if (address.family === family && !around.isOwn(address) && found.size < maxSources)
      found.add(printAddress(address));
  };
  for (const rule of rules.rules)
    if (rule.ports.some(({ first, last }) => first <= port && port <= last))
      for (const cidr of rule.sources.slice(0, 2)) if (cidr.prefix > 0) add(withHost(cidr));
  for (const address of named) add(address);
  return [...found];
}

/** A host inside a network: not its first address, which often belongs to the network itself. */
function withHost({ family, start, prefix }: { family: 4 | 6; start: number | bigint; prefix: number }): Address {
  if (prefix >= (family === 4 ? 31 : 127)) return { family, value: start };
  return { family, value: typeof start === 'number' ? start + 7 : start + 7n };
}

function rowFor(
  question: ExposureQuestion,
  ruleset: Ruleset,
  asked: { protocol: 'tcp' | 'udp'; port: number; source: string; target: string },
): ExposureRow {
  const { protocol, port } = asked;
  const source = parseAddress(asked.source);
  const target = parseAddress(asked.target);
  // Because both come from addresses that were read before, neither can fail.
  const probe: Probe = {
    protocol,
    source: source.ok ? source.value : { family: 4, value: 0 },
    sourcePort: anyPort,
    target: target.ok ? target.value : { family: 4, value: 0 },
    port,
    from: question.outside.name,
  };
  const kernel = simulate(ruleset, probe, question.around);
  const rule = question.decide(protocol, asked.source, port);
  const whenNone = question.rules.default === 'ALLOW';
  const isAllowed = rule > 0 ? question.rules.rules[rule - 1]!.action === 'ALLOW' : rule === 0 && whenNone;
  const listener = listenerAt(question, protocol, kernel);
  const isOwn = protocol === 'tcp' && question.ownPorts.has(kernel.target.port) && !kernel.isForwarded;
  // Because who is led nobody knows where may well be led to somebody.
  const isSomebody = listener !== '' || kernel.isForwarded || kernel.isLost;
  const row = { protocol, port, family: probe.source.family, isAllowed, rule, kernel, listener, isOwn, probe };
  return { ...row, agreement: agreementOf(isAllowed, kernel, isSomebody, isOwn) };
}

function agreementOf(isAllowed: boolean, { verdict }: Outcome, isSomebody: boolean, isOwn: boolean): Agreement {
  if (!isSomebody) return 'agrees';
  if (verdict === 'undecided') return 'undecided';
  if (!isAllowed && verdict === 'passes') return isOwn ? 'agrees' : 'exposed';
  return isAllowed && verdict === 'dropped' ? 'blocked' : 'agrees';
}

/** Who gets the packet in the end on this machine. */
function listenerAt(
  { listeners }: ExposureQuestion,
  protocol: 'tcp' | 'udp',
  { target, isForwarded }: Outcome,
): string {
  if (isForwarded) return '';
  const text = printAddress(target.address);
  const hears = ({ protocol: own, port, address }: ExposedListener) =>
    own === protocol &&
    port === target.port &&
    (address === text || address === '::' || (address === '0.0.0.0' && target.address.family === 4));
  const found = listeners.find(hears);
  return found === undefined ? '' : `${found.name} ${found.address}`;
}
