// Whether a record of DNS-01 can be seen by a CA: every name server of its zone is asked, until all have it or time is up.

import { resolverOf } from './look-up.ts';

/** What is looked for. */
export interface SoughtText {
  readonly name: string;
  readonly text: string;
}

/** What of the outside it needs. */
export interface PropagationTools {
  /** Servers that know where zones are; those of the machine where there are none. */
  readonly resolvers: readonly string[];
  /** The port of name servers: 53, but for tests. */
  readonly port: number;
  monotonicMs(): number;
  pause(ms: number): Promise<void>;
}

/** How it ended: `seen` everywhere, `missing` at some when time was up, or `unknown` because the servers cannot be asked. */
export interface Spread {
  readonly outcome: 'seen' | 'missing' | 'unknown';
  /** A sentence about it, or ''. */
  readonly says: string;
}

/** Most name servers of a zone that are asked, each at its first addresses. */
const maxServers = 8;
const maxAddresses = 16;
const maxAliases = 8;
const firstPauseMs = 500;
const longestPauseMs = 5000;

/** Looks until every name server has every text, for `longestMs` at most. Never rejects. */
export async function awaitSpread(
  sought: readonly SoughtText[],
  longestMs: number,
  tools: PropagationTools,
): Promise<Spread> {
  const deadline = tools.monotonicMs() + longestMs;
  const silent: string[] = [];
  for (const { name, text } of sought) {
    const found = await serversOf(name, tools);
    if (found.servers.length === 0) return { outcome: 'unknown', says: found.says };
    const { target } = found;
    let waiting = found.servers;
    for (let look = 0; ; look++) {
      const states = await Promise.all(waiting.map((server) => stateAt(server, target, text, tools)));
      const behind = waiting.filter((_, at) => states[at] !== 'has');
      // Who does not answer us twice may still answer the CA, or not be there at all: it is not waited for.
      if (behind.length === 0 || (look > 0 && !states.includes('lacks'))) {
        if (behind.length === found.servers.length)
          return { outcome: 'unknown', says: `no name server of ${found.zone} answers us` };
        silent.push(...behind.map(shown));
        break;
      }
      const ms = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(look, 10));
      if (tools.monotonicMs() + ms > deadline)
        return { outcome: 'missing', says: `${list(behind.map(shown))} had not ${name} after ${longestMs / 1000} s` };
      await tools.pause(ms);
      waiting = behind;
    }
  }
  return { outcome: 'seen', says: silent.length === 0 ? '' : `${list(silent)} did not answer` };
}

interface Server {
  readonly name: string;
  readonly address: string;
}

interface Found {
  /** The name that the texts stand at, behind aliases (RFC 8555 8.4 has the CA follow them). */
  readonly target: string;
  readonly zone: string;
  readonly servers: readonly Server[];
  readonly says: string;
}

/** The name servers of the zone that a name is in. */
async function serversOf(name: string, { resolvers }: PropagationTools): Promise<Found> {
  const resolver = resolverOf(resolvers);
  let target = name;
  for (let hop = 0; hop < maxAliases; hop++) {
    const [next] = await resolver.resolveCname(target).catch(() => []);
    if (next === undefined) break;
    target = next;
  }
  const labels = target.split('.');
  // A zone of one label is a registry's, whose servers know of our record nothing.
  for (let from = 0; from < labels.length - 1; from++) {
    const zone = labels.slice(from).join('.');
    const names = await resolver.resolveNs(zone).catch(() => []);
    if (names.length === 0) continue;
    const servers: Server[] = [];
    for (const server of names.slice(0, maxServers)) {
      const four = await resolver.resolve4(server).catch(() => []);
      const six = four.length > 0 ? [] : await resolver.resolve6(server).catch(() => []);
      servers.push(...[...four, ...six].map((address) => ({ name: server, address })));
    }
    const says = servers.length > 0 ? '' : `the name servers of ${zone} have no addresses`;
    return { target, zone, servers: servers.slice(0, maxAddresses), says };
  }
  return { target, zone: '', servers: [], says: `the name servers of ${target} cannot be found` };
}

async function stateAt(
  { address }: Server,
  target: string,
  text: string,
  { port }: PropagationTools,
): Promise<'has' | 'lacks' | 'silent'> {
  const resolver = resolverOf([address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`], 1);
  try {
    const texts = await resolver.resolveTxt(target);
    return texts.some((pieces) => pieces.join('') === text) ? 'has' : 'lacks';
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    return code === 'ENODATA' || code === 'ENOTFOUND' || code === 'ESERVFAIL' ? 'lacks' : 'silent';
  }
}

function shown({ name, address }: Server): string {
  return `${name} (${address})`;
}

function list(servers: readonly string[]): string {
  return servers.slice(0, 4).join(', ') + (servers.length > 4 ? ` and ${servers.length - 4} more` : '');
}
