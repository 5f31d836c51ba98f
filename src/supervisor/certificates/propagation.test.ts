import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { zoneServers } from '../../../test/zone-server.ts';
import { awaitSpread } from './propagation.ts';

const name = '_acme-challenge.shop.example.net';
const sought = [{ name, text: 'proof' }];

/** A resolver that knows the zone, and its two name servers; what `look` does happens between two looks. */
async function world(context: TestContext) {
  const { port, servers } = await zoneServers(context, ['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  const [resolver, one, two] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
  resolver.records = {
    'example.net NS': ['ns1.example.net', 'ns2.example.net'],
    'ns1.example.net A': ['127.0.0.2'],
    'ns2.example.net A': ['127.0.0.3'],
  };
  let now = 0;
  const pauses: number[] = [];
  const it = {
    resolver,
    one,
    two,
    pauses,
    look: (_: number): void => {},
    spread: (longestMs = 60_000) =>
      awaitSpread(sought, longestMs, {
        resolvers: [`127.0.0.1:${port}`],
        port,
        monotonicMs: () => now,
        pause: async (ms) => {
          now += ms;
          pauses.push(ms);
          it.look(pauses.length);
        },
      }),
  };
  return it;
}

const has = { [`${name} TXT`]: ['another', 'proof'] };

test('as soon as all name servers have it, the CA may look', async (context) => {
  const it = await world(context);
  it.one.records = has;
  it.look = (look) => {
    if (look === 3) it.two.records = has;
  };
  assert.deepEqual(await it.spread(), { outcome: 'seen', says: '' });
  assert.deepEqual(it.pauses, [500, 1000, 2000]);
  assert.equal(it.one.asked.length, 1, 'who has it is not asked again');
});

test('when time is up, it is said who has it not', async (context) => {
  const it = await world(context);
  it.one.records = has;
  it.two.records = { [`${name} TXT`]: ['of yesterday'] };
  assert.deepEqual(await it.spread(20_000), {
    outcome: 'missing',
    says: `ns2.example.net (127.0.0.3) had not ${name} after 20 s`,
  });
  assert.ok(it.pauses.every((ms) => ms <= 5000) && it.pauses.length < 10);
});

test('a record that an alias leads to is looked for where it leads', async (context) => {
  const it = await world(context);
  const target = 'x1.elsewhere.example.org';
  it.resolver.records = {
    [`${name} CNAME`]: [target],
    'example.org NS': ['ns1.example.net'],
    'ns1.example.net A': ['127.0.0.2'],
  };
  it.one.records = { [`${target} TXT`]: ['proof'] };
  assert.deepEqual(await it.spread(), { outcome: 'seen', says: '' });
});

test('aliases that go round end, and servers that nobody knows are no reason to wait', async (context) => {
  const it = await world(context);
  it.resolver.records = { [`${name} CNAME`]: [name] };
  assert.deepEqual(await it.spread(), { outcome: 'unknown', says: `the name servers of ${name} cannot be found` });
  it.resolver.records = { 'example.net NS': ['ns1.example.net'] };
  assert.deepEqual(await it.spread(), {
    outcome: 'unknown',
    says: 'the name servers of example.net have no addresses',
  });
  assert.deepEqual(it.pauses, []);
});

test('a server that never answers is named, and not waited for', async (context) => {
  const it = await world(context);
  it.one.records = has;
  it.two.records = null;
  assert.deepEqual(await it.spread(), { outcome: 'seen', says: 'ns2.example.net (127.0.0.3) did not answer' });
});
