// Names of addresses and addresses of names, asked of a DNS server that answers as the test says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameServer } from '../../test/name-server.ts';
import { arpaName, isWithin, reverseLookup, type Standing } from './reverse-lookup.ts';

test('names of addresses in the DNS', () => {
  assert.equal(arpaName('192.0.2.7'), '7.2.0.192.in-addr.arpa');
  const zeros = Array(20).fill('0').join('.');
  assert.equal(arpaName('2001:db8::567:89ab'), `b.a.9.8.7.6.5.0.${zeros.slice(0, 31)}.8.b.d.0.1.0.0.2.ip6.arpa`);
  assert.equal(arpaName('somewhere'), '');
});

test('a name lies in a domain by whole labels', () => {
  assert.deepEqual(
    ['a.example.com', 'example.com.', 'A.Example.COM', 'notexample.com', 'example.com.evil.net'].map((name) =>
      isWithin(name, 'example.com'),
    ),
    [true, true, true, false, false],
  );
});

test('only an address whose name leads back to it is verified', async (t) => {
  const { address } = await nameServer(t, {
    '1.66.249.66.in-addr.arpa': { ptr: ['crawl-1.googlebot.com'], ttl: 60 },
    'crawl-1.googlebot.com': { addresses: ['66.249.66.9', '66.249.66.1'], ttl: 60 },
    // Who has this address writes any name for it.
    '9.113.0.203.in-addr.arpa': { ptr: ['crawl-1.googlebot.com'], ttl: 60 },
    '8.113.0.203.in-addr.arpa': { ptr: ['googlebot.com.evil.example'], ttl: 60 },
    '7.113.0.203.in-addr.arpa': null,
    '6.113.0.203.in-addr.arpa': { ptr: ['gone.googlebot.com'], ttl: 60 },
    'gone.googlebot.com': null,
  });
  const ask = reverseLookup([address]);
  const standing = (client: string) => new Promise<Standing>((done) => ask(client, ['googlebot.com'], done));
  assert.equal(await standing('66.249.66.1'), 'verified');
  for (const client of ['203.0.113.9', '203.0.113.8', '203.0.113.7', '203.0.113.6'])
    assert.equal(await standing(client), 'false', client);
  assert.equal(await standing('nobody'), 'unknown');
});
