import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { answer } from '../traffic/verdict.ts';
import { Chooser } from './chooser.ts';
import { layerOf, outcomeOf } from './outcome.ts';

let state = 1;
function random(): number {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
}

function exchange(id: string, more: { refused?: string; client?: string; path?: string; header?: string } = {}) {
  const client = more.client ?? '203.0.113.7';
  const on = new Connection(1, client, 50_000, '192.0.2.1', 443, ':443 tls', true, 1000);
  const path = more.path ?? '/';
  const headers = Headers.from([['x', more.header ?? '']]);
  const one = new Exchange(id, on, 1, 1000, 'GET', path, path, '', '1.1', 'a.example', headers, 0);
  one.client = client;
  one.site = 'a.example';
  one.upstreamTo = '127.0.0.1:3000';
  one.status = more.refused === undefined ? 200 : 403;
  if (more.refused !== undefined) {
    one.refusal = answer(403, 'waf/sql-injection', 'says', { id: more.refused, description: '', at: '' });
    one.refusedBy = 'waf';
  }
  return one;
}

function tell(chooser: Chooser, one: Exchange): void {
  chooser.exchange(one, layerOf(one), outcomeOf(one));
}

test('while it is quiet everything is kept, with what it is found by', () => {
  const chooser = new Chooser(random);
  assert.equal(chooser.take(), null);
  tell(chooser, exchange('a', { path: '/users' }));
  tell(chooser, exchange('b', { refused: '1001' }));
  const batch = chooser.take()!;
  assert.deepEqual(
    batch.journeys.map(({ id, verdict, layer, why, rule, path, found }) => [
      id,
      verdict,
      layer,
      why,
      rule,
      path,
      found,
    ]),
    [
      ['b', 'block', 'waf', 'waf/sql-injection', '1001', '/', ['1001']],
      ['a', 'pass', 'app', '', '', '/users', []],
    ],
  );
  assert.equal(JSON.parse(batch.journeys[0]!.journey).verdict.rule, '1001');
  assert.equal(batch.notKept, 0);
  assert.equal(chooser.take(), null);
});

test('of a flood a bounded number is kept, and the counts are exact', () => {
  const chooser = new Chooser(random);
  let [kept, counted, notKept, passed] = [0, 0, 0, 0];
  for (let batch = 0; batch < 40; batch++) {
    for (let number = 0; number < 1000; number++) tell(chooser, exchange(`bad ${number}`, { refused: '1001' }));
    for (let number = 0; number < 1000; number++) tell(chooser, exchange(`good ${number}`));
    const told = chooser.take()!;
    kept += told.journeys.length;
    notKept += told.notKept;
    counted += told.groups.reduce((sum, { count }) => sum + count, 0);
    passed += told.tallies.find(({ verdict }) => verdict === 'pass')!.count;
    if (batch > 0) assert.ok(told.journeys.length <= 20 + 200, String(told.journeys.length));
  }
  assert.deepEqual([counted, passed, kept + notKept], [40_000, 40_000, 80_000]);
  assert.ok(kept < 1300, String(kept));
});

test('the first of each rule and part of the network is kept however much there is of others', () => {
  const chooser = new Chooser(random);
  const flood = () => {
    for (let number = 0; number < 2000; number++) tell(chooser, exchange('again', { refused: '1001' }));
  };
  for (let batch = 0; batch < 5; batch++) {
    flood();
    chooser.take();
  }
  flood();
  tell(chooser, exchange('rare rule', { refused: '2002' }));
  tell(chooser, exchange('rare place', { refused: '1001', client: '198.51.100.1' }));
  tell(chooser, exchange('near', { refused: '1001', client: '198.51.100.2' }));
  flood();
  const { journeys, groups } = chooser.take()!;
  const firsts = journeys.filter(({ isFirst }) => isFirst).map(({ id }) => id);
  assert.deepEqual(firsts, ['rare rule', 'rare place']);
  assert.deepEqual(
    groups.map(({ rule, prefix, count }) => [rule, prefix, count]),
    [
      ['1001', '203.0.113.0/24', 4000],
      ['2002', '203.0.113.0/24', 1],
      ['1001', '198.51.100.0/24', 2],
    ],
  );
});

test('attacks from everywhere are told in a bounded number of kinds, and none is lost', () => {
  const chooser = new Chooser(random);
  for (let number = 0; number < 10_000; number++)
    tell(chooser, exchange('x', { refused: '1', client: `10.${number >> 8}.${number & 255}.1` }));
  const { groups, journeys } = chooser.take()!;
  assert.equal(groups.length, 4097);
  assert.equal(
    groups.reduce((sum, { count }) => sum + count, 0),
    10_000,
  );
  assert.equal(groups.at(-1)!.prefix, '');
  assert.equal(journeys.filter(({ isFirst }) => isFirst).length, 100);
});

test('the sample of a kind is the newest that was kept of it', () => {
  const chooser = new Chooser(random);
  tell(chooser, exchange('first', { refused: '1001' }));
  assert.equal(chooser.take()!.groups[0]!.sample, 'first');
  tell(chooser, exchange('second', { refused: '1001' }));
  tell(chooser, exchange('third', { refused: '1001' }));
  assert.equal(chooser.take()!.groups[0]!.sample, 'third');
});

test('what was chosen may not be renewed until it has become text', () => {
  const chooser = new Chooser(random);
  const all = Array.from({ length: 3000 }, (_, number) => exchange(String(number)));
  for (const one of all) tell(chooser, one);
  const held = all.filter(({ isHeld }) => isHeld).map(({ id }) => id);
  const { journeys } = chooser.take()!;
  assert.deepEqual(new Set(held), new Set(journeys.map(({ id }) => id)));
  assert.ok(all.every(({ isHeld }) => !isHeld));
});

test('a connection without a request is kept by who ended it', () => {
  const chooser = new Chooser(random);
  const connection = new Connection(0, '203.0.113.7', 50_000, '192.0.2.1', 22, ':22', false, 1000);
  connection.firewallAction = 'DENY';
  connection.firewallRule = 4;
  connection.endedWhy = 'firewall/denied';
  for (let number = 0; number < 3; number++)
    chooser.connection({ connection, id: `c${number}`, station: 'firewall', says: 'denied' }, 'block');
  const { journeys, groups } = chooser.take()!;
  assert.deepEqual(
    journeys.map(({ id, isFirst, layer, rule }) => [id, isFirst, layer, rule]),
    [
      ['c0', true, 'firewall', '4'],
      ['c1', false, 'firewall', '4'],
      ['c2', false, 'firewall', '4'],
    ],
  );
  assert.equal(groups[0]!.count, 3);
});

test('a journey with a header as large as it may be is kept without it', () => {
  const chooser = new Chooser(random);
  const one = exchange('large');
  one.headers = Headers.from(Array.from({ length: 40 }, (_, number) => [`x-${number}`, 'y'.repeat(900)] as const));
  tell(chooser, one);
  const [kept] = chooser.take()!.journeys;
  assert.ok(kept!.journey.length < 3000);
  assert.match(kept!.journey, /left out/);
});
