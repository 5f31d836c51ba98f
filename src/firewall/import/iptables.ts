// `iptables-save` and `ip6tables-save`: the INPUT chain of the filter table, with the chains that it calls.

import type { Cidr } from '../../base/cidr.ts';
import type { Action, Protocol } from '../rule.ts';
import { allPorts, type PortRange } from '../rule-fields.ts';
import { type ChainRule, type ChainVerdict, flatten } from './chains.ts';
import {
  everything4,
  everything6,
  type Imported,
  type ImportedRule,
  looseCidr,
  type Note,
  otherPorts,
  otherSources,
  portRangeOf,
  protocolOf,
} from './model.ts';

/** One dump: a family's chains. */
interface Dump {
  readonly family: 4 | 6;
  readonly chains: Map<string, ChainRule[]>;
  policy: Action;
}

/** Reads the output of either program, or of both one after the other. */
export function readIptables(text: string): Imported | string {
  const notes: Note[] = [];
  const dumps: Dump[] = [];
  let dump: Dump | null = null;
  let table = '';
  const lines = text.split('\n').map((line) => line.trim());
  for (const [index, line] of lines.entries()) {
    const where = `line ${index + 1}`;
    if (line === '' || line.startsWith('#') || line === 'COMMIT') continue;
    if (line.startsWith('*')) {
      table = line.slice(1);
      if (table === 'filter') {
        dump = { family: familyOf(lines, index), chains: new Map(), policy: 'ALLOW' };
        dumps.push(dump);
      }
    } else if (table !== 'filter' || dump === null) {
      if (!line.startsWith(':'))
        notes.push({ where, text: line, says: `the table ${table || '?'} does not say who may connect` });
    } else if (line.startsWith(':')) readChain(line, dump);
    else readRule(line, where, dump, notes);
  }
  if (dumps.length === 0) return 'it has no *filter table';
  return joinDumps(dumps, notes);
}

function joinDumps(dumps: readonly Dump[], notes: Note[]): Imported | string {
  const rules: ImportedRule[] = [];
  const defaults = new Map<4 | 6, Action>();
  for (const { family, chains, policy } of dumps) {
    const whole = family === 4 ? everything4 : everything6;
    const flat = flatten(chains, [{ name: 'INPUT', policy }], whole);
    if (flat.trouble !== '') return flat.trouble;
    rules.push(...flat.rules);
    defaults.set(family, flat.default);
  }
  const [first] = [...defaults.values()];
  for (const family of [4, 6] as const) {
    const own = defaults.get(family);
    if (own === undefined)
      notes.push({
        where: 'the whole',
        text: '',
        says: `it says nothing of IPv${family}; what no rule names has the default, ${first === 'ALLOW' ? 'allow' : 'deny'}`,
      });
    else if (own !== first)
      rules.push({
        action: own,
        shape: family === 4 ? everything4 : everything6,
        description: `The policy of IPv${family}`,
      });
  }
  return { format: 'iptables-save', default: first!, rules, notes };
}

/** The family of a dump is not written in it but for a comment: what its lines name says it. */
function familyOf(lines: readonly string[], at: number): 4 | 6 {
  for (let index = at - 1; index >= 0 && lines[index] !== 'COMMIT'; index--)
    if (lines[index]!.includes('ip6tables-save')) return 6;
  for (let index = at; index < lines.length && lines[index] !== 'COMMIT'; index++) {
    const words = wordsOf(lines[index]!);
    if (words.includes('ipv6-icmp') || words.includes('icmpv6') || words.includes('icmp6-port-unreachable')) return 6;
    if (words.some((word, number) => (words[number - 1] === '-s' || words[number - 1] === '-d') && word.includes(':')))
      return 6;
  }
  return 4;
}

function readChain(line: string, dump: Dump): void {
  const [name = '', policy = ''] = line.slice(1).split(' ');
  if (!dump.chains.has(name)) dump.chains.set(name, []);
  if (name === 'INPUT') dump.policy = policy === 'DROP' ? 'DENY' : 'ALLOW';
}

