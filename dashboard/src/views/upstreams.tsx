// Upstreams: whether they are well, their pools, and how much of each 4-tuple space is taken.

import { count } from '../format.ts';
import { useLive } from '../live.ts';
import { Empty, Panel, Waiting } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';
import type { Upstream } from '../shapes.ts';
import { forecastText } from './forecast.ts';

/** The view. */
export function Upstreams() {
  const { status } = useLive();
  if (status === null) return <Waiting what="the upstreams" />;
  if (status.upstreams.length === 0)
    return (
      <Empty title="No upstream">
        <p>
          A site names where its requests go: <code>sites: [{'{ host: shop.example, to: localhost:3000 }'}]</code>.
        </p>
      </Empty>
    );
  return (
    <>
      <Panel title="Endpoints" side={<span class="hint">{count(status.queued)} requests wait for room</span>}>
        <Table name="Upstreams" columns={columns} rows={status.upstreams} isBroad />
      </Panel>
      <Panel title="Source ports">
        <p class="hint">
          Each connection to an endpoint takes a port of ours from the ephemeral range. When all are taken, or rest in
          TIME_WAIT, nobody gets through any more.
        </p>
        <ul class="meters">
          {status.upstreams
            .filter(({ ephemeral }) => ephemeral.available > 0)
            .map(({ endpoint, ephemeral }, index) => (
              <li key={index}>
                <span class="mono">
                  <Text text={endpoint} max={60} />
                </span>
                <meter
                  min={0}
                  max={ephemeral.available}
                  high={ephemeral.available * 0.8}
                  value={ephemeral.used}
                  aria-label={`Ports in use, ${index + 1}`}
                />
                <span class="num">
                  {count(ephemeral.used)} of {count(ephemeral.available)}
                </span>
                <span class="quiet">{forecastText(ephemeral)}</span>
              </li>
            ))}
        </ul>
      </Panel>
    </>
  );
}

/** Because "open" is good of a door and bad of a breaker. */
const words: Readonly<Record<string, string>> = { open: 'cut off', 'half-open': 'on trial' };

function Health({ upstream: { health, says } }: { readonly upstream: Upstream }) {
  const word = words[health] ?? health;
  const kind = word === 'down' || word === 'cut off' ? 'block' : word === 'up' ? 'pass' : 'detect';
  return (
    <>
      <span class={`verdict verdict-${kind}`}>
        <Text text={word} max={16} />
      </span>{' '}
      <span class="quiet">
        <Text text={says} max={160} none="" />
      </span>
    </>
  );
}

const columns: readonly TableColumn<Upstream>[] = [
  { name: 'Endpoint', isCode: true, cell: ({ endpoint }) => <Text text={endpoint} max={60} /> },
  { name: 'Site', cell: ({ site }) => <Text text={site} max={40} /> },
  { name: 'Health', cell: (upstream) => <Health upstream={upstream} /> },
  { name: 'Busy', isNumber: true, cell: ({ busy }) => count(busy) },
  { name: 'Idle', isNumber: true, cell: ({ idle }) => count(idle) },
  { name: 'Failures', isNumber: true, cell: ({ failures }) => count(failures) },
  { name: 'Weight', isNumber: true, cell: ({ weight }) => weight ?? '–' },
];
