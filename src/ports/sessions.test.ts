// Who is connected, where SSH listens and which routers there are: from the kernel's tables, written here by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reader } from './reader.ts';
import { gatewaysOf, peersOf, sshPorts } from './sessions.ts';

function machine(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): Reader {
  const lists: Record<string, string[]> = { '/proc': ['1', '812', 'self'], '/proc/1/fd': ['0'], '/proc/812/fd': ['3'] };
  return {
    read: (path) => files[path] ?? null,
    list: (path) => lists[path] ?? [],
    link: (path) => links[path] ?? null,
  };
}

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, remote: string, state: string, inode = 1) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 20 4 30 10 -1\n`;

test('peers of a port are those with a connection to it, each once, of both families', () => {
  const tcp = `${head}${row('0100007F:0016', '077100CB:C001', '01')}${row('0100007F:0016', '077100CB:C002', '01')}${row('0100007F:0050', '087100CB:C001', '01')}${row('0100007F:0016', '097100CB:C001', '06')}`;
  const tcp6 = `${head}${row('00000000000000000000000000000000:0016', '0000000000000000FFFF00000A7100CB:C001', '01')}${row('00000000000000000000000000000000:08AE', 'B80D0120000000000000000007000000:C001', '01')}`;
  const reader = machine({ '/proc/net/tcp': tcp, '/proc/net/tcp6': tcp6 });
  assert.deepEqual(peersOf(reader, [22, 2222]), ['203.0.113.7', '203.0.113.10', '2001:db8::7']);
  assert.deepEqual(peersOf(machine({}), [22]), []);
});

test('an SSH server is found on the port that it chose', () => {
  const files = { '/proc/net/tcp': `${head}${row('00000000:08AE', '00000000:0000', '0A', 77)}` };
  const links = { '/proc/812/fd/3': 'socket:[77]', '/proc/812/exe': '/usr/sbin/sshd' };
  assert.deepEqual(sshPorts(machine(files, links)), [22, 2222]);
  assert.deepEqual(sshPorts(machine(files, { ...links, '/proc/812/exe': '/usr/bin/node' })), [22]);
});

test('routers are those of default routes', () => {
  const route =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n' +
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n' +
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n' +
    'tun0\t0000000A\t010200C1\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n';
  const zero = '0'.repeat(32);
  const route6 =
    `${zero} 00 ${zero} 00 20010db8000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n` +
    `20010db8000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0\n` +
    `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo\n`;
  assert.deepEqual(gatewaysOf(machine({ '/proc/net/route': route, '/proc/net/ipv6_route': route6 })), [
    '192.0.2.1',
    '2001:db8::1',
  ]);
  assert.deepEqual(
    gatewaysOf(
      machine({
        '/proc/net/route': 'x\ny\tz\n\t00000000\n',
        '/proc/net/ipv6_route': `${zero} 00 x x ${'g'.repeat(32)}\n`,
      }),
    ),
    [],
  );
});
