// The families of metrics of a gate, from its status and figures. Every label is bounded: by the configuration, by a table, or by a top list.

import { countBelow, type HistogramFigures } from '../base/histogram.ts';
import {
  boundsUs,
  type MetricFamily,
  type MetricHistogram,
  type MetricSample,
  type TrafficFigures,
} from '../observe/observe.ts';
import type { HistoryCounts } from '../traffic/history.ts';
import type { Totals } from './chronicle.ts';

/** What is known of a gate: answers of its table, of which each may be missing. */
export interface MetricSources {
  readonly totals: Totals | null;
  /** The answer to `status`. */
  readonly status: unknown;
  /** The answer to `bans`. */
  readonly bans: unknown;
  readonly reloads: {
    readonly succeeded: number;
    readonly failed: number;
    readonly lastAt: number;
    readonly lastOk: boolean;
  };
}

/** Most rules that have a series each. */
const maxRules = 100;
const statusClasses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

type Part = Readonly<Record<string, unknown>>;

/** All families; those without a sample are left out when they become text. */
export function metricFamilies(sources: MetricSources): MetricFamily[] {
  const status = part(sources.status);
  return [
    gauge('portcullis_build_info', 'The version that runs.', [one(1, { version: word(status.version) })]),
    gauge(
      'portcullis_start_time_seconds',
      'When the gate started, in seconds since 1970.',
      [one(Date.parse(word(status.since)) / 1000)],
      'seconds',
    ),
    ...trafficFamilies(sources.totals),
    counter(
      'portcullis_reasons',
      'Exchanges and connections that were refused or broke off, by reason.',
      numbers(part(part(status.requests).refusedByWhy), 'why'),
    ),
    ...connectionFamilies(status),
    ...upstreamFamilies(status),
    ...processFamilies(status, sources.totals),
    ...ruleFamilies(sources.totals),
    ...stateFamilies(status, sources),
    ...recordFamilies(status),
  ];
}

function trafficFamilies(totals: Totals | null): MetricFamily[] {
  if (totals === null) return [];
  const { traffic } = totals;
  const sites = Object.entries(traffic.sites);
  return [
    counter(
      'portcullis_exchanges',
      'Exchanges that ended, by site and class of their status.',
      sites.flatMap(([site, { statuses }]) =>
        statuses.flatMap((count, index) => (count === 0 ? [] : [one(count, { site, status: statusClasses[index]! })])),
      ),
    ),
    counter(
      'portcullis_decisions',
      'What became of exchanges and of connections without one, by the layer that decided.',
      Object.entries(traffic.decided).map(([key, count]) => {
        const [layer = '', outcome = ''] = key.split(' ');
        return one(count, { layer, outcome });
      }),
    ),
    counter('portcullis_request_bytes', 'Bytes of heads and bodies of requests.', [one(traffic.bytesIn)], 'bytes'),
    counter('portcullis_response_bytes', 'Bytes of bodies of answers.', [one(traffic.bytesOut)], 'bytes'),
    {
      name: 'portcullis_layer_duration_seconds',
      help: 'What each layer took of an exchange or connection; upstream is the wait for the head of its answer, exchange the whole.',
      type: 'histogram',
      unit: 'seconds',
      histograms: Object.entries(traffic.times).map(([layer, times]) =>
        histogram(layer, times, layer === 'exchange' ? traffic.exemplars : []),
      ),
    },
    counter(
      'portcullis_rule_hits',
      `Findings by rule of the WAF, the ${maxRules} most frequent.`,
      top(traffic.rules, 'rule'),
    ),
  ];
}

function connectionFamilies(status: Part): MetricFamily[] {
  const connections = part(status.connections);
  const listeners = parts(status.listeners);
  const by = (field: string) => listeners.map((row) => one(number(row[field]), { listener: word(row.name) }));
  return [
    counter('portcullis_connections_accepted', 'Connections that were accepted, by listener.', by('accepted')),
    gauge('portcullis_connections_open', 'Connections that are open, by listener.', by('open')),
    gauge('portcullis_connections_limit', 'Connections that may be open at once.', [one(number(connections.max))]),
    gauge('portcullis_clients', 'Client addresses with an open connection.', [one(number(connections.clients))]),
  ];
}

