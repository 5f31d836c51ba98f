// How many got how far: counts of each layer, from the totals of the gate or from its last minutes.

import type { Series, Status } from '../shapes.ts';

/** One layer: how many came to it, how many it stopped, and how it is called. */
export interface Layer {
  readonly name: string;
  /** What it stopped, in a word. */
  readonly stops: string;
  readonly came: number;
  readonly stopped: number;
  /** Where those who were stopped are listed. */
  readonly search: Readonly<Record<string, string>>;
}

/** Connections on their way in, then the requests that they brought. */
export interface FlowCounts {
  readonly connections: readonly Layer[];
  readonly requests: readonly Layer[];
  /** Requests that the application answered. */
  readonly answered: number;
}

type Stops = Readonly<
  Record<'firewall' | 'connections' | 'tls' | 'http' | 'rules' | 'rates' | 'waf' | 'proxy', number>
>;

function flow(accepted: number, requests: number, stops: Stops): FlowCounts {
  let left = accepted;
  const layer = (name: string, word: string, stopped: number, search: Record<string, string>): Layer => {
    const came = Math.max(left, stopped);
    left = came - stopped;
    return { name, stops: word, came, stopped, search };
  };
  const connections = [
    layer('Ports', 'not admitted', stops.connections, { layer: 'connections' }),
    layer('Firewall', 'denied', stops.firewall, { layer: 'firewall' }),
    layer('TLS', 'failed', stops.tls, { layer: 'tls' }),
  ];
  left = requests;
  const of = [
    layer('HTTP', 'not understood', stops.http, { layer: 'http' }),
    layer('Rules', 'by your rules', stops.rules, { layer: 'rules' }),
    layer('Rates', 'too many', stops.rates, { layer: 'rates' }),
    layer('WAF', 'blocked', stops.waf, { layer: 'waf' }),
    layer('App', 'failed', stops.proxy, { layer: 'proxy' }),
  ];
  return { connections, requests: of, answered: left };
}

/** Since the start. */
export function flowOfStatus({ listeners, requests }: Status): FlowCounts {
  const sum = (station: string) =>
    Object.entries(requests.refusedByWhy).reduce(
      (total, [why, times]) => (why.startsWith(`${station}/`) ? total + times : total),
      0,
    );
  return flow(
    listeners.reduce((total, { accepted }) => total + accepted, 0),
    requests.total,
    {
      firewall: sum('firewall'),
      connections: sum('connections') + sum('ports'),
      tls: sum('tls'),
      // Connections that ended in peace without a word are told as http too, and are no requests.
      http: Math.min(
        requests.total,
        sum('http') -
          ['http/no-request', 'http/idle', 'http/drained', 'http/client-reset'].reduce(
            (total, why) => total + (requests.refusedByWhy[why] ?? 0),
            0,
          ),
      ),
      // Answers to tasks are requests that end here as well.
      rules: sum('rules') + sum('bots'),
      rates: sum('rates'),
      // What a model does not know is refused in the WAF's place.
      waf: sum('waf') + sum('model'),
      proxy: sum('proxy'),
    },
  );
}

/** Over the time of the series; null where it has no layers. */
export function flowOfSeries({ columns, at }: Series): FlowCounts | null {
  if (columns.accepted === undefined || at.length === 0) return null;
  const sum = (name: string) =>
    Math.round((columns[name] ?? []).reduce<number>((total, value) => total + (value ?? 0), 0));
  return flow(sum('accepted'), sum('requests'), {
    firewall: sum('block.firewall'),
    connections: sum('block.connections') + sum('block.ports'),
    tls: sum('fail.tls') + sum('block.tls'),
    http: Math.min(sum('requests'), sum('block.http')),
    rules: sum('block.rules') + sum('block.bots'),
    rates: sum('block.rates'),
    waf: sum('block.waf') + sum('block.model'),
    proxy: sum('fail.proxy') + sum('block.proxy'),
  });
}
