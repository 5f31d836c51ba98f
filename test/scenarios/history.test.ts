// The history of a gate: what happened is found again after a restart, identical attacks are one line, and figures are there to be drawn.

import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Configuration, settingsFrom } from '../../src/config/config.ts';
import { launchProcess, startGate } from '../../src/supervisor/supervisor.ts';
import type { GroupCount, HistoryPage } from '../../src/traffic/history.ts';
import type { Journey } from '../../src/traffic/journey.ts';
import type { Series } from '../../src/traffic/series.ts';
import { answering, eventually, ok, type Standing, stand } from './world.ts';

/** A history, which the gates of other tests do without. */
const kept: Configuration = { history: '32MiB' };
const attack = '/users?id=1;DROP%20TABLE%20users;--';

async function page(world: Standing, filters: object): Promise<HistoryPage> {
  return (await world.ask({ ask: 'history', ...filters })) as HistoryPage;
}

test('requests are found by what they were, with the journey that the journal has of them', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, kept);
  await world.get('/shop/cart?x=1', 'Authorization: Basic c2VjcmV0\r\n');
  const refused = await world.get(attack);
  const id = refused.headers.get('x-request-id')!;
  await eventually(async () => (await page(world, {})).rows.length === 2, 'two journeys');
  const [block] = (await page(world, { verdict: 'block', client: '127.0.0.0/8' })).rows;
  assert.deepEqual(
    [block!.id, block!.layer, block!.why, block!.path, block!.status],
    [id, 'waf', 'waf/sql-injection', '/users', 403],
  );
  assert.deepEqual(
    (await page(world, { path: '/shop/*' })).rows.map(({ verdict }) => verdict),
    ['pass'],
  );
  assert.deepEqual(
    (await page(world, { rule: 'sql-injection' })).rows.map((row) => row.id),
    [id],
  );
  await assert.rejects(page(world, { verdict: 'nonsense' }), /verdict is one of/);
});

test('a restart forgets nothing, and secrets were never written', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, kept);
  const message = await world.get('/secret', 'Cookie: session=hunter2\r\n');
  const id = message.headers.get('x-request-id')!;
  const [line] = await world.stopAndReadJournal();
  const settings = settingsFrom({
    data_directory: world.directory,
    listen: [{ address: '127.0.0.1', port: 0 }],
    firewall: { default: 'allow' },
    sites: [{ host: '*', to: [`127.0.0.1:${upstream.port}`] }],
  });
  const gate = await startGate(settings, { locate: () => '' });
  t.after(() => gate.stop());
  const { journey } = (await world.ask({ ask: 'explain', id })) as { journey: Journey };
  assert.deepEqual(journey, line);
  assert.equal(journey.request!.headers.cookie, '[redacted]');
  const { journeys } = (await world.ask({ ask: 'explain', from: '127.0.0.1' })) as { journeys: Journey[] };
  assert.deepEqual(journeys, [line]);
  const unknown = (await world.ask({ ask: 'explain', id: 'nobody' })) as { journey: Journey | null };
  assert.equal(unknown.journey, null);
});

test('the same attack ten times is one line, counted exactly; and counts by layer are there', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, kept);
  for (let number = 0; number < 10; number++) await world.get(attack);
  await world.get('/');
  type Groups = { groups: GroupCount[] };
  const groups = async () => ((await world.ask({ ask: 'history-groups' })) as Groups).groups;
  await eventually(async () => (await groups())[0]?.count === 10, 'ten of one kind');
  const [group, ...others] = await groups();
  assert.deepEqual([group!.why, group!.prefix, others.length], ['waf/sql-injection', '127.0.0.0/24', 0]);
  const counted = (await world.ask({ ask: 'history-counts' })) as { rows: { layer: string; count: number }[] };
  assert.deepEqual(
    new Map(counted.rows.map(({ layer, count }) => [layer, count])),
    new Map([
      ['waf', 10],
      ['app', 1],
    ]),
  );
});

test('the last minutes are there as columns', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, kept);
  let series: Series = { at: [], columns: {} };
  await eventually(async () => {
    await world.get('/');
    series = (await world.ask({ ask: 'series', seconds: 60 })) as Series;
    return series.columns['pass.app']?.some((rate) => rate !== null && rate > 0) === true;
  }, 'requests a second');
  for (const [name, column] of Object.entries(series.columns)) assert.equal(column.length, series.at.length, name);
  assert.ok(series.columns.exchangeP99Ms!.some((ms) => ms !== null && ms > 0));
  assert.ok(series.columns.rssBytes!.at(-1)! > 0 && series.columns.descriptorsLeft!.at(-1)! > 0);
  await assert.rejects(world.ask({ ask: 'series', seconds: 0 }), /seconds is a whole number from 1 to 900/);
});

test('two workers write one history, exactly, and what one did is there when it is gone', {
  timeout: 60_000,
}, async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { ...kept, workers: 2 }, { launch: launchProcess });
  for (let number = 0; number < 40; number++) await world.get(number % 4 === 0 ? attack : '/');
  const counts = async () => {
    const { rows } = (await world.ask({ ask: 'history-counts' })) as { rows: { layer: string; count: number }[] };
    return Object.fromEntries(rows.map(({ layer, count }) => [layer, count]));
  };
  await eventually(async () => (await counts()).app === 30 && (await counts()).waf === 10, 'all forty');
  const { crew } = (await world.ask({ ask: 'status' })) as { crew: { workers: { pid: number }[] } };
  assert.equal(crew.workers.length, 2);
  // Figures come once a second: what a worker measured after its last look goes with it.
  type Figures = { traffic: { exchanges: number } };
  const measured = async () => ((await world.ask({ ask: 'figures' })) as Figures).traffic.exchanges;
  await eventually(async () => (await measured()) === 40, 'all forty measured');
  const { newest } = await page(world, {});
  process.kill(crew.workers[0]!.pid, 'SIGKILL');
  await eventually(async () => (await world.get('/').catch(() => null))?.status === 200, 'an answer after that');
  await eventually(async () => (await page(world, { after: newest })).rows.length > 0, 'its journey');
  assert.ok((await page(world, { limit: 500 })).rows.length >= 41);
  assert.ok((await measured()) >= 40);
});

test('a file that is no database stops no traffic, and is set aside with a sentence in the status', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, kept);
  await writeFile(join(world.directory, 'history.sqlite'), 'not a database at all '.repeat(100));
  assert.equal((await world.get('/')).status, 200);
  await eventually(async () => (await page(world, {})).rows.length === 1, 'the journey in a new file');
  const { history } = (await world.ask({ ask: 'status' })) as { history: { trouble: string } };
  assert.match(history.trouble, /kept as .+history\.sqlite\.damaged/);
  assert.equal((await world.get('/')).status, 200);
});

test('without a history nothing is written, and that is said', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { history: 'off' });
  await world.get('/');
  await assert.rejects(page(world, {}), /no history is kept: `history: off` stands in the configuration/);
  await world.stopAndReadJournal();
  assert.deepEqual(
    (await readdir(world.directory)).filter((name) => name.startsWith('history')),
    [],
  );
});
