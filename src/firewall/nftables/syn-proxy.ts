// SYN flood protection: the kernel makes the handshake with a cookie, and only who answers it becomes a connection.

import type { Rule } from '../rule.ts';
import type { KernelTrouble } from './kernel.ts';
import type { Chain, ChainRule, Json, Statement } from './table.ts';
import { among, counter, ct, goTo, jump, match, meta, packetPort } from './words.ts';

/** The chains before connection tracking, of the proxy itself, and of the handshakes that were completed. */
const names = { before: 'syn_untracked', proxy: 'syn_proxy', after: 'syn_completed' } as const;

/** `raw`: before connections are tracked (nft(8), "Standard priority names"). */
const rawPriority = -300;

/** The proxy's parts, as they stand in a table; all empty for no ports. */
export interface SynProxy {
  readonly chains: readonly Chain[];
  /** First in `input`, before the loopback: the kernel opens the connection over `lo`, with the client's address. */
  readonly completed: readonly ChainRule[];
  /** Before the dropping of invalid packets: the client's answer to the cookie is of no connection yet. */
  readonly answers: readonly ChainRule[];
}

/** The proxy for these ports. Only packets to addresses of this machine; what others forward is left alone. */
export function synProxy(ports: readonly number[]): SynProxy {
  if (ports.length === 0) return { chains: [], completed: [], answers: [] };
  const called = among(packetPort('tcp'), ports);
  const before: ChainRule = plain(
    [match(meta('iif'), 'lo', '!='), fib('daddr', '=='), called, flagsAre('syn'), counter, { notrack: null }],
    'SYN proxy: no connection is kept for a SYN',
  );
  const proxied = plain(
    [called, counter, { synproxy: { mss: 1460, wscale: 7, flags: ['timestamp', 'sack-perm'] } }],
    'SYN proxy: a SYN is answered with a cookie, and the cookie is checked',
  );
  return {
    chains: [
      { name: names.before, hook: { name: 'prerouting', priority: rawPriority }, rules: [before] },
      { name: names.proxy, hook: null, rules: [proxied] },
      { name: names.after, hook: null, rules: [plain([jump('connections')], ''), plain([goTo('rules_input')], '')] },
    ],
    completed: [
      plain(
        [match(meta('iif'), 'lo'), called, match(ct('state'), 'new', 'in'), fib('saddr', '!='), goTo(names.after)],
        'SYN proxy: a handshake that was completed',
      ),
    ],
    answers: [
      plain(
        [match(ct('state'), 'invalid', 'in'), called, flagsAre('ack'), { return: null }],
        'SYN proxy: perhaps the answer to a cookie',
      ),
    ],
  };
}

/**
 * What stands before the verdict of a rule that allows: because the rules are asked first, who is denied gets no answer,
 * and because the proxy keeps the packets of a handshake, the rule counts only connections that were completed.
 */
export function handshakes(ports: readonly number[], rule: Rule | null): ChainRule[] {
  const isCalled = (port: number) =>
    rule === null || (rule.protocol !== 'UDP' && rule.ports.some(({ first, last }) => first <= port && port <= last));
  if (!ports.some(isCalled)) return [];
  const statements = [match(ct('state'), ['invalid', 'untracked'], 'in'), jump(names.proxy)];
  return [{ statements, comment: '', from: rule?.number ?? 0 }];
}

function plain(statements: readonly Statement[], comment: string): ChainRule {
  return { statements, comment, from: 0 };
}

/** Of the four flags that make what a segment is, this one alone. */
function flagsAre(flag: 'syn' | 'ack'): Statement {
  const all: Json = ['fin', 'syn', 'rst', 'ack'];
  return match({ '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, all] }, flag);
}

/** Whether an address of the packet is one of this machine. */
function fib(address: 'saddr' | 'daddr', op: '==' | '!='): Statement {
  return match({ fib: { result: 'type', flags: [address] } }, 'local', op);
}

/** What the kernel must be set to (nft(8), "SYNPROXY STATEMENT"), and what goes wrong otherwise. */
const sysctls = [
  [
    'net.netfilter.nf_conntrack_tcp_loose',
    '0',
    'the end of a handshake would pass for a connection, and none would work',
  ],
  ['net.ipv4.tcp_syncookies', '1', 'there are no cookies'],
  ['net.ipv4.tcp_timestamps', '1', 'window scale and selective acknowledgements have no place in a cookie'],
] as const;

/** Why the SYN proxy cannot stand on this machine as it is set, or null where it can. `read` reads a file of /proc, null where there is none. */
export function synProxyTrouble(
  ports: readonly number[] | undefined,
  read: (path: string) => string | null,
): KernelTrouble | null {
  if (ports === undefined || ports.length === 0) return null;
  const wrong = sysctls
    .map(([name, wanted, why]) => ({ name, wanted, why, has: read(`/proc/sys/${name.replaceAll('.', '/')}`)?.trim() }))
    // Because 2 sends cookies always, it is right too.
    .filter(({ name, wanted, has }) => has !== wanted && !(name.endsWith('syncookies') && has === '2'));
  if (wrong.length === 0) return null;
  const parts = wrong.map(({ name, has, wanted, why }) =>
    has === undefined
      ? `${name} is not there (it must be ${wanted})`
      : `${name} is ${has} and must be ${wanted} (${why})`,
  );
  const isUnloaded = wrong.some(({ has }) => has === undefined);
  const set = `sysctl -w ${wrong.map(({ name, wanted }) => `${name}=${wanted}`).join(' ')}`;
  return {
    kind: 'refused',
    says: `firewall.kernel.syn_proxy cannot work here: ${parts.join('; ')}`,
    instead: `run \`${isUnloaded ? 'modprobe nf_conntrack && ' : ''}${set}\` and keep it in /etc/sysctl.d, or leave syn_proxy out`,
    rule: 0,
  };
}
