import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from './ports.ts';

const files: Record<string, string> = {
  '/etc/services': 'shop 4000/tcp\n',
  '/proc/net/tcp': '   0: 0100007F:0FA0 00000000:0000 0A 0:0 00:0 0 0 0 5 1\n',
  '/proc/sys/net/ipv4/ip_local_port_range': '50000 50009',
};

test('the door answers every question about the machine it is given', () => {
  let reads = 0;
  const read = (path: string) => {
    if (path === '/etc/services') reads++;
    return files[path] ?? null;
  };
  const ports = build({ reader: { read, list: () => [], link: () => null } });
  assert.equal(reads, 0);
  const described = ports.describe('shop');
  assert.ok(described.ok && described.value.port === 4000);
  assert.deepEqual([ports.serviceOn(4000), ports.serviceOn(123), ports.serviceOn(123, 'tcp')], ['shop', 'ntp', '']);
  assert.equal(reads, 1);
  assert.equal(ports.listening()[0]?.address, '127.0.0.1');
  assert.equal(ports.holderOf(4000)?.state, 'LISTEN');
  assert.equal(ports.holderOf(4000, '10.0.0.1'), null);
  const { range, upstreams } = ports.ephemeral([{ endpoint: 'a:1', addresses: ['10.0.0.1'], port: 1 }]);
  assert.deepEqual([range.ports, upstreams[0]?.free], [10, 10]);
  const endpoint = ports.endpointOf('http://example.com:8443');
  assert.ok(endpoint.ok && endpoint.value.port === 8443);
});
