// Verdicts as a flow: what goes on runs to the right, as wide as it is many; what a layer stopped falls out of it.

import { brief, count } from '../format.ts';
import { linkTo } from '../route.ts';
import type { FlowCounts, Layer } from '../views/flow-counts.ts';

/** Units of the drawing. */
const height = 150;
const band = 92;
const top = 34;
const step = 108;
const gap = 30;

/** The flow, as a drawing for wide screens and as a table for everybody else. */
export function Flow({ flow }: { readonly flow: FlowCounts }) {
  if (flow.connections[0]!.came === 0 && flow.requests[0]!.came === 0)
    return <p class="quiet">Nobody knocked in this time.</p>;
  return (
    <>
      <Drawing flow={flow} />
      <Rows flow={flow} />
    </>
  );
}

function Drawing({ flow: { connections, requests, answered } }: { readonly flow: FlowCounts }) {
  const left = 4;
  const middle = left + connections.length * step + gap;
  const width = middle + requests.length * step + 76;
  const stops = [...connections, ...requests].filter(({ stopped }) => stopped > 0);
  const summary = `How many got how far: ${count(connections[0]!.came)} connections and ${count(requests[0]!.came)} requests came, ${stops.map(({ name, stopped }) => `${name} stopped ${count(stopped)}`).join(', ') || 'none was stopped'}, ${count(answered)} requests were answered`;
  return (
    <svg class="flow" viewBox={`0 0 ${width} ${height + 22}`}>
      <title>{summary}</title>
      <Stretch layers={connections} x={left} unit="connections" />
      <Stretch layers={requests} x={middle} unit="requests" />
      <text class="flow-name" x={width - 70} y={14}>
        Answered
      </text>
      <text class="flow-count" x={width - 70} y={28}>
        {brief(answered)}
      </text>
    </svg>
  );
}

function Stretch({
  layers,
  x,
  unit,
}: {
  readonly layers: readonly Layer[];
  readonly x: number;
  readonly unit: string;
}) {
  const most = Math.max(1, ...layers.map(({ came }) => came));
  const wide = (many: number) => (many === 0 ? 0 : Math.max(1.5, (many / most) * band));
  return (
    <g>
      {layers.map(({ name, came, stopped, stops, search }, index) => {
        const at = x + index * step;
        const passed = came - stopped;
        const [full, rest, out] = [wide(came), wide(passed), wide(stopped)];
        const bend = at + 44;
        return (
          <g key={name}>
            <text class="flow-name" x={at} y={14}>
              {name}
            </text>
            <text class="flow-count" x={at} y={28}>
              {brief(came)}
              {index === 0 ? ` ${unit}` : ''}
            </text>
            {full > 0 && <rect class="flow-pass" x={at} y={top} width={44} height={full} />}
            {rest > 0 && <rect class="flow-pass" x={bend} y={top} width={step - 44} height={rest} />}
            {out > 0 && (
              <>
                <path class="flow-stop" d={fall(bend, top + full - Math.min(out, full), Math.min(out, full), 30)} />
                <a href={linkTo('journeys', search)}>
                  <text class="flow-out" x={bend + 2} y={height + 16}>
                    {brief(stopped)} {stops}
                  </text>
                </a>
              </>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** A band that bends down and ends at the foot of the drawing. */
function fall(x: number, y: number, thick: number, reach: number): string {
  const foot = height + 2;
  const width = Math.min(thick, reach);
  return `M${x} ${y} C${x + reach} ${y} ${x + reach} ${y} ${x + reach} ${foot} L${x + reach - width} ${foot} C${x + reach - width} ${y + thick} ${x + reach - width} ${y + thick} ${x} ${y + thick} Z`;
}

function Rows({ flow: { connections, requests, answered } }: { readonly flow: FlowCounts }) {
  return (
    <div class="flow-table">
      <table>
        <caption class="unseen">How many came to each layer, and how many it stopped</caption>
        <thead>
          <tr>
            <th>Layer</th>
            <th class="num">Came</th>
            <th class="num">Stopped</th>
            <th>Those are listed</th>
          </tr>
        </thead>
        <tbody>
          {[...connections, ...requests].map(({ name, came, stopped, stops, search }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="num">{count(came)}</td>
              <td class={stopped > 0 ? 'num stopped' : 'num'}>{count(stopped)}</td>
              <td>{stopped > 0 ? <a href={linkTo('journeys', search)}>{stops}</a> : <span class="none">–</span>}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">Answered</th>
            <td class="num">{count(answered)}</td>
            <td class="num">–</td>
            <td>
              <a href={linkTo('journeys', { layer: 'app' })}>by the application</a>
            </td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}
