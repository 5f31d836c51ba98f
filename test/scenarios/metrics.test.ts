// Metrics of a gate under traffic: what was done is what they say, in both formats, and what is shipped for Prometheus and Grafana names nothing else.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Exposition } from '../../src/observe/observe.ts';
import { type ReadFamily, readExposition } from '../exposition-reader.ts';
import { allFamilies } from '../metrics-page.ts';
import { root } from '../source.ts';
import { answering, closedPort, eventually, ok, type Standing, stand } from './world.ts';

const open = 'application/openmetrics-text; version=1.0.0';

async function scraped(world: Standing, accept = ''): Promise<Map<string, ReadFamily>> {
  const { text } = (await world.ask({ ask: 'metrics', accept })) as Exposition;
  return readExposition(text, accept === open);
}

function valueOf(families: Map<string, ReadFamily>, name: string, labels: Record<string, string> = {}): number {
  const samples = families.get(name)?.samples ?? [];
  const found = samples.find((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels.get(label) === value),
  );
  return found?.value ?? 0;
}

test('counters are what was done, in both formats', async (t) => {
  const upstream = await answering(t, () => ok('four'));
  const world = await stand(t, upstream.port, { firewall: { rules: ['allow tcp all from any'], default: 'deny' } });
  for (let number = 0; number < 3; number++) await world.get('/');
  await world.get('/users?id=1;DROP%20TABLE%20users;--');
  await world.get('/');
  let families = new Map<string, ReadFamily>();
  await eventually(async () => {
    families = await scraped(world);
    return valueOf(families, 'portcullis_exchanges_total', { status: '2xx' }) === 4;
  }, 'four answers');
  assert.equal(valueOf(families, 'portcullis_exchanges_total', { site: '*', status: '4xx' }), 1);
  assert.equal(valueOf(families, 'portcullis_decisions_total', { layer: 'waf', outcome: 'block' }), 1);
  assert.equal(valueOf(families, 'portcullis_decisions_total', { layer: 'app', outcome: 'pass' }), 4);
  assert.equal(valueOf(families, 'portcullis_reasons_total', { why: 'waf/sql-injection' }), 1);
  assert.equal(valueOf(families, 'portcullis_connections_accepted_total'), 5);
  assert.equal(valueOf(families, 'portcullis_firewall_rule_hits_total', { rule: '1' }), 5);
  assert.equal(valueOf(families, 'portcullis_upstream_up', { site: '*' }), 1);
  assert.equal(valueOf(families, 'portcullis_response_bytes_total') > 16, true);
  const inOpen = await scraped(world, open);
  const counts = inOpen.get('portcullis_layer_duration_seconds')!.samples.filter(({ name }) => name.endsWith('_count'));
  const byLayer = new Map(counts.map(({ labels, value }) => [labels.get('layer'), value]));
  assert.deepEqual(
    [byLayer.get('exchange'), byLayer.get('firewall'), byLayer.get('waf'), byLayer.get('upstream')],
    [5, 5, 5, 4],
  );
  assert.equal(inOpen.get('portcullis_exchanges')!.type, 'counter');
  const opened = (await world.ask({ ask: 'metrics', accept: open })) as Exposition;
  const [, id] =
    /^portcullis_layer_duration_seconds_bucket\{layer="exchange",le="[^"]+"\} [1-5] # \{journey_id="([^"]+)"\} 0\.\d+ \d+/m.exec(
      opened.text,
    )!;
  const { journey } = (await world.ask({ ask: 'explain', id })) as { journey: { id: string } };
  assert.equal(journey.id, id);
  if (promtool === null) return;
  const { text } = (await world.ask({ ask: 'metrics' })) as Exposition;
  const { stdout, stderr, status } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test('a reload that fails is seen, and what it says stays until one succeeds', async (t) => {
  const world = await stand(t, await closedPort());
  await assert.rejects(world.gate.reload(Promise.reject(new Error('nothing can be read'))), /nothing can be read/);
  const families = await scraped(world);
  assert.equal(valueOf(families, 'portcullis_config_last_reload_successful'), 0);
  assert.equal(valueOf(families, 'portcullis_config_reloads_total', { result: 'failure' }), 1);
  assert.equal(valueOf(families, 'portcullis_config_generation'), 1);
});

const known = new Set(
  allFamilies().flatMap(({ name, type }) =>
    type === 'counter'
      ? [`${name}_total`]
      : type === 'histogram'
        ? [`${name}_bucket`, `${name}_sum`, `${name}_count`]
        : [name],
  ),
);

test('names are as Prometheus asks for: units at the end, base units, no counter without _total', () => {
  for (const { name, type, unit, help } of allFamilies()) {
    assert.match(name, /^portcullis_[a-z]+(?:_[a-z]+)*$/);
    assert.ok(!name.endsWith('_total') && help.endsWith('.'), name);
    assert.equal(unit ?? '', /_(seconds|bytes)$/.exec(name)?.[1] ?? '', name);
    if (type !== 'histogram') assert.ok(!/_(count|sum|bucket)$/.test(name), name);
  }
});

test('the dashboard for Grafana and the alert rules name what there is, and only that', () => {
  const dashboard = readFileSync(join(root, 'docs/grafana-dashboard.json'), 'utf8');
  const rules = readFileSync(join(root, 'docs/prometheus-rules.yaml'), 'utf8');
  for (const text of [dashboard, rules]) {
    const names = text.match(/\bportcullis_\w+/g)!;
    assert.ok(names.length > 15);
    for (const name of names) assert.ok(known.has(name), name);
  }
  const { panels, uid } = JSON.parse(dashboard) as {
    uid: string;
    panels: { id: number; type: string; gridPos: { x: number; w: number }; targets?: unknown[] }[];
  };
  assert.equal(uid, 'portcullis');
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { type, targets, gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24);
    assert.ok(type === 'row' || (targets?.length ?? 0) > 0);
  }
});

const promtool = (() => {
  const { status } = spawnSync('promtool', ['--version']);
  return status === 0 ? 'promtool' : null;
})();

test('Prometheus takes the alert rules', { skip: promtool === null && 'promtool is not installed' }, () => {
  const said = execFileSync(promtool!, ['check', 'rules', join(root, 'docs/prometheus-rules.yaml')], {
    encoding: 'utf8',
  });
  assert.match(said, /SUCCESS: 17 rules found/);
});
