// The SYN proxy's place among the rules, and what is said where the kernel is not set for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRule } from '../rule.ts';
import { defaultKernel } from './accompaniment.ts';
import { noCallers, render } from './render.ts';
import { synProxyTrouble } from './syn-proxy.ts';
import { textOf } from './text.ts';

const lines = [
  'deny tcp 80 from 10.0.0.0/8',
  'allow tcp 80,443 from any',
  'allow udp 443 from any',
  'allow tcp 22 from any',
];

function textWith(synProxyPorts: readonly number[]): string {
  const rules = lines.map((line, index) => parseRule(line, index, '', [])!);
  return textOf(
    render({ rules, default: 'DENY', kernel: { ...defaultKernel, synProxyPorts }, callers: noCallers, cut: [] }),
  );
}

test('the proxy stands in a hook of its own, before the loopback, and before the verdict of rules that allow its ports', () => {
  const without = textWith([]).split('\n');
  const added = textWith([443, 8443])
    .split('\n')
    .filter((line) => !without.includes(line));
  assert.deepEqual(
    added.map((line) => line.trim()),
    [
      'chain syn_proxy {',
      'chain syn_completed {',
      'ct state invalid tcp dport { 443, 8443 } tcp flags & (fin|syn|rst|ack) == ack return comment "SYN proxy: perhaps the answer to a cookie"',
      'chain syn_untracked {',
      'type filter hook prerouting priority -300; policy accept;',
      'iif != "lo" fib daddr type local tcp dport { 443, 8443 } tcp flags & (fin|syn|rst|ack) == syn counter notrack comment "SYN proxy: no connection is kept for a SYN"',
      'chain syn_proxy {',
      'tcp dport { 443, 8443 } counter synproxy mss 1460 wscale 7 timestamp sack-perm comment "SYN proxy: a SYN is answered with a cookie, and the cookie is checked"',
      'chain syn_completed {',
      'iif "lo" tcp dport { 443, 8443 } ct state new fib saddr type != local goto syn_completed comment "SYN proxy: a handshake that was completed"',
      'ct state invalid,untracked jump syn_proxy',
    ],
  );
});

test('sysctls that are not as the proxy needs them are named, with the command that sets them', () => {
  const set: Record<string, string> = {
    '/proc/sys/net/netfilter/nf_conntrack_tcp_loose': '0\n',
    '/proc/sys/net/ipv4/tcp_syncookies': '2\n',
    '/proc/sys/net/ipv4/tcp_timestamps': '1\n',
  };
  const read = (other: Record<string, string | null>) => (path: string) => ({ ...set, ...other })[path] ?? null;
  assert.equal(synProxyTrouble([443], read({})), null);
  assert.equal(
    synProxyTrouble([], () => null),
    null,
  );
  assert.equal(
    synProxyTrouble(undefined, () => null),
    null,
  );
  const loose = synProxyTrouble([443], read({ '/proc/sys/net/netfilter/nf_conntrack_tcp_loose': '1\n' }));
  assert.deepEqual(loose, {
    kind: 'refused',
    says: 'firewall.kernel.syn_proxy cannot work here: net.netfilter.nf_conntrack_tcp_loose is 1 and must be 0 (the end of a handshake would pass for a connection, and none would work)',
    instead:
      'run `sysctl -w net.netfilter.nf_conntrack_tcp_loose=0` and keep it in /etc/sysctl.d, or leave syn_proxy out',
    rule: 0,
  });
  const unloaded = synProxyTrouble(
    [443],
    read({ '/proc/sys/net/netfilter/nf_conntrack_tcp_loose': null, '/proc/sys/net/ipv4/tcp_timestamps': '0' }),
  );
  assert.match(
    unloaded!.says,
    /nf_conntrack_tcp_loose is not there \(it must be 0\); net\.ipv4\.tcp_timestamps is 0 and must be 1/,
  );
  assert.match(
    unloaded!.instead,
    /^run `modprobe nf_conntrack && sysctl -w net\.netfilter\.nf_conntrack_tcp_loose=0 net\.ipv4\.tcp_timestamps=1`/,
  );
});
