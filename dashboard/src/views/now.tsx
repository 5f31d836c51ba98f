// Now: who knocks, who gets in, what it costs, and what should be looked at.

import { useMemo, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { brief, count, duration, micros, moment, plural, size } from '../format.ts';
import { useLive } from '../live.ts';
import { Chart } from '../parts/chart.tsx';
import { Flow } from '../parts/flow.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Empty, Failed, Panel, Waiting } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import type { Series, Status } from '../shapes.ts';
import type { Managed } from './certificates.tsx';
import { flowOfSeries, flowOfStatus } from './flow-counts.ts';
import { type Beside, warningsOf } from './warnings.ts';

/** Seconds that the charts show. */
const shownSeconds = 300;

/** The view. */
export function Now() {
  const { status, state } = useLive();
  const series = useAsked('series', (signal) => get<Series>('/series', { seconds: shownSeconds }, signal), 2000);
  if (status === null)
    return state === 'lost' ? (
      <Failed says="The gate is not heard. It may have ended; this page goes on trying." />
    ) : (
      <Waiting what="the state of the gate" />
    );
  return (
    <>
      {state === 'lost' && <Failed says="The gate is not heard any more. What you see is the last that was." />}
      <Figures status={status} series={series.value} />
      <Warnings status={status} />
      <Verdicts status={status} series={series.value} />
      <Charts series={series.value} trouble={series.trouble} />
      <div class="columns">
        <Listeners status={status} />
        <Workers status={status} />
      </div>
    </>
  );
}

function newest(series: Series | null, name: string): number | null {
  return series?.columns[name]?.findLast((value) => value !== null) ?? null;
}

function Figures({ status, series }: { readonly status: Status; readonly series: Series | null }) {
  const { connections, requests, memory, descriptors } = status;
  const p50 = newest(series, 'exchangeP50Ms');
  const p99 = newest(series, 'exchangeP99Ms');
  const cpu = newest(series, 'cpuCores');
  const figures: readonly (readonly [string, string, string])[] = [
    [
      'Connections',
      count(connections.open),
      `of ${brief(connections.max)}, from ${plural(connections.clients, 'client')}`,
    ],
    [
      'Requests a second',
      brief(newest(series, 'requests') ?? requests.perSecond),
      `${count(requests.total)} since ${moment(status.since)}`,
    ],
    [
      'Latency',
      p50 === null ? '–' : micros(p50 * 1000),
      p99 === null ? 'no requests lately' : `median; ${micros(p99 * 1000)} is the 99th of 100`,
    ],
    ['CPU', cpu === null ? '–' : `${cpu.toFixed(2)}`, 'cores in use'],
    [
      'Memory',
      size(memory.rssBytes),
      memory.perConnectionBytes === undefined
        ? `${size(memory.availableBytes)} left`
        : `${size(memory.perConnectionBytes)} a connection`,
    ],
    ['Descriptors left', brief(descriptors.left), `of ${brief(descriptors.limit)} in the fullest process`],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="figure">{value}</dd>
          <dd class="figure-more">{more}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Rules {
  readonly enforce: readonly string[];
  readonly findings: readonly { readonly kind: string; readonly says: string }[] | null;
}

/** What is looked at now and then because the state does not tell it. What cannot be told warns of nothing. */
function useBeside(): Beside {
  const rules = useAsked('rules', (signal) => get<Rules>('/firewall/analysis', {}, signal), 60_000);
  const managed = useAsked(
    'certificates',
    (signal) => get<{ rows: readonly Managed[] }>('/certificates', {}, signal),
    30_000,
  );
  const isKernel = rules.value?.enforce.includes('kernel') ?? false;
  const drift = useAsked(
    String(isKernel),
    async (signal) =>
      isKernel ? (await get<{ drift: readonly { says: string }[] }>('/firewall/drift', {}, signal)).drift : [],
    60_000,
  );
  return {
    failing: (managed.value?.rows ?? [])
      .filter(({ state }) => state === 'failing')
      .map(({ names, lastError }) => ({ name: names[0] ?? '', says: lastError })),
    shadowed: (rules.value?.findings ?? []).filter(({ kind }) => kind === 'shadowed').map(({ says }) => says),
    drift: (drift.value ?? []).map(({ says }) => says),
  };
}

function Warnings({ status }: { readonly status: Status }) {
  const warnings = warningsOf(status, Date.now(), useBeside());
  if (warnings.length === 0) return null;
  return (
    <Panel title="Worth a look" class="warnings">
      <ul>
        {warnings.map(({ says, to, link }) => (
          <li key={says}>
            <Text text={says} max={300} /> <a href={to}>{link}</a>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Verdicts({ status, series }: { readonly status: Status; readonly series: Series | null }) {
  const [span, setSpan] = useState<'lately' | 'start'>('lately');
  const lately = useMemo(() => (series === null ? null : flowOfSeries(series)), [series]);
  const flow = span === 'lately' && lately !== null ? lately : flowOfStatus(status);
  const side = (
    <fieldset class="choice">
      <legend class="unseen">Over which time</legend>
      {(['lately', 'start'] as const).map((value) => (
        <label key={value}>
          <input type="radio" name="span" checked={span === value} onChange={() => setSpan(value)} />
          <span>{value === 'lately' ? 'last 5 minutes' : 'since the start'}</span>
        </label>
      ))}
    </fieldset>
  );
  return (
    <Panel title="Who gets how far" side={side}>
      <Flow flow={flow} />
    </Panel>
  );
}

/** Columns of what was refused. */
const refusing = ['firewall', 'connections', 'http', 'rules', 'bots', 'rates', 'model', 'waf'].map(
  (layer) => `block.${layer}`,
);

function Charts({ series, trouble }: { readonly series: Series | null; readonly trouble: string | null }) {
  if (series === null)
    return (
      <Panel title="The last minutes">
        {trouble === null ? (
          <Waiting what="the last minutes" />
        ) : (
          <Empty title="No history of the last minutes">
            <p>
              <Text text={trouble} />
            </p>
          </Empty>
        )}
      </Panel>
    );
  const { at, columns } = series;
  const column = (name: string) => columns[name] ?? at.map(() => null);
  const refused = at.map((_, index) => refusing.reduce((sum, name) => sum + (columns[name]?.[index] ?? 0), 0));
  return (
    <Panel title="The last minutes">
      <div class="charts">
        <Chart
          title="A second"
          steps="whole"
          at={at}
          format={brief}
          lines={[
            { name: 'requests', values: column('requests'), colour: 'accent', fills: true },
            { name: 'refused', values: refused, colour: 'block' },
          ]}
        />
        <Chart
          title="Latency"
          at={at}
          format={(ms) => micros(ms * 1000) || '0'}
          lines={[
            { name: 'median', values: column('exchangeP50Ms'), colour: 'accent' },
            { name: '99th of 100', values: column('exchangeP99Ms'), colour: 'detect' },
          ]}
        />
        <Chart
          title="Open connections"
          steps="whole"
          at={at}
          format={brief}
          lines={[{ name: 'open', values: column('open'), colour: 'accent', fills: true }]}
        />
        <Chart
          title="CPU, cores"
          at={at}
          format={(cores) => cores.toFixed(2)}
          lines={[{ name: 'all processes', values: column('cpuCores'), colour: 'accent', fills: true }]}
        />
        <Chart
          title="Memory"
          steps="bytes"
          at={at}
          format={size}
          lines={[{ name: 'resident', values: column('rssBytes'), colour: 'accent', fills: true }]}
        />
        <Chart
          title="Bytes a second"
          steps="bytes"
          at={at}
          format={size}
          lines={[
            { name: 'in', values: column('bytesIn'), colour: 'detect' },
            { name: 'out', values: column('bytesOut'), colour: 'accent' },
          ]}
        />
      </div>
    </Panel>
  );
}

function Listeners({ status }: { readonly status: Status }) {
  return (
    <Panel title="Listeners">
      <Scroll name="Listeners, table">
        <table>
          <thead>
            <tr>
              <th>Listener</th>
              <th>Address</th>
              <th class="num">Open</th>
              <th class="num">Accepted</th>
            </tr>
          </thead>
          <tbody>
            {status.listeners.map(({ name, address, port, accepted, open }) => (
              <tr key={name}>
                <td>
                  <Text text={name} />
                </td>
                <td class="mono">
                  <Text text={address} />:{port}
                </td>
                <td class="num">{count(open)}</td>
                <td class="num">{count(accepted)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

function Workers({ status: { crew } }: { readonly status: Status }) {
  return (
    <Panel title="Workers">
      <Scroll name="Workers, table">
        <table>
          <thead>
            <tr>
              <th class="num">Worker</th>
              <th class="num">Process</th>
              <th class="num">Connections</th>
              <th class="num">Configuration</th>
              <th class="num">Up</th>
            </tr>
          </thead>
          <tbody>
            {crew.workers.map(({ worker, pid, open, generation, upMs }) => (
              <tr key={worker}>
                <td class="num">{worker}</td>
                <td class="num">{pid}</td>
                <td class="num">{count(open)}</td>
                <td class="num">{generation}</td>
                <td class="num">{duration(upMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
