// Whether an address is of a domain: its name in the DNS, and that name's addresses (RFC 1035 3.5, RFC 3596 2.5). Either alone says
// nothing: the owner of an address writes any name for it, and the owner of a name any address.

import { Resolver } from 'node:dns';
import { AddressReader, normalise } from '../base/address.ts';

/** What the DNS says: `unknown` where it said nothing. */
export type Standing = 'verified' | 'false' | 'unknown';

/** Asks whether `address` belongs to one of `domains`; `done` is called once, later. */
export type ReverseLookup = (address: string, domains: readonly string[], done: (standing: Standing) => void) => void;

/** Names of one address that are looked up in turn. */
const maxNames = 4;
/** How long one question waits for its answer, in ms, and how often it is asked. */
const patience = { timeout: 1500, tries: 2 };
/** Words of the resolver for "there is none", which is an answer. */
const noneWords: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'ENONAME']);

/** A lookup that asks these DNS servers, or those of this machine where none is named. */
export function reverseLookup(servers: readonly string[]): ReverseLookup {
  const dns = new Resolver(patience);
  if (servers.length > 0) dns.setServers(servers);
  return (address, domains, done) => void standingOf(dns, address, domains).then(done);
}

async function standingOf(dns: Resolver, address: string, domains: readonly string[]): Promise<Standing> {
  const arpa = arpaName(address);
  if (arpa === '') return 'unknown';
  const names = await answerOf((told) => dns.resolvePtr(arpa, told));
  if (names === null) return 'unknown';
  const fitting = names.filter((name) => domains.some((domain) => isWithin(name, domain))).slice(0, maxNames);
  let isSilent = false;
  for (const name of fitting) {
    const addresses = await answerOf((told) =>
      address.includes(':') ? dns.resolve6(name, told) : dns.resolve4(name, told),
    );
    if (addresses === null) isSilent = true;
    else if (addresses.some((one) => normalise(one) === address)) return 'verified';
  }
  return isSilent ? 'unknown' : 'false';
}

type Told = (error: NodeJS.ErrnoException | null, rows: string[]) => void;

/** The rows; none where there are none, null where nobody knows. */
function answerOf(ask: (told: Told) => void): Promise<readonly string[] | null> {
  return new Promise((resolve) =>
    ask((error, rows) => resolve(error === null ? rows : noneWords.has(error.code ?? '') ? [] : null)),
  );
}

/** Whether a name is `domain` or lies in it, whatever the case and with or without the root's dot. */
export function isWithin(name: string, domain: string): boolean {
  const bare = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
  return bare === domain || bare.endsWith(`.${domain}`);
}

/** Where the name of an address stands in the DNS; '' for what is no address. */
export function arpaName(address: string): string {
  const reader = new AddressReader();
  const family = reader.read(address);
  if (family === 4) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  if (family !== 6) return '';
  const words = [reader.word0, reader.word1, reader.word2, reader.word3];
  const digits = words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
}
