// Connections that came in, from tables such as the kernel prints.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listEstablished } from './established.ts';
import type { Reader } from './reader.ts';

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, remote: string, state: string) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 1517 1 0 100 0 0 10 0\n`;

test('what came to a listening port is told, what went out and what stays inside is not', () => {
  const tables: Record<string, string> = {
    '/proc/net/tcp':
      head +
      row('00000000:0016', '00000000:0000', '0A') +
      row('0100320A:0016', '0200320A:9C40', '01') +
      row('0100007F:0016', '0100007F:9C41', '01') +
      row('0100320A:9C42', '0200320A:01BB', '01'),
    '/proc/net/tcp6':
      head +
      row('00000000000000000000000000000000:01BB', '00000000000000000000000000000000:0000', '0A') +
      row('0000000000000000FFFF00000100320A:01BB', '0000000000000000FFFF00000700710B:9C43', '08'),
  };
  const reader: Reader = { read: (path) => tables[path] ?? null, list: () => [], link: () => null };
  assert.deepEqual(listEstablished(reader), [
    { local: '10.50.0.1', localPort: 22, remote: '10.50.0.2', remotePort: 40_000 },
    { local: '10.50.0.1', localPort: 443, remote: '11.113.0.7', remotePort: 40_003 },
  ]);
});
