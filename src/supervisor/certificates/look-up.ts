// What DNS says of a name: addresses, and the CAA records that hold for it.

import { Resolver } from 'node:dns/promises';
import type { CaaRecord } from './caa.ts';

/** What DNS said. */
export interface LookedUp {
  readonly four: readonly string[];
  readonly six: readonly string[];
  /** Why nothing is known, or ''. */
  readonly trouble: string;
}

/** CAA records, and the name at which they stand. */
export interface FoundCaa {
  readonly at: string;
  readonly records: readonly CaaRecord[];
  readonly trouble: string;
}

/** Codes that mean: there is nothing of the kind. */
const nothing: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND']);
/** Codes that speak of whom we ask, not of the name. */
const ofResolver: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EREFUSED', 'ENOTIMP', 'ENETUNREACH', 'EHOSTUNREACH']);
const timeoutMs = 3000;

/** A resolver that asks these servers, or those of the machine. */
export function resolverOf(servers: readonly string[], tries = 2): Resolver {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers.length > 0) resolver.setServers([...servers]);
  return resolver;
}

/** Both kinds of addresses. */
export async function lookUp(name: string, resolver: Resolver): Promise<LookedUp> {
  const [four, six] = await Promise.all([
    resolver.resolve4(name).then(found, failed),
    resolver.resolve6(name).then(found, failed),
  ]);
  return { four: four.values, six: six.values, trouble: four.trouble || six.trouble };
}

/** Climbs from the name to the root until there are CAA records (RFC 8659 3). */
export async function lookUpCaa(name: string, resolver: Resolver): Promise<FoundCaa> {
  const labels = name.split('.');
  for (let from = 0; from < labels.length; from++) {
    const at = labels.slice(from).join('.');
    const { values, trouble } = await resolver.resolveCaa(at).then(found<unknown>, failed);
    if (trouble !== '') return { at, records: [], trouble };
    if (values.length > 0) return { at, records: values as CaaRecord[], trouble: '' };
  }
  return { at: name, records: [], trouble: '' };
}

/** The cure for a look-up that failed: of the zone's servers, or of our own resolver where that is what does not answer. */
export function lookUpCure(name: string, trouble: string): string {
  return ofResolver.has(trouble)
    ? 'the resolver of this machine does not answer: see /etc/resolv.conf, or name others under proxy.resolvers'
    : `mend the name servers of ${name}`;
}

function found<T>(values: readonly T[]): { readonly values: readonly T[]; readonly trouble: string } {
  return { values, trouble: '' };
}

function failed(error: NodeJS.ErrnoException): { readonly values: readonly never[]; readonly trouble: string } {
  return { values: [], trouble: nothing.has(error.code ?? '') ? '' : (error.code ?? error.message) };
}
