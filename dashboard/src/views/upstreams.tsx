// Upstreams: whether they are well, their pools, and how much of each 4-tuple space is taken.

import { count, duration } from '../format.ts';
import { useLive } from '../live.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Empty, Panel, Waiting } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import type { Upstream } from '../shapes.ts';

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
        <Scroll name="Upstreams, table">
          <table class="broad">
            <thead>
              <tr>
                <th>Endpoint</th>
                <th>Site</th>
                <th>Health</th>
                <th class="num">Busy</th>
                <th class="num">Idle</th>
                <th class="num">Failures</th>
                <th class="num">Weight</th>
              </tr>
            </thead>
            <tbody>
              {status.upstreams.map((upstream, index) => (
                <tr key={index}>
                  <td class="mono">
                    <Text text={upstream.endpoint} max={60} />
                  </td>
                  <td>
                    <Text text={upstream.site} max={40} />
                  </td>
                  <td>
                    <Health upstream={upstream} />
                  </td>
                  <td class="num">{count(upstream.busy)}</td>
                  <td class="num">{count(upstream.idle)}</td>
                  <td class="num">{count(upstream.failures)}</td>
                  <td class="num">{upstream.weight ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
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
                <span class="quiet">
                  {ephemeral.forecast?.secondsLeft == null
                    ? 'no end in sight'
                    : `full in ${duration(ephemeral.forecast.secondsLeft * 1000)}`}
                </span>
              </li>
            ))}
        </ul>
      </Panel>
    </>
  );
}

function Health({ upstream: { health, says } }: { readonly upstream: Upstream }) {
  const kind = health === 'down' ? 'block' : health === 'up' ? 'pass' : 'off';
  return (
    <>
      <span class={`verdict verdict-${kind}`}>
        <Text text={health} max={16} />
      </span>{' '}
      <span class="quiet">
        <Text text={says} max={160} none="" />
      </span>
    </>
  );
}
