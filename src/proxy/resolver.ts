// The addresses of a name and for how long they hold: from DNS with its TTL, and from whatever else this machine asks.

import { lookup, Resolver } from 'node:dns';
import { isIPv4 } from 'node:net';

/** Addresses in a steady order, and for how long they hold. */
export interface Resolved {
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

/** Asks for a name; `done` is called once, later. A string says why there are none. */
export type Resolve = (name: string, done: (found: Resolved | string) => void) => void;

/** How long addresses hold that have no TTL, as those in /etc/hosts. */
const systemTtlSeconds = 30;
/** More addresses of one name than anybody balances over. */
const maxAddresses = 256;

interface Answer {
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
  readonly why: string;
}

/**
 * A resolver that asks these DNS servers (`127.0.0.1:5353`); with none, those of this machine, and its own resolver beside them.
 * The machine's resolver knows /etc/hosts, search domains and whatever else is in nsswitch.conf, but no TTL; DNS (c-ares) knows
 * the TTL. Where the two have an address in common DNS is where it came from; where not, the machine is right.
 */
export function resolverOf(servers: readonly string[]): Resolve {
  const dns = new Resolver({ timeout: 2000, tries: 2 });
  if (servers.length > 0) dns.setServers(servers);
  return (name, done) => {
    const isLocal = name === 'localhost' || name.endsWith('.localhost');
    const asked: Promise<Answer>[] = [];
    // The name of this machine is never to be asked of DNS (RFC 6761 6.3).
    if (!isLocal) asked.push(askDns(dns, name));
    if (servers.length === 0 || isLocal) asked.push(askMachine(name));
    void Promise.all(asked).then((answers) => done(settled(answers)));
  };
}

function settled(answers: readonly Answer[]): Resolved | string {
  const [first, second] = answers;
  if (first === undefined) return 'nobody was asked';
  const best =
    second === undefined || second.addresses.length === 0
      ? first
      : first.addresses.some((address) => second.addresses.includes(address))
        ? first
        : second;
  if (best.addresses.length === 0) return first.why;
  const addresses = [...new Set(best.addresses)].sort().slice(0, maxAddresses);
  return { addresses, ttlSeconds: best.ttlSeconds };
}

async function askDns(dns: Resolver, name: string): Promise<Answer> {
  const [four, six] = await Promise.all([
    new Promise<Answer>((done) => dns.resolve4(name, { ttl: true }, (error, rows) => done(answerOf(error, rows)))),
    new Promise<Answer>((done) => dns.resolve6(name, { ttl: true }, (error, rows) => done(answerOf(error, rows)))),
  ]);
  return {
    addresses: [...four.addresses, ...six.addresses],
    ttlSeconds: Math.min(four.ttlSeconds, six.ttlSeconds),
    why: four.why,
  };
}

function answerOf(error: NodeJS.ErrnoException | null, rows: readonly { address: string; ttl: number }[]): Answer {
  if (error !== null) return { addresses: [], ttlSeconds: Number.POSITIVE_INFINITY, why: error.code ?? error.message };
  return {
    addresses: rows.map(({ address }) => address),
    ttlSeconds: Math.min(...rows.map(({ ttl }) => ttl), Number.POSITIVE_INFINITY),
    why: '',
  };
}

function askMachine(name: string): Promise<Answer> {
  return new Promise((done) =>
    lookup(name, { all: true }, (error, rows) =>
      done(
        error === null
          ? { addresses: rows.map(({ address }) => address), ttlSeconds: systemTtlSeconds, why: '' }
          : { addresses: [], ttlSeconds: systemTtlSeconds, why: error.code ?? error.message },
      ),
    ),
  );
}

/**
 * The addresses as endpoints. Those of the loopback are one endpoint with two ways to it; of a name with both families the
 * IPv4 addresses are taken: which IPv6 address is the same machine is not to be known, and each would be asked twice.
 */
export function endpointsOf(addresses: readonly string[]): readonly (readonly string[])[] {
  if (addresses.length > 0 && addresses.every(isLoopback)) return [addresses];
  const four = addresses.filter((address) => isIPv4(address));
  return (four.length > 0 ? four : addresses).map((address) => [address]);
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
