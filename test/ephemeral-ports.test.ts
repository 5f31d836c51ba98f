// Ephemeral ports really run out: a gate in a network namespace of its own whose kernel lends twenty of them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { root } from './source.ts';

test('without source addresses each upstream has the range once, with two of them twice; what is over is said in its own words', async () => {
  const script = `ip link set lo up && echo "40000 40019" > /proc/sys/net/ipv4/ip_local_port_range && exec "$0" "$1"`;
  const file = join(root, 'test/ephemeral-namespace.ts');
  // Where nobody is root, a user namespace makes the network namespace possible.
  const isRoot = process.getuid?.() === 0;
  const { stdout } = await promisify(execFile)('unshare', [
    ...(isRoot ? ['-n'] : ['-r', '-n']),
    'sh',
    '-c',
    script,
    process.execPath,
    file,
  ]);
  const { kernel, twoAddresses, unknownAddress } = JSON.parse(stdout);
  assert.deepEqual(kernel, {
    held: 40,
    statuses: { 502: 20 },
    whys: { 'proxy/no-ephemeral-port': 20 },
    ephemeral: [
      { used: 20, available: 20 },
      { used: 20, available: 20 },
    ],
    sources: ['127.0.0.1'],
  });
  assert.equal(twoAddresses.held, 60, 'thirty to each upstream, from forty 4-tuples each');
  assert.deepEqual(twoAddresses.sources, ['127.0.0.2', '127.0.0.3']);
  assert.deepEqual(twoAddresses.ephemeral, [
    { used: 30, available: 40 },
    { used: 30, available: 40 },
  ]);
  assert.deepEqual(unknownAddress.whys, { 'proxy/no-source-address': 2 });
});
