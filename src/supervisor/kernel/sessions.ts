// Who is talking to this machine right now: the caller of this command, sessions of SSH, and every connection that came in.

import { parseAddress, printAddress } from '../../base/address.ts';
import type { Flow, Program } from '../../firewall/firewall.ts';
import { type Established, listEstablished, listListening, type Reader } from '../../ports/ports.ts';
import { endpoint } from '../../traffic/connection.ts';

/** A connection to this machine: from whom, and to which port the rules are asked about. */
export interface Live {
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly sourcePort: number;
  /** The port that was called, which is what rules speak of. */
  readonly port: number;
  /** The port in its packets when our table sees them: another one where DNAT stands before. */
  readonly packetPort: number;
  /** `caller`: this command came over it; `ssh`: a session of SSH; `dashboard`: somebody looks at the gate; `other`. */
  readonly kind: 'caller' | 'ssh' | 'dashboard' | 'other';
  /** Whether conntrack has it; null where that cannot be told, because conntrack(8) is not there. */
  readonly isTracked: boolean | null;
}

/** How far up the processes are followed: sudo, shells and multiplexers are a handful. */
const maxAncestors = 64;

/** The connection of the person who gave this command: from `SSH_CONNECTION`, which sudo takes away, so that the processes above are asked too. */
export function callerOf(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  reader: Reader,
): Established | null {
  const own = connectionIn(env.SSH_CONNECTION);
  if (own !== null) return own;
  let at = pid;
  for (let step = 0; step < maxAncestors && at > 1; step++) {
    const environment = reader.read(`/proc/${at}/environ`) ?? '';
    const found = environment.split('\0').find((each) => each.startsWith('SSH_CONNECTION='));
    const connection = connectionIn(found?.slice('SSH_CONNECTION='.length));
    if (connection !== null) return connection;
    at = parentOf(reader.read(`/proc/${at}/stat`) ?? '');
  }
  return null;
}

/** `CLIENT PORT SERVER PORT` (sshd(8), "SSH_CONNECTION"), or null. */
function connectionIn(text: string | undefined): Established | null {
  const [remote = '', remotePort = '', local = '', localPort = ''] = (text ?? '').split(' ');
  const [from, to] = [parseAddress(withoutZone(remote)), parseAddress(withoutZone(local))];
  const ports = [Number(remotePort), Number(localPort)];
  if (!from.ok || !to.ok || !ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)) return null;
  return { remote: withoutZone(remote), remotePort: ports[0]!, local: withoutZone(local), localPort: ports[1]! };
}

function withoutZone(address: string): string {
  const percent = address.indexOf('%');
  return percent < 0 ? address : address.slice(0, percent);
}

/** The fourth field of /proc/PID/stat; the second, a name in brackets, may hold anything (proc(5)). */
function parentOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[1]) || 0;
}

/** What looks at the machine. */
export interface Sight {
  readonly reader: Reader;
  readonly conntrack: Program;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Connections of the dashboard, as a gate that runs tells them; none where it is not asked. */
  dashboards?(): Promise<readonly Established[]>;
}

/** Every connection that is open to this machine or through it to a published port; the caller's own first. */
export async function liveConnections(sight: Sight): Promise<Live[]> {
  const { reader, env, pid } = sight;
  const caller = callerOf(env, pid, reader);
  const open = listEstablished(reader);
  const sshPorts = new Set(
    listListening(reader)
      .filter(isSsh)
      .map(({ port }) => port),
  );
  const dashboards = (await sight.dashboards?.()) ?? [];
  const kindOf = (each: Established): Live['kind'] => {
    if (caller !== null && isSame(caller, each)) return 'caller';
    if (dashboards.some((one) => isSame(one, each))) return 'dashboard';
    return sshPorts.has(each.localPort) ? 'ssh' : 'other';
  };
  const flows = await trackedFlows(sight.conntrack, reader);
  const tracked = flows?.keys ?? null;
  const own = ownAddresses(reader);
  // Because what this machine says to itself comes by the loopback, which no rule is asked about.
  const isTracked = (live: Live) => own.has(live.source) || (tracked === null ? null : tracked.has(keyOf(live)));
  const told = (live: Live): Live => ({ ...live, isTracked: isTracked(live) });
  const sockets = open.map((each) => told({ ...liveOf(each), kind: kindOf(each) }));
  // Because a caller behind DNAT or in another namespace has no socket here, and must not be cut off either.
  if (caller !== null && !sockets.some(({ kind }) => kind === 'caller'))
    sockets.unshift(told({ ...liveOf(caller), kind: 'caller' }));
  const known = new Set(sockets.map(keyOf));
  const others = (flows?.incoming ?? []).filter((each) => !known.has(keyOf(each)));
  return [...sockets, ...others].sort((a, b) => weight(b) - weight(a));
}

function weight({ kind }: Live): number {
  return kind === 'caller' ? 2 : kind === 'other' ? 0 : 1;
}

function isSsh({
  protocol,
  port,
  process,
}: {
  protocol: string;
  port: number;
  process: { name: string } | null;
}): boolean {
  return protocol === 'tcp' && (port === 22 || process?.name === 'sshd' || process?.name === 'sshd-session');
}

