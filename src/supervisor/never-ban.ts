// Who must never be shut out, read off the machine: SSH sessions, own addresses, loopback, upstreams, trusted proxies, routers.

import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { type Cidr, parseCidr } from '../base/cidr.ts';
import type { NeverBan } from '../firewall/firewall.ts';
import { gatewaysOf, peersOf, type Reader, sshPorts } from '../ports/ports.ts';

/** What the settings say about who must always get in. */
export interface NeverSettings {
  readonly neverLoopback: boolean;
  /** CIDRs of proxies and balancers that bring many clients under one address. */
  readonly trusted: readonly string[];
  /** Hosts of upstreams, addresses or names. */
  readonly upstreams: readonly string[];
  /** Addresses that have the dashboard open now; without it nobody has. */
  dashboards?(): readonly string[];
}

/** Most addresses that are kept of each kind. */
const maxOfAKind = 1000;

/** Looks at the machine again and again; asks about names and ports, which costs more, less often. */
export class NeverLook {
  readonly #settings: NeverSettings;
  readonly #reader: Reader;
  #upstreams: string[] = [];
  #sshPorts: number[] = [22];

  constructor(settings: NeverSettings, reader: Reader) {
    this.#settings = settings;
    this.#reader = reader;
  }

  /** Looks up upstreams by name and finds out where SSH servers listen. Never rejects. */
  async prepare(): Promise<void> {
    this.#sshPorts = sshPorts(this.#reader);
    const hosts = [...new Set(this.#settings.upstreams)].slice(0, maxOfAKind);
    const found = await Promise.all(hosts.map(addressesOf));
    this.#upstreams = [...new Set(found.flat())];
  }

  /** Everybody who must get in now. `caller` is the address the owner's own shell comes from, or ''. */
  look(caller = ''): NeverBan[] {
    const { neverLoopback, trusted } = this.#settings;
    return [
      ...(neverLoopback ? entries(['127.0.0.0/8', '::1'], "it is this machine's loopback") : []),
      ...entries([caller], 'your own session comes from there'),
      ...entries(peersOf(this.#reader, this.#sshPorts), 'an SSH session of this machine comes from there'),
      ...entries(this.#settings.dashboards?.() ?? [], 'a session of the dashboard comes from there'),
      ...entries(ownAddresses(neverLoopback), 'it is an address of this machine'),
      ...entries(gatewaysOf(this.#reader), 'it is the router of this machine'),
      ...entries(this.#upstreams, 'it is an upstream'),
      ...entries(trusted, 'it is a proxy that brings many clients'),
    ].filter(({ cidr }) => neverLoopback || !isLoopback(cidr));
  }
}

function entries(texts: readonly string[], why: string): NeverBan[] {
  return texts.slice(0, maxOfAKind).flatMap((text) => {
    const parsed = parseCidr(text);
    return parsed.ok ? [{ cidr: parsed.value, why }] : [];
  });
}

function ownAddresses(withInternal: boolean): string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return found.filter(({ internal }) => withInternal || !internal).map(({ address }) => address.split('%')[0]!);
}

function isLoopback({ family, start }: Cidr): boolean {
  return family === 4 ? Number(start) >>> 24 === 127 : start === 1n;
}

async function addressesOf(host: string): Promise<string[]> {
  if (parseCidr(host).ok) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // A name that does not resolve shuts nobody out today; it is asked again.
    return [];
  }
}