function upstreamFamilies(status: Part): MetricFamily[] {
  const rows = parts(status.upstreams);
  const each = (value: (row: Part) => number) =>
    rows.map((row) => one(value(row), { site: word(row.site), endpoint: word(row.endpoint) }));
  const pool = (state: 'idle' | 'busy') =>
    rows.map((row) => one(number(row[state]), { site: word(row.site), endpoint: word(row.endpoint), state }));
  const ports = (field: string) => each((row) => number(part(row.ephemeral)[field]));
  return [
    gauge('portcullis_upstream_connections', 'Connections to upstreams.', [...pool('idle'), ...pool('busy')]),
    gauge(
      'portcullis_upstream_up',
      'Whether an upstream gets requests (1) or is out (0).',
      each((row) => (row.health === 'down' || row.health === 'open' ? 0 : 1)),
    ),
    counter(
      'portcullis_upstream_connections_opened',
      'Connections to upstreams that were opened.',
      each((row) => number(row.opened)),
    ),
    counter(
      'portcullis_upstream_failures',
      'Failures of upstreams.',
      each((row) => number(row.failures)),
    ),
    gauge('portcullis_upstream_ports_used', 'Ephemeral ports that are taken towards an upstream.', ports('used')),
    gauge('portcullis_upstream_ports_limit', 'Ephemeral ports that there are towards an upstream.', ports('available')),
    gauge(
      'portcullis_upstream_ports_exhausted_seconds',
      'When ephemeral ports run out at the present pace, in seconds from now.',
      rows.flatMap((row) => {
        const { secondsLeft } = part(part(row.ephemeral).forecast);
        return typeof secondsLeft === 'number'
          ? [one(secondsLeft, { site: word(row.site), endpoint: word(row.endpoint) })]
          : [];
      }),
      'seconds',
    ),
    gauge('portcullis_queued_requests', 'Requests that wait for an upstream.', [one(number(status.queued))]),
  ];
}

function processFamilies(status: Part, totals: Totals | null): MetricFamily[] {
  const crew = part(status.crew);
  const { open, limit } = part(status.descriptors);
  return [
    gauge('portcullis_workers', 'Workers that accept and answer.', [one(parts(crew.workers).length)]),
    counter('portcullis_worker_deaths', 'Workers that died.', [one(number(crew.deaths))]),
    counter('portcullis_worker_stalls', 'Workers that stalled and were replaced.', [one(number(crew.stalls))]),
    gauge(
      'portcullis_resident_memory_bytes',
      'Memory of all processes.',
      [one(number(part(status.memory).rssBytes))],
      'bytes',
    ),
    counter(
      'portcullis_cpu_seconds',
      'CPU time of the workers.',
      totals === null ? [] : [one(totals.cpuUs / 1e6)],
      'seconds',
    ),
    gauge('portcullis_descriptors_open', 'File descriptors of the worker that has the fewest left.', [
      one(number(open)),
    ]),
    gauge('portcullis_descriptors_limit', 'File descriptors that this worker may have.', [one(number(limit))]),
  ];
}

function ruleFamilies(totals: Totals | null): MetricFamily[] {
  if (totals === null) return [];
  const { hits, cpuMs } = totals.rules;
  const cpu = Object.entries(cpuMs).map(([id, ms]) => [id, ms / 1000] as const);
  return [
    counter(
      'portcullis_firewall_rule_hits',
      'Connections by the number of the firewall rule that decided; 0 is the default.',
      top(hits, 'rule'),
    ),
    counter(
      'portcullis_waf_rule_cpu_seconds',
      `CPU time of rules of files, from a sample, the ${maxRules} dearest.`,
      top(Object.fromEntries(cpu), 'rule', false),
      'seconds',
    ),
  ];
}

function stateFamilies(status: Part, { bans, reloads }: MetricSources): MetricFamily[] {
  const lists = parts(part(bans).blocklists);
  return [
    gauge(
      'portcullis_certificate_not_after_seconds',
      'When a certificate expires, in seconds since 1970.',
      parts(status.certificates).map((row) => one(number(row.notAfter) / 1000, { name: word(row.name) })),
      'seconds',
    ),
    gauge('portcullis_bans', 'Callers that are banned.', [one(number(part(bans).total))]),
    gauge(
      'portcullis_blocklist_entries',
      'Networks on a blocklist.',
      lists.map((row) => one(number(row.entries), { list: word(row.name) })),
    ),
    gauge(
      'portcullis_blocklist_stale',
      'Whether a blocklist could not be refreshed for long.',
      lists.map((row) => one(row.isStale === true ? 1 : 0, { list: word(row.name) })),
    ),
    gauge('portcullis_config_generation', 'Number of the configuration that holds, from 1.', [
      one(number(status.generation)),
    ]),
    counter('portcullis_config_reloads', 'Reloads, by how they ended.', [
      one(reloads.succeeded, { result: 'success' }),
      one(reloads.failed, { result: 'failure' }),
    ]),
    gauge('portcullis_config_last_reload_successful', 'Whether the last attempt to load the configuration succeeded.', [
      one(reloads.lastOk ? 1 : 0),
    ]),
    gauge(
      'portcullis_config_last_reload_seconds',
      'When the configuration that holds was loaded, in seconds since 1970.',
      [one(reloads.lastAt / 1000)],
      'seconds',
    ),
  ];
}