/** Whether two records are of one connection. */
export function isSame(a: Established, b: Established): boolean {
  return a.remote === b.remote && a.remotePort === b.remotePort && a.localPort === b.localPort;
}

function liveOf({ remote, remotePort, localPort }: Established): Live {
  return {
    protocol: 'tcp',
    source: remote,
    sourcePort: remotePort,
    port: localPort,
    packetPort: localPort,
    kind: 'other',
    isTracked: null,
  };
}

/** Text by which a connection is known. */
export function keyOf({ protocol, source, sourcePort, packetPort }: Live): string {
  return `${protocol} ${endpoint(source, sourcePort)} ${packetPort}`;
}

/** A connection as people read it: `tcp 203.0.113.7:52431 → :3306`. */
export function liveText({ protocol, source, sourcePort, port }: Live): string {
  return `${protocol} ${endpoint(source, sourcePort)} → :${port}`;
}

/** The connection as the kernel's table names it. */
export function flowOf({ protocol, source, sourcePort, packetPort }: Live): Flow | null {
  const parsed = parseAddress(source);
  return parsed.ok ? { protocol, source: parsed.value, sourcePort, port: packetPort } : null;
}

/** Most lines of conntrack's table that are read. */
const maxTracked = 1_000_000;

/** What conntrack(8) knows. */
interface Tracked {
  /** Connections to us and to published ports. */
  readonly incoming: Live[];
  /** Their keys, and those of connections that were picked up by a packet of ours: conntrack takes them for ours. */
  readonly keys: Set<string>;
}

/** What conntrack(8) knows; null where it is not installed. */
async function trackedFlows(conntrack: Program, reader: Reader): Promise<Tracked | null> {
  const found: Tracked = { incoming: [], keys: new Set() };
  let hasRun = false;
  const own = ownAddresses(reader);
  for (const family of ['ipv4', 'ipv6']) {
    const ran = await conntrack.run(['-L', '-f', family]);
    if (!ran.ok) continue;
    hasRun = true;
    for (const line of ran.output.split('\n', maxTracked)) {
      const live = parseTracked(line, own);
      if (live !== null) found.incoming.push(live);
      const key = live === null ? pickedUp(line, own) : keyOf(live);
      if (key !== null) found.keys.add(key);
    }
  }
  return hasRun ? found : null;
}

/** The key of a connection that conntrack saw begin with a packet of this machine, as if it had come in; null for others. */
function pickedUp(line: string, own: ReadonlySet<string>): string | null {
  const words = line.split(' ').filter((word) => word !== '');
  const value = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
  if (words[0] !== 'tcp' || !own.has(value('src'))) return null;
  return `tcp ${endpoint(value('dst'), Number(value('dport')))} ${value('sport')}`;
}

/**
 * One line of `conntrack -L`: protocol, number, seconds, perhaps a state, then `src= dst= sport= dport=` of both
 * directions. Null for what does not come in: neither to an address of this machine nor to a published port.
 */
export function parseTracked(line: string, own: ReadonlySet<string>): Live | null {
  const words = line.split(' ').filter((word) => word !== '');
  const protocol = words[0];
  if (protocol !== 'tcp' && protocol !== 'udp') return null;
  if (words.includes('TIME_WAIT') || words.includes('CLOSE')) return null;
  const values = (key: string) =>
    words.filter((word) => word.startsWith(`${key}=`)).map((word) => word.slice(key.length + 1));
  const [sources, targets, sourcePorts, ports] = [values('src'), values('dst'), values('sport'), values('dport')];
  if ([sources, targets, sourcePorts, ports].some((list) => list.length !== 2)) return null;
  const [source, sourcePort, called] = [sources[0]!, Number(sourcePorts[0]), Number(ports[0])];
  const packetPort = Number(sourcePorts[1]);
  const isLocal = own.has(sources[1]!);
  const isTranslated = sources[1] !== targets[0];
  if (own.has(source) || !(isLocal || isTranslated) || !parseAddress(source).ok) return null;
  // Because rules on input see the port a packet has there, those on published ports the port that was called.
  const port = isLocal ? packetPort : called;
  return { protocol, source, sourcePort, port, packetPort, kind: 'other', isTracked: true };
}

/** Every address of this machine: the local table of routes for IPv4, the list of addresses for IPv6 (proc(5)). */
export function ownAddresses(reader: Reader): Set<string> {
  const own = new Set<string>();
  let last = '';
  for (const line of (reader.read('/proc/net/fib_trie') ?? '').split('\n')) {
    const at = line.indexOf('|-- ');
    if (at >= 0) last = line.slice(at + 4).trim();
    else if (line.includes('/32 host LOCAL')) own.add(last);
  }
  for (const line of (reader.read('/proc/net/if_inet6') ?? '').split('\n')) {
    const hex = line.slice(0, 32);
    if (hex.length < 32) continue;
    const groups = Array.from({ length: 8 }, (_, index) => hex.slice(index * 4, index * 4 + 4));
    const parsed = parseAddress(groups.join(':'));
    if (parsed.ok) own.add(printAddress(parsed.value));
  }
  return own;
}
