// The ports this machine lends to outgoing connections: how many there are, how many are taken towards an upstream, and
// when they would run out. A connection is a 4-tuple, so the whole range is there again for every upstream endpoint.

import type { Reader } from './reader.ts';
import { addressOf, parseSocketTable, readSocketTables, type SocketRow, type SocketState } from './socket-table.ts';

/** The kernel's range, both ends included; `ports` is what is left of it without the reserved ones. */
export interface EphemeralRange {
  readonly from: number;
  readonly to: number;
  readonly reserved: readonly (readonly [from: number, to: number])[];
  readonly ports: number;
}

/** Where connections go. `addresses` are what the name of `endpoint` resolves to; `endpoint` is only its label. */
export interface Upstream {
  readonly endpoint: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

/** What is taken towards one upstream. `used` counts ports of the range from the busiest of our own addresses. */
export interface UpstreamUse {
  readonly endpoint: string;
  readonly connections: number;
  readonly byState: Readonly<Partial<Record<SocketState, number>>>;
  readonly used: number;
  readonly free: number;
}

/** One look: ms since some fixed moment, and how many ports were taken. */
export interface Sample {
  readonly atMs: number;
  readonly used: number;
}

/** When the ports run out at the present rate. */
export interface Forecast {
  readonly portsPerSecond: number;
  readonly secondsLeft: number;
}

/** Linux's default, for machines that do not say (`net.ipv4.ip_local_port_range`). */
const defaultRange = [32768, 60999] as const;

/** Fewest samples from which a rate is told. */
const minSamples = 3;

/** The range as the kernel has it now. */
export function readEphemeralRange(reader: Reader): EphemeralRange {
  return parseEphemeralRange(
    reader.read('/proc/sys/net/ipv4/ip_local_port_range') ?? '',
    reader.read('/proc/sys/net/ipv4/ip_local_reserved_ports') ?? '',
  );
}

/** The range from the kernel's two texts: `32768\t60999` and `8080,9000-9010`. Unreadable parts count as absent. */
export function parseEphemeralRange(rangeText: string, reservedText: string): EphemeralRange {
  const [first, last] = rangeText.replaceAll('\t', ' ').trim().split(' ').filter(Boolean).map(portOf);
  const valid = first !== undefined && last !== undefined && first >= 0 && first <= last;
  const [from, to] = valid ? [first, last] : defaultRange;
  const reserved = parseReserved(reservedText);
  let ports = to - from + 1;
  for (const [low, high] of reserved) ports -= Math.max(0, Math.min(high, to) - Math.max(low, from) + 1);
  return { from, to, reserved, ports };
}

/** Sorted and merged, so that nothing is taken off twice. */
function parseReserved(text: string): [number, number][] {
  const intervals: [number, number][] = [];
  for (const part of text.trim().split(',')) {
    const [low, high = low] = part.split('-').map(portOf);
    if (low !== undefined && high !== undefined && low >= 0 && low <= high) intervals.push([low, high]);
  }
  intervals.sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [low, high] of intervals) {
    const before = merged.at(-1);
    if (before !== undefined && low <= before[1] + 1) before[1] = Math.max(before[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

function portOf(text: string): number {
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= 0 && value <= 65535 ? value : -1;
}

/** What is taken towards each upstream now. One pass over the kernel's table, however many upstreams. */
export function readUpstreamUse(reader: Reader, upstreams: readonly Upstream[]): UpstreamUse[] {
  const wantedPorts = new Set(upstreams.map((upstream) => upstream.port));
  const rows = readSocketTables(
    reader,
    'tcp',
    (state, _local, remote) => state !== 'LISTEN' && wantedPorts.has(remote),
  );
  return countUpstreamUse(rows, upstreams, readEphemeralRange(reader));
}

/** How a long table is read: its text in pieces, and a pause that lets others have the process meanwhile. */
export interface Unhurried {
  pieces(path: string): Iterable<string>;
  pause(): Promise<unknown>;
}

/** Pieces of a table that are read between two pauses: under a ms. */
const piecesBetween = 8;

/** What `readUpstreamUse` says, of a machine with so many sockets that nobody should wait for the whole table. */
export async function lookUpstreamUse(
  reader: Reader,
  upstreams: readonly Upstream[],
  { pieces, pause }: Unhurried,
): Promise<UpstreamUse[]> {
  const wantedPorts = new Set(upstreams.map((upstream) => upstream.port));
  const rows: SocketRow[] = [];
  for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
    let rest = '';
    let read = 0;
    for (const piece of pieces(path)) {
      const text = rest + piece;
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      const whole = text.slice(0, end);
      rows.push(...parseSocketTable(whole, (state, _local, remote) => state !== 'LISTEN' && wantedPorts.has(remote)));
      if (++read % piecesBetween === 0) await pause();
    }
  }
  return countUpstreamUse(rows, upstreams, readEphemeralRange(reader));
}

/** The same from rows that are at hand. */
export function countUpstreamUse(
  rows: readonly SocketRow[],
  upstreams: readonly Upstream[],
  range: EphemeralRange,
): UpstreamUse[] {
  const counts = upstreams.map((): Count => ({ byState: {}, bySource: new Map() }));
  const byTarget = new Map<string, Count[]>();
  upstreams.forEach((upstream, index) => {
    for (const address of new Set(upstream.addresses)) {
      const key = `${address} ${upstream.port}`;
      byTarget.set(key, [...(byTarget.get(key) ?? []), counts[index]!]);
    }
  });
  for (const row of rows) {
    if (row.state === 'LISTEN') continue;
    for (const count of byTarget.get(`${addressOf(row.remoteHex)} ${row.remotePort}`) ?? []) {
      count.byState[row.state] = (count.byState[row.state] ?? 0) + 1;
      if (row.localPort < range.from || row.localPort > range.to) continue;
      const source = addressOf(row.localHex);
      count.bySource.set(source, (count.bySource.get(source) ?? 0) + 1);
    }
  }
  return upstreams.map((upstream, index) => useOf(upstream, counts[index]!, range));
}

interface Count {
  readonly byState: Partial<Record<SocketState, number>>;
  readonly bySource: Map<string, number>;
}

function useOf(upstream: Upstream, count: Count, range: EphemeralRange): UpstreamUse {
  const connections = Object.values(count.byState).reduce((sum, some) => sum + some, 0);
  let used = 0;
  for (const some of count.bySource.values()) used = Math.max(used, some);
  const free = Math.max(0, range.ports - used);
  return { endpoint: upstream.endpoint, connections, byState: count.byState, used, free };
}

/** `samples` with one more at its end and no more than `maxSamples`: the oldest go. */
export function addSample(samples: readonly Sample[], sample: Sample, maxSamples = 60): Sample[] {
  return [...samples, sample].slice(-maxSamples);
}

/**
 * When `ports` would all be taken, by a straight line through the samples (least squares); null while the use does not
 * rise, or where fewer than three samples at different times are known. All taken already is 0 seconds.
 */
export function forecast(samples: readonly Sample[], ports: number): Forecast | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  const portsPerSecond = slopePerSecond(samples);
  if (last.used >= ports) return { portsPerSecond: portsPerSecond ?? 0, secondsLeft: 0 };
  if (portsPerSecond === null || portsPerSecond <= 0) return null;
  return { portsPerSecond, secondsLeft: (ports - last.used) / portsPerSecond };
}

function slopePerSecond(samples: readonly Sample[]): number | null {
  if (samples.length < minSamples) return null;
  const origin = samples[0]!.atMs;
  const meanMs = samples.reduce((sum, sample) => sum + (sample.atMs - origin), 0) / samples.length;
  const meanUsed = samples.reduce((sum, sample) => sum + sample.used, 0) / samples.length;
  let product = 0;
  let square = 0;
  for (const sample of samples) {
    const ms = sample.atMs - origin - meanMs;
    product += ms * (sample.used - meanUsed);
    square += ms * ms;
  }
  return square > 0 ? (product / square) * 1000 : null;
}
