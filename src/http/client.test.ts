// Who the client is: what trusted proxies wrote counts, what anybody else wrote does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Headers } from '../traffic/headers.ts';
import { buildClientResolver, type ClientResolver } from './client.ts';

function resolver(...trusted: string[]): ClientResolver {
  const result = buildClientResolver(trusted);
  assert.ok(result.ok);
  return result.value;
}

const proxies = resolver('10.0.0.0/8', '2001:db8:ffff::/48');
const proxy = '10.0.0.1';

function clientOf(...fields: readonly (readonly [string, string])[]): string {
  return proxies.resolve(proxy, Headers.from(fields));
}

const legacy: readonly (readonly [string, string])[] = [
  ['203.0.113.7', '203.0.113.7'],
  ['  203.0.113.7\t', '203.0.113.7'],
  ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
  ['198.51.100.1,203.0.113.7,10.0.0.2, 10.0.0.3', '203.0.113.7'],
  ['203.0.113.7:52431', '203.0.113.7'],
  ['2001:DB8::7', '2001:db8::7'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['[2001:db8::7]:52431', '2001:db8::7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, ::ffff:10.0.0.9', '203.0.113.7'],
  ['203.0.113.7, 2001:db8:ffff::2', '203.0.113.7'],
  // All are trusted: the first of them is as far as anybody can tell.
  ['10.0.0.5, 10.0.0.6', '10.0.0.5'],
  // Garbage ends the walk at the last trusted hop.
  ['', proxy],
  [',', proxy],
  ['203.0.113.7,', proxy],
  ['203.0.113.7, unknown', proxy],
  ['203.0.113.7, garbage, 10.0.0.9', '10.0.0.9'],
  ['203.0.113.7, , 10.0.0.9', '10.0.0.9'],
  ['203.0.113.07', proxy],
  ['203.0.113.7:', proxy],
  ['203.0.113.7:port', proxy],
  ['203.0.113.7:123456', proxy],
  ['[203.0.113.7]', proxy],
  ['[2001:db8::7', proxy],
  ['[2001:db8::7]x', proxy],
  ['2001:db8::7]', proxy],
  ['[]', proxy],
  ['[]:80', proxy],
  ['fe80::1%eth0', proxy],
  ['"203.0.113.7"', proxy],
  ['for=203.0.113.7', proxy],
];

test('X-Forwarded-For is read from the right, over trusted proxies only', () => {
  for (const [value, client] of legacy) assert.equal(clientOf(['X-Forwarded-For', value]), client, value);
});

const forwarded: readonly (readonly [string, string])[] = [
  ['for=203.0.113.7', '203.0.113.7'],
  ['For="203.0.113.7"', '203.0.113.7'],
  ['for="203.0.113.7:52431"', '203.0.113.7'],
  ['for="[2001:db8::7]:52431"', '2001:db8::7'],
  ['for="[2001:db8::7]"', '2001:db8::7'],
  ['proto=https;for=203.0.113.7;by=10.0.0.1', '203.0.113.7'],
  ['proto=https ; for=203.0.113.7 ;', '203.0.113.7'],
  ['for=198.51.100.1, for=203.0.113.7', '203.0.113.7'],
  ['for=203.0.113.7;host="a,b;for=1.2.3.4", for=10.0.0.3', '203.0.113.7'],
  ['for=203.0.113.7;ext="a\\"b,c", for=10.0.0.3', '203.0.113.7'],
  ['for=203.0.113.7, for=_gazonk, for=10.0.0.3', '10.0.0.3'],
  ['for=203.0.113.7, for=unknown', proxy],
  ['for=203.0.113.7, proto=https', proxy],
  ['for=203.0.113.7;for=198.51.100.1', proxy],
  ['for=203.0.113.7;nonsense', proxy],
  ['for=', proxy],
  ['for="', proxy],
  ['for=""', proxy],
  ['for="203.0.113.7', proxy],
  ['for=203.0.113.7"', proxy],
  ['=203.0.113.7', proxy],
  ['203.0.113.7', proxy],
  ['', proxy],
];

test('Forwarded is read by RFC 7239, from the right', () => {
  for (const [value, client] of forwarded) assert.equal(clientOf(['Forwarded', value]), client, value);
});

test('a client cannot swallow what the proxy adds behind its own text', () => {
  const openings = [
    'for="',
    'for="x',
    '"',
    'for=1.2.3.4;x="',
    'for="\\',
    '\\"',
    'for="a", "',
    'for=1.2.3.4',
    ';;;',
    '"";"',
  ];
  for (const opening of openings) {
    assert.equal(clientOf(['Forwarded', `${opening}, for=203.0.113.7;proto=https`]), '203.0.113.7', opening);
    assert.equal(clientOf(['Forwarded', `${opening}, for="[2001:db8::7]:1";by="10.0.0.1"`]), '2001:db8::7', opening);
  }
});

test('several fields are one list in their order', () => {
  assert.equal(clientOf(['X-Forwarded-For', '198.51.100.1'], ['x-forwarded-for', '203.0.113.7']), '203.0.113.7');
  assert.equal(clientOf(['Forwarded', 'for=203.0.113.7'], ['Host', 'x'], ['Forwarded', 'for=10.0.0.2']), '203.0.113.7');
});

test('both headers: they must say the same, or nobody beyond the peer is believed', () => {
  const real = '203.0.113.7';
  assert.equal(clientOf(['Forwarded', `for=${real}`], ['X-Forwarded-For', `1.1.1.1, ${real}`]), real);
  // The proxy writes X-Forwarded-For and passes on a Forwarded that the client made up; and the other way round.
  assert.equal(clientOf(['Forwarded', 'for=198.51.100.1'], ['X-Forwarded-For', real]), proxy);
  assert.equal(clientOf(['X-Forwarded-For', '198.51.100.1'], ['Forwarded', `for=${real}`]), proxy);
});

test('a peer that is not trusted speaks for itself only', () => {
  const headers = Headers.from([
    ['X-Forwarded-For', '10.0.0.1'],
    ['Forwarded', 'for=10.0.0.1'],
  ]);
  assert.equal(proxies.resolve('203.0.113.7', headers), '203.0.113.7');
  assert.equal(resolver().resolve('10.0.0.1', headers), '10.0.0.1');
  assert.deepEqual(
    [proxies.isTrusted('10.9.9.9'), proxies.isTrusted('11.0.0.1'), proxies.isTrusted('')],
    [true, false, false],
  );
  assert.equal(resolver().isTrusted('10.9.9.9'), false);
});

test('at most 32 hops are walked', () => {
  const chain = Array.from({ length: 100 }, (_, index) => `10.0.1.${index}`);
  assert.equal(clientOf(['X-Forwarded-For', ['203.0.113.7', ...chain].join(',')]), '10.0.1.68');
  assert.equal(clientOf(['X-Forwarded-For', ['203.0.113.7', ...chain.slice(0, 31)].join(',')]), '203.0.113.7');
});

test('whatever a client sends, the address that the proxy adds is the one that counts', () => {
  const piece = fc.constantFrom('for=', '"', '\\', ',', ';', '=', '[', ']', ':', '10.0.0.9', '1.2.3.4', 'by', ' ');
  const hostile = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      assert.equal(clientOf(['Forwarded', `${text}, for=203.0.113.7`]), '203.0.113.7');
      assert.equal(clientOf(['X-Forwarded-For', `${text}, 203.0.113.7`]), '203.0.113.7');
      const alone = clientOf(['Forwarded', text]);
      assert.ok(alone === proxy || text.includes(alone) || alone.includes(':'), alone);
    }),
    { numRuns: 1000 },
  );
});

test('a trusted network that is none is a problem, and one that is everybody a warning', () => {
  const result = buildClientResolver(['10.0.0.1/8', '::1', 'proxy.example']);
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map(({ path, code, instead }) => [path, code, instead]),
    [
      [[0], 'http/bad-trusted-proxy', 'write 10.0.0.0/8 for the network or 10.0.0.1 for the one address'],
      [[2], 'http/bad-trusted-proxy', 'write an address such as 192.0.2.7 or 2001:db8::7'],
    ],
  );
  const warned = buildClientResolver(['0.0.0.0/0']);
  assert.ok(warned.ok);
  assert.deepEqual(
    warned.warnings.map(({ says }) => says),
    ['0.0.0.0/0 trusts every address, so that any client can claim to be any other'],
  );
});
