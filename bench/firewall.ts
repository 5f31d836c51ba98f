// `node bench/firewall.ts`: what a decision at accept costs, from the text of an address to the rule, beside net.BlockList in the same run.

import { BlockList } from 'node:net';
import { AddressReader } from '../src/base/address.ts';
import { ManualClock } from '../src/base/clock.ts';
import { build, buildCallers, ListReading, type ReadList } from '../src/firewall/firewall.ts';

/** One row: nanoseconds of CPU for one decision (or milliseconds for one compilation), ours and net.BlockList's. */
export interface Row {
  readonly what: string;
  readonly unit: 'ns' | 'ms';
  readonly ours: number;
  readonly peer: number;
  /** What DESIGN allows. */
  readonly limit: number;
}

/** How much is measured: rules, entries of the blocklist, decisions a round, rounds. */
export interface Extent {
  readonly rules: number;
  readonly entries: number;
  readonly decisions: number;
  readonly rounds: number;
}

/** The extent of the figures in the documents. */
export const whole: Extent = { rules: 1000, entries: 1_000_000, decisions: 1_000_000, rounds: 7 };

/** Addresses that are asked about in turn; more than a processor's cache remembers branches of. */
const asked = 65_536;

/** A sequence of whole numbers below 2^32, the same in every run (Numerical Recipes' generator). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

const kinds: Readonly<Record<string, (next: () => number) => string>> = {
  IPv4: (next) => [24, 16, 8, 0].map((shift) => ((next() >>> 16) >>> (shift % 8)) & 255).join('.'),
  'IPv4 of a listener for both families': (next) => `::ffff:${kinds.IPv4!(next)}`,
  'IPv6 in full': (next) => `2${group(next, 3)}:${Array.from({ length: 7 }, () => group(next, 4)).join(':')}`,
  'IPv6 abbreviated': (next) => `2001:db8:${group(next, 4)}::${group(next, 2)}`,
};

function group(next: () => number, digits: number): string {
  return ((next() >>> 12) >>> (20 - 4 * digits)).toString(16).padStart(digits, '0');
}

/** All rows. */
export function measure({ rules, entries, decisions, rounds }: Extent): Row[] {
  const next = sequence(1);
  const rows: Row[] = [];
  const lines = Array.from({ length: rules }, (_, index) => {
    const source =
      index % 2 === 0
        ? `${kinds.IPv4!(next).split('.').slice(0, 3).join('.')}.0/24`
        : `2001:db8:${group(next, 4)}::/48`;
    return `${index % 3 === 0 ? 'deny' : 'allow'} tcp ${index % 5 === 0 ? 'all' : 443} from ${source}`;
  });
  const { text, list, peer, compiled } = blocklists(entries, next);
  rows.push(compiled);
  const whenFull = gate(lines, list);
  const whenEmpty = gate(lines, null);
  const ruled = new BlockList();
  for (const line of lines) addTo(ruled, line.split(' from ')[1]!);
  for (const [kind, make] of Object.entries(kinds)) {
    // Because text that was put together is read more slowly than text that came whole, as the text of sockets does.
    const addresses = Array.from({ length: asked }, () => Buffer.from(make(next), 'latin1').toString('latin1'));
    const family = kind.startsWith('IPv6') ? 'ipv6' : kind === 'IPv4' ? 'ipv4' : 'ipv6';
    const time = (decide: (address: string) => unknown) => cheapest(addresses, decide, decisions, rounds);
    rows.push({
      what: `${kind}, ${rules} rules`,
      unit: 'ns',
      ours: time(whenEmpty),
      peer: time((a) => ruled.check(a, family)),
      limit: 150,
    });
    rows.push({
      what: `${kind}, ${rules} rules, ${entries} blocklist entries`,
      unit: 'ns',
      ours: time(whenFull),
      peer: peer === null ? Number.NaN : time((a) => peer.check(a, family)),
      limit: 250,
    });
  }
  rows.push(compilation(text, Math.min(entries, 100_000)));
  return rows;
}

