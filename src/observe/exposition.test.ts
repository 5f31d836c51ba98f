import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constantFrom, dictionary, double, assert as holds, property, string } from 'fast-check';
import { readExposition } from '../../test/exposition-reader.ts';
import { expose, type MetricFamily } from './exposition.ts';

const open = 'application/openmetrics-text';
const families: readonly MetricFamily[] = [
  { name: 'a_requests', help: 'Requests.', type: 'counter', samples: [{ labels: { site: 'x' }, value: 3 }] },
  { name: 'a_cpu_seconds', help: 'Time.', type: 'counter', unit: 'seconds', samples: [{ labels: {}, value: 0.25 }] },
  { name: 'a_open', help: 'Open.', type: 'gauge', samples: [] },
  {
    name: 'a_time_seconds',
    help: 'How long.',
    type: 'histogram',
    unit: 'seconds',
    histograms: [{ labels: { layer: 'waf' }, bounds: [0.001, 1], counts: [2, 5, 6], sum: 7.5 }],
  },
];

test("Prometheus' own format", () => {
  const { type, text } = expose(families);
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(
    text,
    `# HELP a_requests_total Requests.
# TYPE a_requests_total counter
a_requests_total{site="x"} 3
# HELP a_cpu_seconds_total Time.
# TYPE a_cpu_seconds_total counter
a_cpu_seconds_total 0.25
# HELP a_time_seconds How long.
# TYPE a_time_seconds histogram
a_time_seconds_bucket{layer="waf",le="0.001"} 2
a_time_seconds_bucket{layer="waf",le="1"} 5
a_time_seconds_bucket{layer="waf",le="+Inf"} 6
a_time_seconds_sum{layer="waf"} 7.5
a_time_seconds_count{layer="waf"} 6
`,
  );
});

test('OpenMetrics names families without _total, has units, numbers with a point, and an end', () => {
  const { type, text } = expose(families, open);
  assert.equal(type, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.ok(
    text.startsWith('# HELP a_requests Requests.\n# TYPE a_requests counter\na_requests_total{site="x"} 3.0\n'),
  );
  assert.ok(text.includes('# TYPE a_cpu_seconds counter\n# UNIT a_cpu_seconds seconds\na_cpu_seconds_total 0.25\n'));
  assert.ok(text.includes('le="1.0"} 5\n'));
  assert.ok(text.endsWith('# EOF\n'));
});

test('an observation of a bucket stands behind it in OpenMetrics, and nowhere in the other format', () => {
  const one = { labels: { journey_id: 'A' }, value: 0.5, at: 1_800_000_000.25 };
  const spread = { labels: {}, bounds: [0.001, 1], counts: [2, 5, 6], sum: 7.5 };
  const family = (exemplars: readonly (typeof one | null)[]): MetricFamily[] => [
    { name: 'a_seconds', help: 'h', type: 'histogram', unit: 'seconds', histograms: [{ ...spread, exemplars }] },
  ];
  const { text } = expose(family([null, one, { ...one, value: 3 }]), open);
  assert.ok(
    text.includes('_bucket{le="0.001"} 2\na_seconds_bucket{le="1.0"} 5 # {journey_id="A"} 0.5 1800000000.25\n'),
  );
  assert.ok(text.includes('_bucket{le="+Inf"} 6 # {journey_id="A"} 3 1800000000.25\n'));
  readExposition(text, true);
  assert.equal(expose(family([null, one])).text.includes('journey_id'), false);
});

test('who asks gets the format that is preferred', () => {
  // What Prometheus 2.42 and 3 send, and others.
  for (const [accept, wantsOpen] of [
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      true,
    ],
    ['text/plain;version=0.0.4;q=0.6,application/openmetrics-text;q=0.5', false],
    ['APPLICATION/OPENMETRICS-TEXT', true],
    ['application/openmetrics-text;q=0', false],
    ['*/*', false],
    ['text/html', false],
    ['', false],
  ] as const)
    assert.equal(expose(families, accept).text.endsWith('# EOF\n'), wantsOpen, accept);
});

test('whatever stands in a label comes back as it was, and no text breaks the format', () => {
  const text = string({ unit: 'binary', maxLength: 20 });
  holds(
    property(
      dictionary(constantFrom('site', 'rule', 'why'), text),
      text,
      double(),
      constantFrom('', open),
      (labels, help, value, accept) => {
        const made = expose([{ name: 'a', help, type: 'gauge', samples: [{ labels, value }] }], accept).text;
        const read = readExposition(made, accept === open).get('a');
        if (!Number.isFinite(value)) return read === undefined;
        const [sample] = read!.samples;
        assert.equal(sample!.value, value === 0 ? 0 : value);
        assert.deepEqual(
          sample!.labels,
          new Map(Object.entries(labels).map(([name, said]) => [name, said.toWellFormed()])),
        );
        return true;
      },
    ),
  );
});
