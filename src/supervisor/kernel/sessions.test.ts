// Whose connections are open: the caller's own, sessions of SSH and of the dashboard, and everybody else's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Program } from '../../firewall/firewall.ts';
import type { Reader } from '../../ports/ports.ts';
import { liveConnections, liveText } from './sessions.ts';

const missing: Program = { run: async () => ({ ok: false, kind: 'missing', says: '', text: '' }) };

/** One row of /proc/net/tcp (proc(5)): addresses in the machine's order, state 0A listens, 01 is open. */
function row(at: number, local: string, remote: string, state: string): string {
  return `   ${at}: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${1000 + at} 1 0 100 0 0 10 0`;
}

const any = '00000000:0000';
const gate = '010200C0';
const tcp = [
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
  row(0, '00000000:0016', any, '0A'),
  row(1, '00000000:24E3', any, '0A'),
  row(2, `${gate}:0016`, '087100CB:1389', '01'),
  row(3, `${gate}:24E3`, '097100CB:1388', '01'),
  row(4, `${gate}:24E3`, '0A7100CB:1388', '01'),
  row(5, `${gate}:0016`, '077100CB:1390', '01'),
].join('\n');

const reader: Reader = {
  read: (path) => (path === '/proc/net/tcp' ? `${tcp}\n` : null),
  list: () => [],
  link: () => null,
};

test('the caller comes first, then who administers, and the rest; what nobody tracks is not guessed', async () => {
  const dashboard = { remote: '203.0.113.9', remotePort: 5000, local: '192.0.2.1', localPort: 9443 };
  const live = await liveConnections({
    reader,
    conntrack: missing,
    env: { SSH_CONNECTION: '203.0.113.7 5008 192.0.2.1 22' },
    pid: 1,
    dashboards: async () => [dashboard],
  });
  assert.deepEqual(
    live.map((each) => [each.kind, liveText(each), each.isTracked]),
    [
      ['caller', 'tcp 203.0.113.7:5008 → :22', null],
      ['ssh', 'tcp 203.0.113.8:5001 → :22', null],
      ['dashboard', 'tcp 203.0.113.9:5000 → :9443', null],
      ['other', 'tcp 203.0.113.10:5000 → :9443', null],
    ],
  );
});