/** The way of the spine: one reading of the text, bans and lists, then rules. */
function gate(lines: readonly string[], list: ReadList | null): (address: string) => unknown {
  const built = build(
    { default: 'deny', rules: lines, comments: lines.map(() => ''), enforce: ['accept'] },
    { locate: () => '' },
  );
  const thresholds = {
    waf: { limit: 1, windowMs: 1 },
    rates: { limit: 1, windowMs: 1 },
    handshake: { limit: 1, windowMs: 1 },
    'not-found': { limit: 1, windowMs: 1 },
  };
  const settings = {
    automatic: false,
    thresholds,
    escalation: { firstMs: 1, factor: 1, longestMs: 1 },
    ipv6Prefix: 64,
    never: ['127.0.0.0/8'],
    maxEntries: 1000,
  };
  const callers = buildCallers(settings, new ManualClock());
  if (!built.ok || !callers.ok) throw new Error('the bench has a rule that is none');
  if (list !== null) callers.value.setBlocklists([{ name: 'bench', from: '', ranges: list.ranges }]);
  const reader = new AddressReader();
  const [firewall, shut] = [built.value, callers.value];
  return (address) => {
    reader.readPeer(address);
    return shut.judge(reader) ?? firewall.judgeRead('tcp', reader, 443);
  };
}

/** Half the entries of each family, as text that is read and as net.BlockList takes them; how long both take. */
function blocklists(entries: number, next: () => number) {
  const networks = Array.from({ length: entries }, (_, index) =>
    index % 2 === 0
      ? `${kinds.IPv4!(next)}`
      : `2${group(next, 3)}:${group(next, 4)}:${group(next, 4)}:${group(next, 4)}::/64`,
  );
  const text = networks.join('\n');
  const from = process.cpuUsage();
  const list = readList(text);
  const ours = process.cpuUsage(from).user / 1000;
  // Because net.BlockList looks through a list one by one, a million entries in it would take hours to ask.
  const isFew = entries <= 10_000;
  const before = process.cpuUsage();
  const peer = new BlockList();
  for (const network of isFew ? networks : networks.slice(0, 10_000)) addTo(peer, network);
  const peerMs = (process.cpuUsage(before).user / 1000) * (isFew ? 1 : entries / 10_000);
  const compiled: Row = {
    what: `reading and compiling ${entries} entries (BlockList: adding them)`,
    unit: 'ms',
    ours,
    peer: peerMs,
    limit: entries / 100,
  };
  return { text, list, peer: isFew ? peer : null, compiled };
}

function compilation(text: string, entries: number): Row {
  const part = text.split('\n').slice(0, entries).join('\n');
  const from = process.cpuUsage();
  readList(part);
  return {
    what: `reading and compiling ${entries} entries`,
    unit: 'ms',
    ours: process.cpuUsage(from).user / 1000,
    peer: Number.NaN,
    limit: 1000,
  };
}

function readList(text: string): ReadList {
  const reading = new ListReading(text, { format: 'lines', column: 1 });
  while (reading.more());
  const list = reading.result();
  if (typeof list === 'string') throw new Error(list);
  return list;
}

function addTo(list: BlockList, network: string): void {
  const [address = '', prefix] = network.split('/');
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(prefix), family);
}

/** CPU time of one call in the best of some rounds, in ns: other processes on the machine cost time, too, but not this time. */
function cheapest(
  addresses: readonly string[],
  decide: (address: string) => unknown,
  decisions: number,
  rounds: number,
): number {
  let best = Number.POSITIVE_INFINITY;
  // A decision that takes long is measured by fewer of them.
  let count = Math.min(decisions, 1000);
  for (let round = 0; round < rounds + 1; round++) {
    const from = process.cpuUsage();
    for (let index = 0; index < count; index++) decide(addresses[index & (asked - 1)]!);
    const ns = (process.cpuUsage(from).user * 1000) / count;
    if (round === 0) count = Math.max(1000, Math.min(decisions, Math.floor(2e8 / Math.max(1, ns))));
    else best = Math.min(best, ns);
  }
  return best;
}

/** The rows as a table. */
export function table(rows: readonly Row[]): string {
  const cell = (value: number, unit: string) => (Number.isNaN(value) ? '-' : `${value.toFixed(0)} ${unit}`);
  return rows
    .map(({ what, unit, ours, peer, limit }) => {
      const ratio = Number.isNaN(peer) ? '' : `${(peer / ours).toFixed(1)} times net.BlockList`;
      return `${what.padEnd(70)} ${cell(ours, unit).padStart(9)}  at most ${String(limit).padStart(5)}  ${ratio}\n`;
    })
    .join('');
}

if (import.meta.main) process.stdout.write(table(measure(whole)));
