// Conntrack's entries of connections that were ended: they go when the sets and rules stand that keep their packets out.

import { setImmediate as turn } from 'node:timers/promises';
import { parseAddress } from '../../base/address.ts';
import type { Program } from '../../firewall/firewall.ts';
import type { Live } from './sessions.ts';

/** One entry, as it began. */
interface Entry {
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly target: string;
  readonly sourcePort: number;
  readonly port: number;
}

/** Most entries that one run of conntrack(8) is told to delete; it looks through its table for each. */
const maxAtOnce = 500;

/** Most entries that are deleted in one go; who has more has them ended by the sets, and loses them to time. */
const maxDeleted = 20_000;

/** Lines that are read before others have their turn. */
const linesAtOnce = 5000;

/**
 * Deletes the entries of whoever is shut out now, looking at all, or at those from these networks alone. Gives how many;
 * null where conntrack(8) is not there. The packets of those connections are dropped before: nothing depends on it but
 * flows that were offloaded (flowtables pass by every chain), and what others count in the table.
 */
export async function forgetShutOut(
  conntrack: Program,
  isShutOut: (source: string) => boolean,
  networks: readonly string[] | null = null,
): Promise<number | null> {
  const found: Entry[] = [];
  for (const filter of filtersOf(networks)) {
    const ran = await conntrack.run(['-L', ...filter]);
    if (!ran.ok) {
      if (ran.kind === 'missing') return null;
      continue;
    }
    const lines = ran.output.split('\n');
    for (let at = 0; at < lines.length && found.length < maxDeleted; at++) {
      if (at % linesAtOnce === linesAtOnce - 1) await turn();
      const entry = entryOf(lines[at]!);
      if (entry !== null && isShutOut(entry.source)) found.push(entry);
    }
  }
  await deleteAll(conntrack, found.map(lineOf));
  return found.length;
}

function filtersOf(networks: readonly string[] | null): string[][] {
  if (networks === null)
    return [
      ['-f', 'ipv4'],
      ['-f', 'ipv6'],
    ];
  return networks.map((network) => ['-f', network.includes(':') ? 'ipv6' : 'ipv4', '-s', network]);
}

/** Deletes the entries of connections that rules have cut. */
export async function forgetCut(conntrack: Program, cut: readonly Live[]): Promise<void> {
  const lines = cut.flatMap(({ protocol, source, sourcePort, packetPort }) =>
    parseAddress(source).ok
      ? [`-D ${familyOf(source)} -p ${protocol} -s ${source} --sport ${sourcePort} --reply-port-src ${packetPort}`]
      : [],
  );
  await deleteAll(conntrack, lines.slice(0, maxDeleted));
}

async function deleteAll(conntrack: Program, lines: readonly string[]): Promise<void> {
  for (let at = 0; at < lines.length; at += maxAtOnce)
    await conntrack.run(['-R', '-'], `${lines.slice(at, at + maxAtOnce).join('\n')}\n`);
}

function lineOf({ protocol, source, target, sourcePort, port }: Entry): string {
  return `-D ${familyOf(source)} -p ${protocol} -s ${source} -d ${target} --sport ${sourcePort} --dport ${port}`;
}

function familyOf(address: string): string {
  return address.includes(':') ? '-f ipv6' : '-f ipv4';
}

/** The beginning of a line of `conntrack -L`: protocol, number, seconds, perhaps a state, then `src= dst= sport= dport=`. */
function entryOf(line: string): Entry | null {
  const protocol = line.startsWith('tcp ') ? 'tcp' : line.startsWith('udp ') ? 'udp' : null;
  if (protocol === null) return null;
  const value = (key: string): string => {
    const at = line.indexOf(` ${key}=`);
    const from = at + key.length + 2;
    const end = line.indexOf(' ', from);
    return at < 0 ? '' : line.slice(from, end < 0 ? line.length : end);
  };
  const [source, target] = [value('src'), value('dst')];
  const [sourcePort, port] = [Number(value('sport')), Number(value('dport'))];
  if (!parseAddress(source).ok || !parseAddress(target).ok) return null;
  return Number.isInteger(sourcePort) && Number.isInteger(port) ? { protocol, source, target, sourcePort, port } : null;
}
