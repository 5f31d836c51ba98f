import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isUnder } from '../base/path-prefix.ts';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { KeyHash } from './hash.ts';
import { foldPath, KeyReader, type KeySource, kinds, networkName, parseKeySource } from './keys.ts';

const places: Readonly<Record<string, string>> = { '203.0.113.7': 'DE', '2001:db8::1': 'FR' };
const geography = {
  country: (address: string) => places[address] ?? '',
  network: (address: string) => (address === '203.0.113.7' ? 'AS64496' : ''),
};
const reader = new KeyReader(new KeyHash(99), geography);

function request(pairs: [string, string][] = [], client = '203.0.113.7'): Exchange {
  const connection = new Connection(1, client, 52431, '192.0.2.1', 443, ':443 tls', true, 0);
  const exchange = new Exchange(
    'id',
    connection,
    1,
    0,
    'GET',
    '/',
    '/',
    '',
    '1.1',
    'a.example',
    Headers.from(pairs),
    0,
  );
  exchange.client = client;
  return exchange;
}

function keyOf(by: string, exchange: Exchange, path = '/'): string {
  const kind = reader.read(parseKeySource(by)!, exchange, path);
  return `${kind} ${reader.hash.high} ${reader.hash.low}`;
}

test('what a limit may count by', () => {
  assert.deepEqual(parseKeySource('client'), { kind: kinds.client, name: '', parts: [] });
  assert.deepEqual(parseKeySource('path'), { kind: kinds.path, name: '', parts: [] });
  assert.deepEqual(parseKeySource('header:X-Api-Key'), { kind: kinds.header, name: 'x-api-key', parts: [] });
  assert.deepEqual(parseKeySource('cookie:Session'), { kind: kinds.cookie, name: 'Session', parts: [] });
  for (const wrong of [
    '',
    'clients',
    'header',
    'header:',
    'cookie: ',
    'header:a b',
    'header:a{b',
    'body:x',
    ':x',
    'cookie:a=b',
    'client and',
    'client and client',
    'jwt:',
  ])
    assert.equal(parseKeySource(wrong), null, wrong);
});

test('one IPv6 /64 is one client, its neighbour another', () => {
  const key = (client: string) => keyOf('client', request([], client));
  assert.equal(key('2001:db8::1'), key('2001:db8::ffff:1:2:3'));
  assert.notEqual(key('2001:db8::1'), key('2001:db8:0:1::1'));
  assert.notEqual(key('203.0.113.7'), key('203.0.113.8'));
});

test('a header counts by its value, and by the client where it says nothing sure', () => {
  const key = (pairs: [string, string][]) => keyOf('header:x-api-key', request(pairs));
  const client = keyOf('client', request());
  assert.equal(key([['X-API-Key', 'alice']]), key([['x-api-key', 'alice']]));
  assert.notEqual(key([['x-api-key', 'alice']]), key([['x-api-key', 'bob']]));
  assert.equal(key([]), client);
  assert.equal(key([['x-api-key', '']]), client);
  assert.equal(
    key([
      ['x-api-key', 'alice'],
      ['x-api-key', 'bob'],
    ]),
    client,
  );
});

test("another client's address in a header is not that client", () => {
  assert.notEqual(keyOf('header:x-api-key', request([['x-api-key', '203.0.113.7']])), keyOf('client', request()));
});

test('a cookie counts by its value, wherever it stands', () => {
  const key = (...cookies: string[]) => keyOf('cookie:sid', request(cookies.map((value) => ['Cookie', value])));
  const client = keyOf('client', request());
  const alice = key('sid=alice');
  assert.equal(key('theme=dark; sid=alice; x=y'), alice);
  assert.equal(key('theme=dark', 'sid=alice'), alice);
  assert.notEqual(key('sid=bob'), alice);
  for (const nothing of [
    '',
    'sid',
    'sid=',
    'SID=alice',
    'xsid=alice',
    'sidx=alice',
    'a=sid=alice',
    ';;;',
    'sid=a; sid=b',
  ])
    assert.equal(key(nothing), client, nothing);
  assert.equal(key('sid=alice', 'sid=alice'), client);
});

test('paths are counted without case and last slash', () => {
  const rows = { '/Login': '/login', '/login/': '/login', '/': '/', '*': '*', '/a.b/C': '/a.b/c', '': '' };
  for (const [path, folded] of Object.entries(rows)) assert.equal(foldPath(path), folded, path);
});

test('a prefix holds on segment borders', () => {
  const rows: [string, string, boolean][] = [
    ['/login', '/login', true],
    ['/login/2fa', '/login', true],
    ['/login;v=1', '/login', true],
    ['/logins', '/login', false],
    ['/log', '/login', false],
    ['/anything', '/', true],
  ];
  for (const [path, prefix, under] of rows) assert.equal(isUnder(path, prefix), under, `${path} under ${prefix}`);
});

test('no header value and no path throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (value, path) => {
      const exchange = request(
        [
          ['cookie', value],
          ['x-key', value],
        ],
        value,
      );
      for (const by of ['client', 'header:x-key', 'cookie:sid', 'path']) keyOf(by, exchange, foldPath(`/${path}`));
    }),
  );
});

test('several keys together are one key, and each of them matters', () => {
  const at = (client: string, path: string) => keyOf('client and path', request([], client), path);
  assert.equal(at('203.0.113.7', '/a'), at('203.0.113.7', '/a'));
  assert.notEqual(at('203.0.113.7', '/a'), at('203.0.113.7', '/b'));
  assert.notEqual(at('203.0.113.7', '/a'), at('203.0.113.8', '/a'));
  assert.notEqual(keyOf('path and client', request(), '/a'), at('203.0.113.7', '/a'));
});

test('countries and networks come from a database; whom it does not know is counted as a client', () => {
  assert.equal(keyOf('country', request()), keyOf('country', request([], '203.0.113.7')));
  assert.notEqual(keyOf('country', request()), keyOf('country', request([], '2001:db8::1')));
  assert.equal(keyOf('asn', request([], '198.51.100.1')), keyOf('client', request([], '198.51.100.1')));
});

test('the /56 and the /48 are keys of IPv6 clients alone', () => {
  const wide = { kind: kinds.wide, name: '', parts: [] };
  const wider = { kind: kinds.wider, name: '', parts: [] };
  const of = (source: KeySource, client: string) =>
    `${reader.read(source, request([], client), '/')} ${reader.hash.high} ${reader.hash.low}`;
  assert.equal(reader.read(wide, request(), '/'), kinds.none);
  assert.equal(of(wide, '2001:db8:1:100::1'), of(wide, '2001:db8:1:1ff::2'));
  assert.notEqual(of(wide, '2001:db8:1:100::1'), of(wide, '2001:db8:1:200::1'));
  assert.equal(of(wider, '2001:db8:1:100::1'), of(wider, '2001:db8:1:ffff::1'));
  assert.notEqual(of(wider, '2001:db8:1:100::1'), of(wider, '2001:db8:2:100::1'));
  assert.equal(networkName('2001:db8:1:1ff::2', kinds.wide), '2001:db8:1:100::/56');
  assert.equal(networkName('2001:db8:1:1ff::2', kinds.wider), '2001:db8:1::/48');
});
