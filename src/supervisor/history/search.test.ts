// Questions about the history, each filter against a list that is filtered by hand.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { batchOf, keptJourney, refusedJourney } from '../../../test/history-sample.ts';
import { ManualClock } from '../../base/clock.ts';
import type { HistoryPage, KeptJourney } from '../../traffic/history.ts';
import { countsOf, groupsOf } from './counting.ts';
import { journeysOf, search } from './search.ts';
import { HistoryStore } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'portcullis-search-'));
const clock = new ManualClock();
const store = new HistoryStore(join(directory, 'history.sqlite'), 2 ** 30, clock);
after(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

/** Everything that is in the store, in the order in which it was written. */
const all: KeptJourney[] = [];
/** When each was written. */
const times: number[] = [];
for (let batch = 0; batch < 60; batch++) {
  const journeys = Array.from({ length: 100 }, (_, index) => {
    const number = batch * 100 + index;
    if (number % 10 === 3) return refusedJourney(number, { site: number % 20 === 3 ? 'b.example' : 'a.example' });
    if (number % 1000 === 5)
      return keptJourney(number, {
        path: `/rare/${number}`,
        status: 502,
        verdict: 'fail',
        layer: 'proxy',
        why: 'proxy/refused',
      });
    if (number === 4321) return keptJourney(number, { client: '2001:db8:1:2::3', path: "/it's\u001b[31m" });
    return keptJourney(number);
  });
  store.write(batchOf(journeys));
  all.push(...journeys);
  times.push(...journeys.map(() => clock.now()));
  clock.advance(1000);
}

const ask = (question: object): HistoryPage =>
  store.read((database) => search(database, { ask: 'history', ...question }));

function ids(question: object): string[] {
  return ask(question).rows.map(({ id }) => id);
}

function expected(isIt: (journey: KeptJourney, at: number) => boolean, count = 50): string[] {
  return all
    .filter((journey, index) => isIt(journey, times[index]!))
    .reverse()
    .slice(0, count)
    .map(({ id }) => id);
}

test('the newest come first', () => {
  assert.deepEqual(
    ids({}),
    expected(() => true),
  );
  const [row] = ask({ id: all[4321]!.id }).rows;
  const { journey, isFirst, found, ...facts } = all[4321]!;
  const { n, ...rest } = row!;
  assert.deepEqual(rest, facts);
  assert.ok(n > 0 && journey !== '' && !isFirst && found.length === 0);
});

test('each filter alone, rare or common, and several at once', () => {
  const first = times[0]!;
  const rows: [object, (journey: KeptJourney, at: number) => boolean][] = [
    [{ client: '10.0.3.7' }, ({ client }) => client === '10.0.3.7'],
    [{ client: '10.0.3.0/24' }, ({ client }) => client.startsWith('10.0.3.')],
    [{ client: '10.0.0.0/8' }, ({ client }) => client.startsWith('10.')],
    [{ client: '2001:db8:1::/48' }, ({ client }) => client === '2001:db8:1:2::3'],
    [{ path: '/items/5' }, ({ path }) => path === '/items/5'],
    [{ path: '/items/*' }, ({ path }) => path.startsWith('/items/')],
    [{ path: '/rare/*' }, ({ path }) => path.startsWith('/rare/')],
    [{ path: '*' }, () => true],
    [{ path: "/it's\u001b[31m" }, ({ path }) => path.startsWith("/it's")],
    [{ rule: 'sql-injection' }, ({ rule }) => rule === '1000001'],
    [{ rule: '1000001', client: '10.0.3.0/24' }, ({ rule, client }) => rule !== '' && client.startsWith('10.0.3.')],
    [{ why: 'waf/' }, ({ why }) => why.startsWith('waf/')],
    [{ why: 'proxy/refused' }, ({ why }) => why === 'proxy/refused'],
    [{ verdict: 'pass' }, ({ verdict }) => verdict === 'pass'],
    [{ verdict: ['block', 'fail'] }, ({ verdict }) => verdict !== 'pass'],
    [{ verdict: 'detect' }, () => false],
    [{ layer: 'proxy' }, ({ layer }) => layer === 'proxy'],
    [{ site: 'b.example' }, ({ site }) => site === 'b.example'],
    [{ status: 403 }, ({ status }) => status === 403],
    [{ status: '5xx' }, ({ status }) => status === 502],
    [{ from: first + 5000, until: first + 7000 }, (_, at) => at >= first + 5000 && at < first + 7000],
    [{ verdict: 'block', until: first + 3000 }, ({ verdict }, at) => verdict === 'block' && at < first + 3000],
    [
      { path: '/items/*', verdict: 'pass', client: '10.0.0.0/8' },
      ({ path, verdict }) => path.startsWith('/items') && verdict === 'pass',
    ],
    [{ rule: 'nothing' }, () => false],
  ];
  for (const [question, isIt] of rows) {
    const wanted = expected((journey, at) => isIt(journey, at));
    assert.deepEqual(ids(question), wanted, JSON.stringify(question));
  }
});

test('pages lead through everything, each once', () => {
  const found: string[] = [];
  for (let before: number | undefined; ; ) {
    const { rows, next } = ask({ verdict: 'pass', limit: 499, ...(before === undefined ? {} : { before }) });
    found.push(...rows.map(({ id }) => id));
    if (next === null) break;
    before = next;
  }
  assert.deepEqual(
    found,
    expected(({ verdict }) => verdict === 'pass', all.length),
  );
});

test('whoever follows gets what is new, the oldest first', () => {
  const { newest } = ask({ limit: 1 });
  assert.deepEqual(ids({ after: newest }), []);
  const fresh = [keptJourney(9001), refusedJourney(9002), keptJourney(9003)];
  store.write(batchOf(fresh));
  all.push(...fresh);
  times.push(...fresh.map(() => clock.now()));
  assert.deepEqual(ids({ after: newest, limit: 2 }), [fresh[0]!.id, fresh[1]!.id]);
  const { next } = ask({ after: newest, limit: 2 });
  assert.deepEqual(ids({ after: next }), [fresh[2]!.id]);
  assert.deepEqual(ids({ after: newest, verdict: 'block' }), [fresh[1]!.id]);
});

test('whole journeys by id and by where they came from', () => {
  const journeys = (question: object) =>
    store.read((database) => journeysOf(database, { ask: 'journeys', ...question }, 100));
  assert.deepEqual(journeys({ id: all[77]!.id }), [all[77]!.journey]);
  assert.deepEqual(journeys({ id: 'nobody' }), []);
  assert.deepEqual(journeys({ from: all[77]!.from }), [all[77]!.journey]);
  assert.deepEqual(
    journeys({ from: '10.0.3.7' }),
    all
      .filter(({ client }) => client === '10.0.3.7')
      .reverse()
      .map(({ journey }) => journey),
  );
  assert.deepEqual(journeys({}), []);
});

test('what cannot be understood is told', () => {
  for (const [question, says] of [
    [{ client: '10.0.0.1/8' }, /has bits set behind its prefix; instead: write 10\.0\.0\.0\/8/],
    [{ client: 'somebody' }, /instead:/],
    [{ verdict: 'good' }, /verdict is one of pass, detect, block, fail/],
    [{ layer: 'nine' }, /layer is one of ports, firewall/],
    [{ status: 'teapot' }, /status is a number such as 404, or a class such as 4xx/],
    [{ limit: 501 }, /limit is a whole number from 1 to 500/],
    [{ before: -1 }, /before is a number from 0 up/],
    [{ path: 7 }, /path is a text of at most 1024 characters/],
    [{ path: 'x'.repeat(1025) }, /path is a text of at most/],
  ] as const)
    assert.throws(() => ask(question), says);
});

test('counts by layer, and identical attacks as one line', () => {
  const tally = { layer: 'waf', verdict: 'block', why: 'waf/sql-injection', site: 'a.example' } as const;
  const group = { ...tally, rule: '1000001', prefix: '10.0.3.0/24', firstAt: 5, lastAt: 6, sample: 'one' };
  const groups = [
    { ...group, count: 10_000 },
    { ...group, prefix: '10.0.4.0/24', count: 5, lastAt: 9 },
  ];
  store.write(
    batchOf([], {
      tallies: [
        { ...tally, count: 10_005 },
        { ...tally, layer: 'app', verdict: 'pass', why: '', count: 7 },
      ],
      groups,
    }),
  );
  clock.advance(60_000);
  store.write(
    batchOf([], {
      tallies: [{ ...tally, count: 1 }],
      groups: [{ ...group, count: 1, firstAt: 70, lastAt: 70, sample: '' }],
    }),
  );
  const counts = (question: object) => store.read((database) => countsOf(database, { ask: '', ...question }));
  assert.deepEqual(
    counts({}).map(({ at, layer, count }) => [at, layer, count]),
    [
      [0, 'waf', 10_006],
      [0, 'app', 7],
    ],
  );
  assert.deepEqual(
    counts({ step: 'minute' }).map(({ count }) => count),
    [1, 10_005, 7],
  );
  assert.deepEqual(
    counts({ from: clock.now() }).map(({ count }) => count),
    [1],
  );
  const grouped = (question: object) => store.read((database) => groupsOf(database, { ask: '', ...question }));
  assert.deepEqual(grouped({ limit: 1 }), { groups: [{ ...group, count: 10_001, lastAt: 70 }], total: 2 });
  const [byRule] = grouped({ by: 'rule' }).groups;
  assert.deepEqual([byRule!.prefix, byRule!.count, byRule!.rule], ['', 10_006, '1000001']);
  const [byClient] = grouped({ by: 'client', order: 'last' }).groups;
  assert.deepEqual([byClient!.prefix, byClient!.count, byClient!.rule], ['10.0.3.0/24', 10_001, '1000001']);
  assert.deepEqual(grouped({ verdict: 'detect' }), { groups: [], total: 0 });
});
