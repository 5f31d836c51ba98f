// What stands before the rules: traffic that must always pass, states of connections, and limits of each source.

import { type KernelRate, limitOf } from './phrases.ts';
import { synProxy } from './syn-proxy.ts';
import type { ChainRule, Json, Statement } from './table.ts';
import { among, counter, ct, match, meta, packetPort, sourceOf, verdict } from './words.ts';

/** The settings of the kernel's part (`firewall.kernel`). */
export interface KernelSettings {
  /** Whether packets of no connection and beginning none are dropped. */
  readonly dropInvalid: boolean;
  /** Whether forwarded traffic to ports published by DNAT is judged. */
  readonly forward: 'published' | 'off';
  /** New connections of one source, IPv6 by its /64; null for no limit. */
  readonly maxNewPerSource: KernelRate | null;
  /** Connections of one source at once, IPv6 by its /64; 0 for no limit. */
  readonly maxConnectionsPerSource: number;
  readonly log: 'off' | 'denied' | 'all';
  readonly logRate: KernelRate;
  /** TCP ports whose handshakes the kernel makes itself; generations stored before there was such a thing have none. */
  readonly synProxyPorts?: readonly number[];
}

/** Sources that the kernel counts at most; what comes from others when it is full is not limited. */
const maxCountedSources = 65_535;

/** How long a silent source's rate is remembered, in seconds. */
const rememberedSeconds = 60;

/** Rules that come with every policy. */
export interface Accompaniment {
  /** Passes before anything is asked. */
  readonly always: readonly ChainRule[];
  /** Stands behind bans and before the rules. */
  readonly stateful: readonly ChainRule[];
}

/** The accompaniment of these settings. */
export function accompaniment(kernel: KernelSettings): Accompaniment {
  const stateful: ChainRule[] = [];
  if (kernel.dropInvalid)
    stateful.push(
      ...synProxy(kernel.synProxyPorts ?? []).answers,
      rule([match(ct('state'), 'invalid', 'in'), counter, verdict('drop')], 'invalid'),
    );
  stateful.push(
    rule([match(ct('state'), ['established', 'related'], 'in'), counter, verdict('accept')], 'established'),
  );
  for (const family of [4, 6] as const) {
    if (kernel.maxNewPerSource !== null) {
      const over = { limit: limitOf(kernel.maxNewPerSource, true) };
      const key = { elem: { val: household(family), timeout: rememberedSeconds } };
      stateful.push(rule(limited(`new${family}`, key, over), 'new connections of one source'));
    }
    if (kernel.maxConnectionsPerSource > 0) {
      const over = { 'ct count': { val: kernel.maxConnectionsPerSource, inv: true } };
      stateful.push(rule(limited(`open${family}`, household(family), over), 'open connections of one source'));
    }
  }
  return { always, stateful };
}

/** RFC 4861 11.2: what comes from another link has a smaller hop limit, so none of it can be forged from afar. */
const fromThisLink = match({ payload: { protocol: 'ip6', field: 'hoplimit' } }, 255);

const linkLocal: Statement = match(sourceOf(6), { prefix: { addr: 'fe80::', len: 10 } });

const always: readonly ChainRule[] = [
  rule([match(meta('iif'), 'lo'), counter, verdict('accept')], 'loopback'),
  rule(
    [
      icmp6(['nd-router-solicit', 'nd-router-advert', 'nd-neighbor-solicit', 'nd-neighbor-advert', 'nd-redirect']),
      fromThisLink,
      counter,
      verdict('accept'),
    ],
    'IPv6 neighbour discovery',
  ),
  rule([icmp6(['mld-listener-query']), linkLocal, counter, verdict('accept')], 'IPv6 multicast listeners'),
  rule(
    [match(meta('nfproto'), 'ipv4'), fromPort(67), match(packetPort('udp'), 68), counter, verdict('accept')],
    'DHCP answers',
  ),
  rule([linkLocal, fromPort(547), match(packetPort('udp'), 546), counter, verdict('accept')], 'DHCPv6 answers'),
];

function rule(statements: readonly Statement[], comment: string): ChainRule {
  return { statements, comment, from: 0 };
}

function icmp6(types: readonly string[]): Statement {
  return among({ payload: { protocol: 'icmpv6', field: 'type' } }, types);
}

function fromPort(port: number): Statement {
  return match(packetPort('udp', 'sport'), port);
}

/** A meter: a state for each source, kept by the kernel in a set of its own. */
function limited(name: string, key: Json, stmt: Json): Statement[] {
  const isNew = match(ct('state'), 'new', 'in');
  return [isNew, { meter: { name, key, stmt, size: maxCountedSources } }, counter, verdict('drop')];
}

/** The key a source is counted by: an IPv6 household has a /64, and every address in it. */
function household(family: 4 | 6): Json {
  return family === 4 ? sourceOf(4) : { '&': [sourceOf(6), 'ffff:ffff:ffff:ffff::'] };
}

/** What holds where the settings say nothing: nothing is limited that a large household behind one address could meet. */
export const defaultKernel: KernelSettings = {
  dropInvalid: true,
  forward: 'published',
  maxNewPerSource: null,
  maxConnectionsPerSource: 0,
  log: 'off',
  logRate: { limit: 10, windowMs: 1000 },
  synProxyPorts: [],
};