function recordFamilies(status: Part): MetricFamily[] {
  const history = (status.history ?? null) as HistoryCounts | null;
  const logs = Object.entries({
    journal: status.journal,
    audit: status.audit,
    traces: status.traces,
    ...part(status.logs),
  }).filter(([, counts]) => counts !== null && counts !== undefined);
  const of = (field: string) => logs.map(([log, counts]) => one(number(part(counts)[field]), { log }));
  const kept = (value: (counts: HistoryCounts) => number) => (history === null ? [] : [one(value(history))]);
  return [
    counter('portcullis_log_lines', 'Lines that were written, by log.', of('written')),
    counter(
      'portcullis_log_lines_dropped',
      'Lines that were dropped because a log was too slow, by log.',
      of('dropped'),
    ),
    gauge(
      'portcullis_history_journeys',
      'Journeys that the history holds.',
      kept(({ journeys }) => journeys),
    ),
    gauge(
      'portcullis_history_size_bytes',
      'What the history takes on disk.',
      kept(({ bytes }) => bytes),
      'bytes',
    ),
    gauge(
      'portcullis_history_limit_bytes',
      'What the history may take on disk.',
      kept(({ maxBytes }) => maxBytes),
      'bytes',
    ),
    counter(
      'portcullis_history_journeys_lost',
      'Journeys that were to be kept and that the disk did not take.',
      kept(({ lost }) => lost),
    ),
    counter(
      'portcullis_history_journeys_sampled_out',
      'Journeys that are counted and were left to chance.',
      kept(({ notKept }) => notKept),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly MetricSample[], unit?: 'seconds' | 'bytes'): MetricFamily {
  return { name, help, type: 'gauge', samples, ...(unit === undefined ? {} : { unit }) };
}

function counter(
  name: string,
  help: string,
  samples: readonly MetricSample[],
  unit?: 'seconds' | 'bytes',
): MetricFamily {
  return { name, help, type: 'counter', samples, ...(unit === undefined ? {} : { unit }) };
}

function one(value: number, labels: Readonly<Record<string, string>> = {}): MetricSample {
  return { labels, value };
}

function histogram(layer: string, times: HistogramFigures, found: TrafficFigures['exemplars']): MetricHistogram {
  const counts = boundsUs.map((bound) => countBelow(times, bound));
  const all = times.counts.reduce((sum, count) => sum + count, 0);
  const exemplars = found.map((one) =>
    one === null ? null : { labels: { journey_id: one.id }, value: one.us / 1e6, at: one.at / 1000 },
  );
  return {
    labels: { layer },
    bounds: boundsUs.map((us) => us / 1e6),
    counts: [...counts, all],
    sum: times.sum / 1e6,
    exemplars,
  };
}

function numbers(counts: Part, label: string): MetricSample[] {
  return Object.entries(counts).flatMap(([name, count]) =>
    typeof count === 'number' ? [one(count, { [label]: name })] : [],
  );
}

/** The largest, and what the others are together where they can be added up. */
function top(counts: Readonly<Record<string, number>>, label: string, withRest = true): MetricSample[] {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const samples = sorted.slice(0, maxRules).map(([name, count]) => one(count, { [label]: name }));
  const rest = sorted.slice(maxRules);
  if (rest.length > 0 && withRest)
    samples.push(
      one(
        rest.reduce((sum, [, count]) => sum + count, 0),
        { [label]: 'other' },
      ),
    );
  return samples;
}

function part(value: unknown): Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Part) : {};
}

function parts(value: unknown): readonly Part[] {
  return Array.isArray(value) ? value.map(part) : [];
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
