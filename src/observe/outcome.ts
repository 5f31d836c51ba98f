// What became of an exchange or a connection, in the words that all counts share.

import type { Connection } from '../traffic/connection.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Outcome } from '../traffic/history.ts';

/** Ways a connection ends without anybody having refused it. */
const troubled: ReadonlySet<string> = new Set(['tls', 'http', 'ports']);

/** What became of an exchange that has ended. */
export function outcomeOf({ refusal, refusedBy, endedWhy, wafAction }: Exchange): Outcome {
  if (refusal !== null) return refusedBy === 'proxy' ? 'fail' : 'block';
  if (wafAction === 'detect') return 'detect';
  return endedWhy === '' || endedWhy === 'http/redirected' ? 'pass' : 'fail';
}

/** Who decided about it. */
export function layerOf({ refusedBy, endedWhy, wafAction, upstreamTo }: Exchange): string {
  if (refusedBy !== '') return refusedBy;
  if (wafAction === 'detect') return 'waf';
  if (endedWhy !== '') return stationOf(endedWhy);
  return upstreamTo === '' ? 'http' : 'app';
}

/** What became of a connection without a request that `station` ended. */
export function outcomeOfConnection({ endedStatus }: Connection, station: string): Outcome {
  return endedStatus === 0 && troubled.has(station) ? 'fail' : 'block';
}

function stationOf(why: string): string {
  const slash = why.indexOf('/');
  return slash < 0 ? 'http' : why.slice(0, slash);
}