/** A rule taken apart word by word. `cannot` is why it is none of ours. */
class Reading {
  protocol: Protocol = 'ALL';
  ports: readonly PortRange[] = allPorts;
  sources: readonly Cidr[];
  description = '';
  cannot = '';
  verdict: ChainVerdict = { kind: 'pass' };
  target = '';
  readonly #words: readonly string[];
  readonly #family: 4 | 6;
  #at = 0;
  #isNot = false;

  constructor(words: readonly string[], family: 4 | 6) {
    this.#words = words;
    this.#family = family;
    this.sources = (family === 4 ? everything4 : everything6).sources;
    while (this.#at < words.length && this.cannot === '') this.#option(words[this.#at++]!);
  }

  #take(): string {
    return this.#words[this.#at++] ?? '';
  }

  #option(option: string): void {
    if (option === '!') {
      this.#isNot = true;
      return;
    }
    const isNot = this.#isNot;
    this.#isNot = false;
    const meaning = meanings.get(option);
    if (meaning === undefined) this.cannot = `our rules have nothing like ${option}`;
    else this[meaning](this.#take(), isNot);
  }

  source(text: string, isNot: boolean): void {
    const cidrs = text.split(',').map(looseCidr);
    if (cidrs.includes(null)) this.cannot = `${text} is no network`;
    else this.sources = isNot ? otherSources(cidrs as Cidr[], [this.#family]) : (cidrs as Cidr[]);
  }

  protocolWord(word: string, isNot: boolean): void {
    const protocol = protocolOf(word);
    if (protocol === null) this.cannot = `${word} has no ports and is not judged by our rules`;
    else if (!isNot) this.protocol = protocol;
    else if (protocol === 'ALL') this.cannot = 'it is about no protocol';
    // What is not TCP may be UDP, as far as our rules go.
    else this.protocol = protocol === 'TCP' ? 'UDP' : 'TCP';
  }

  module(name: string): void {
    if (!['tcp', 'udp', 'multiport', 'comment', 'conntrack', 'state'].includes(name))
      this.cannot = `our rules have nothing like the match ${name}`;
  }

  portWords(text: string, isNot: boolean): void {
    const ranges = text.split(',').map((word) => portRangeOf(word, ':'));
    if (ranges.includes(null)) this.cannot = `${text} is no list of ports`;
    else this.ports = isNot ? otherPorts(ranges as PortRange[]) : (ranges as PortRange[]);
  }

  state(text: string, isNot: boolean): void {
    const states = text.split(',');
    if (states.includes('NEW') !== isNot) return;
    this.cannot =
      states.includes('INVALID') && !isNot
        ? "packets that belong to no connection are the kernel's affair"
        : 'what belongs to a connection that was let in is let through by itself';
  }

  interface(name: string, isNot: boolean): void {
    if (name !== 'lo' || isNot) this.cannot = 'it is about an interface, and our rules are about all';
    else this.sources = this.#family === 4 ? [looseCidr('127.0.0.0/8')!] : [looseCidr('::1')!];
  }

  comment(text: string): void {
    this.description = text;
  }

  destination(text: string, isNot: boolean): void {
    if (looseCidr(text)?.prefix !== 0 || isNot)
      this.cannot = 'it is about one address of this machine, and our rules are about all';
  }

  flags(mask: string, isNot: boolean): void {
    if (mask !== 'FIN,SYN,RST,ACK' || this.#take() !== 'SYN' || isNot) this.cannot = 'it looks at flags of TCP';
  }

  rejection(): void {
    // How a refusal is worded changes nothing of whom it is for.
  }

  goto(chain: string): void {
    this.verdict = { kind: 'goto', chain };
  }

  jump(target: string): void {
    this.target = target;
    if (target === 'ACCEPT') this.verdict = { kind: 'accept' };
    else if (target === 'DROP' || target === 'REJECT') this.verdict = { kind: 'drop' };
    else if (target === 'RETURN') this.verdict = { kind: 'return' };
    else if (extensions.has(target)) this.cannot = `${target} decides nothing about who may connect`;
    else this.verdict = { kind: 'jump', chain: target };
  }
}

type Meaning =
  | 'source'
  | 'protocolWord'
  | 'module'
  | 'portWords'
  | 'comment'
  | 'state'
  | 'interface'
  | 'destination'
  | 'jump'
  | 'goto'
  | 'flags'
  | 'rejection';

/** The options of rules that mean something here, by the method that takes their value. */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ['-s', 'source'],
  ['--source', 'source'],
  ['-p', 'protocolWord'],
  ['--protocol', 'protocolWord'],
  ['-m', 'module'],
  ['--match', 'module'],
  ['--dport', 'portWords'],
  ['--destination-port', 'portWords'],
  ['--dports', 'portWords'],
  ['--destination-ports', 'portWords'],
  ['--comment', 'comment'],
  ['--ctstate', 'state'],
  ['--state', 'state'],
  ['-i', 'interface'],
  ['--in-interface', 'interface'],
  ['-d', 'destination'],
  ['--destination', 'destination'],
  ['-j', 'jump'],
  ['--jump', 'jump'],
  ['-g', 'goto'],
  ['--goto', 'goto'],
  ['--tcp-flags', 'flags'],
  ['--reject-with', 'rejection'],
]);

/** Targets that are no chains and decide nothing, as far as the filter table has them. */
const extensions: ReadonlySet<string> = new Set([
  'LOG',
  'NFLOG',
  'ULOG',
  'MARK',
  'CONNMARK',
  'AUDIT',
  'CT',
  'TRACE',
  'SET',
  'NFQUEUE',
  'QUEUE',
  'TCPMSS',
  'HL',
  'TTL',
  'DSCP',
  'SYNPROXY',
  'SECMARK',
  'CONNSECMARK',
  'CLASSIFY',
  'CHECKSUM',
  'RATEEST',
]);

function readRule(line: string, where: string, dump: Dump, notes: Note[]): void {
  const words = wordsOf(line);
  if (words[0] !== '-A' || words[1] === undefined) {
    notes.push({ where, text: line, says: 'it is no rule (`-A CHAIN …`)' });
    return;
  }
  const chain = words[1];
  if (chain === 'FORWARD' || chain === 'OUTPUT') {
    notes.push({ where, text: line, says: `the chain ${chain} does not say who may connect to this machine` });
    return;
  }
  const reading = new Reading(words.slice(2), dump.family);
  if (reading.cannot !== '') {
    // Because a refusal that is left out lets somebody in, its note says so.
    const refuses = !words.includes('ACCEPT') && !words.some((word) => extensions.has(word));
    const isKernels =
      reading.cannot.includes('by itself') ||
      reading.cannot.includes("kernel's") ||
      reading.cannot.includes('has no ports');
    const warning = refuses && !isKernels ? '; whom it kept out, other rules may let in' : '';
    notes.push({ where, text: line, says: `${reading.cannot}${warning}` });
    return;
  }
  if (reading.verdict.kind === 'pass') {
    notes.push({ where, text: line, says: 'it only counts' });
    return;
  }
  if (words.includes('lo') && words[words.indexOf('lo') - 1] === '-i')
    notes.push({ where, text: line, says: 'the interface lo was taken as the addresses of the loopback' });
  const list = dump.chains.get(chain) ?? [];
  list.push({
    shapes: [{ protocol: reading.protocol, ports: reading.ports, sources: reading.sources }],
    verdict: reading.verdict,
    description: reading.description,
  });
  dump.chains.set(chain, list);
}

/** The words of a line; those in quotes keep their blanks, `\"` and `\\` mean what stands behind. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let isWord = false;
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (isQuoted && character === '\\' && at + 1 < line.length) word += line[++at]!;
    else if (character === '"') {
      isQuoted = !isQuoted;
      isWord = true;
    } else if (!isQuoted && (character === ' ' || character === '\t')) {
      if (isWord) words.push(word);
      word = '';
      isWord = false;
    } else {
      word += character;
      isWord = true;
    }
  }
  if (isWord) words.push(word);
  return words;
}
