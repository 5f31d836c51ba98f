// docs/metrics.md: every family of metrics, from the code that makes them.

import type { MetricFamily } from '../src/observe/observe.ts';
import { metricFamilies } from '../src/supervisor/metrics.ts';

/** Sources in which everything is there once, so that every family has its labels. */
const sample = {
  totals: {
    traffic: {
      exchanges: 1,
      decided: { 'waf block': 1 },
      sites: { '*': { requests: 1, statuses: [0, 0, 1, 0, 0, 0] } },
      rules: { '1000001': 1 },
      bytesIn: 1,
      bytesOut: 1,
      times: { waf: { counts: [0, 1], sum: 1 } },
      exemplars: [],
    },
    rules: { hits: { 1: 0 }, cpuMs: { 1: 1 } },
    accepted: 1,
    cpuUs: 1,
  },
  status: {
    version: '0',
    since: '2026-01-01T00:00:00Z',
    requests: { refusedByWhy: { 'waf/sql-injection': 1 } },
    listeners: [{ name: ':443', accepted: 1, open: 1 }],
    connections: { max: 1, clients: 1 },
    upstreams: [
      {
        endpoint: 'a',
        site: '*',
        idle: 0,
        busy: 0,
        opened: 0,
        failures: 0,
        health: 'up',
        ephemeral: { used: 0, available: 1, forecast: { secondsLeft: 1 } },
      },
    ],
    certificates: [{ name: 'a', notAfter: 1 }],
    journal: { written: 0, dropped: 0 },
    history: { journeys: 0, bytes: 0, maxBytes: 0, lost: 0, notKept: 0 },
  },
  bans: { total: 0, blocklists: [{ name: 'a', entries: 0, isStale: false }] },
  reloads: { succeeded: 0, failed: 0, lastAt: 0, lastOk: true },
} as const;

/** Every family that a gate may have. */
export function allFamilies(): MetricFamily[] {
  return metricFamilies(sample);
}

/** docs/metrics.md. */
export function metricsPage(): string {
  const rows = allFamilies().map((family) => {
    const [first] = family.type === 'histogram' ? family.histograms : family.samples;
    const labels = Object.keys(first?.labels ?? {}).map((label) => `\`${label}\``);
    const name = family.type === 'counter' ? `${family.name}_total` : family.name;
    return `| \`${name}\` | ${family.type} | ${labels.join(', ')} | ${family.help} |`;
  });
  return `# Metrics

<!-- Written by \`node test/generated-pages.ts\` from src/supervisor/metrics.ts. -->

The admin station serves them at \`/metrics\` ([dashboard](dashboard.md)), in Prometheus' own format or in OpenMetrics, as the scraper's \`Accept\` prefers. Without a scraper:

\`\`\`sh
portcullis metrics
portcullis metrics --openmetrics
\`\`\`

Counters are sums over all workers since the start, those of workers that died included, at most a second old; they do not fall when a configuration is loaded anew. Every label has a bound: sites, listeners, upstreams and
lists are those of the configuration, reasons are [a table](reasons.md), and of rules the hundred with the most hits have a series each (the rest is \`other\`). Nothing that a client sends becomes a label.

Bounds of histograms double from 8 µs to 33 s. They come from finer buckets (four to each doubling), from which the dashboard takes its percentiles. In OpenMetrics the buckets of the whole exchange have an exemplar each:
\`journey_id\` is the newest request that took so long, for \`portcullis explain\`.

- [\`docs/grafana-dashboard.json\`](grafana-dashboard.json): a dashboard for Grafana 9 or later (Dashboards, Import), for any number of gates.
- [\`docs/prometheus-rules.yaml\`](prometheus-rules.yaml): alert rules; \`rule_files\` of \`prometheus.yml\` names it.

## Every metric

| Metric | Type | Labels | What it is |
|---|---|---|---|
${rows.join('\n')}
`;
}
