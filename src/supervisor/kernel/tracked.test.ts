// Which entries of conntrack go, and in which words they are named.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Program } from '../../firewall/firewall.ts';
import type { Live } from './sessions.ts';
import { forgetCut, forgetShutOut } from './tracked.ts';

function conntrack(listing: string) {
  const ran: { args: readonly string[]; input: string }[] = [];
  const program: Program = {
    run: async (args, input = '') => {
      ran.push({ args, input });
      return { ok: true, output: args[0] === '-L' ? listing : '' };
    },
  };
  return { program, ran };
}

const listing = [
  'tcp      6 431999 ESTABLISHED src=203.0.113.7 dst=10.0.0.1 sport=40000 dport=443 src=10.0.0.1 dst=203.0.113.7 sport=443 dport=40000 [ASSURED] mark=0 use=1',
  'udp      17 29 src=203.0.113.7 dst=10.0.0.1 sport=40001 dport=53 [UNREPLIED] src=10.0.0.1 dst=203.0.113.7 sport=53 dport=40001 mark=0 use=1',
  'tcp      6 99 ESTABLISHED src=203.0.113.8 dst=10.0.0.1 sport=40000 dport=443 src=10.0.0.1 dst=203.0.113.8 sport=443 dport=40000 mark=0 use=1',
  'icmp     1 29 src=203.0.113.7 dst=10.0.0.1 type=8 code=0 id=1 src=10.0.0.1 dst=203.0.113.7 type=0 code=0 id=1 mark=0 use=1',
  'tcp      6 99 ESTABLISHED src=203.0.113.7;reboot dst=10.0.0.1 sport=40000 dport=443',
  'nonsense',
].join('\n');

test('whoever is shut out is forgotten, nobody else, and only what is an address is named', async () => {
  const { program, ran } = conntrack(listing);
  const isShutOut = (source: string) => source.startsWith('203.0.113.7');
  assert.equal(await forgetShutOut(program, isShutOut, ['203.0.113.7']), 2);
  assert.deepEqual(ran[0]!.args, ['-L', '-f', 'ipv4', '-s', '203.0.113.7']);
  assert.deepEqual(ran[1], {
    args: ['-R', '-'],
    input:
      '-D -f ipv4 -p tcp -s 203.0.113.7 -d 10.0.0.1 --sport 40000 --dport 443\n-D -f ipv4 -p udp -s 203.0.113.7 -d 10.0.0.1 --sport 40001 --dport 53\n',
  });
  assert.equal(await forgetShutOut(program, () => false), 0);
  assert.deepEqual(
    ran.slice(2).map(({ args }) => args),
    [
      ['-L', '-f', 'ipv4'],
      ['-L', '-f', 'ipv6'],
    ],
    'nothing to delete, nothing is deleted',
  );
});

test('where conntrack is not there nothing is done', async () => {
  const missing: Program = { run: async () => ({ ok: false, kind: 'missing', says: '', text: '' }) };
  assert.equal(await forgetShutOut(missing, () => true), null);
});

test('a connection that was cut is named by both its ends, as its packets come in', async () => {
  const { program, ran } = conntrack('');
  const live: Live = {
    protocol: 'tcp',
    source: '2001:db8::7',
    sourcePort: 40_000,
    port: 8080,
    packetPort: 80,
    kind: 'other',
    isTracked: true,
  };
  await forgetCut(program, [live, { ...live, source: 'nobody' }]);
  assert.equal(ran.length, 1);
  assert.equal(ran[0]!.input, '-D -f ipv6 -p tcp -s 2001:db8::7 --sport 40000 --reply-port-src 80\n');
});
