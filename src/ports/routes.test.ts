// Which interface a packet leaves by, from what the kernel shows of its routes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../base/address.ts';
import { routesOf } from './routes.ts';

const four = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
veth7\t020011AC\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0
*\t0000000A\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0
`;
const six = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
fd300000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     br-1
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

function out(text: string, trie = 'Main:\n  +-- 0.0.0.0/0 3 0 5\nLocal:\n'): string | null {
  const files = new Map([
    ['/proc/net/route', four],
    ['/proc/net/ipv6_route', six],
    ['/proc/net/fib_trie', trie],
  ]);
  const parsed = parseAddress(text);
  assert.ok(parsed.ok);
  return routesOf({ read: (path) => files.get(path) ?? null, list: () => [], link: () => null })(parsed.value);
}

test('the most specific route says it; where other tables are asked too, nobody can tell', () => {
  assert.equal(out('203.0.113.7'), 'eth0');
  assert.equal(out('172.17.0.9'), 'docker0');
  assert.equal(out('172.17.0.2'), 'veth7');
  assert.equal(out('172.17.0.2', 'Main:\nLocal:\nId 100:\n  +-- 0.0.0.0/0\n'), null);
  assert.equal(out('fd30::2'), 'br-1');
  assert.equal(out('2001:db8::1'), 'eth0');
});
