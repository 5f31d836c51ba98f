// A journey that was chosen to be written down: what it is found by, and the line of JSON that the journal would have.

import { type Connection, endpoint } from '../traffic/connection.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { KeptJourney } from '../traffic/history.ts';
import { type Journey, journeyOf, journeyOfConnection } from '../traffic/journey.ts';
import { layerOf, outcomeOf, outcomeOfConnection } from './outcome.ts';
import { jsonLine } from './plain.ts';

/** Longest line of JSON, in characters: one that would be longer is kept without its header. */
const maxLine = 16_384;
/** Longest text that something is found by, in characters. */
const maxFact = 512;
/** Most rules of one exchange that it is found by. */
const maxFound = 8;

/** A connection that never became an exchange. */
export interface LostConnection {
  readonly connection: Connection;
  readonly id: string;
  readonly station: string;
  readonly says: string;
}

/** An exchange that has ended, to be kept. */
export function keptExchange(exchange: Exchange, isFirst: boolean): KeptJourney {
  const { connection, refusal, findings } = exchange;
  const found = new Set<string>();
  for (const { id, detector } of (findings ?? []).slice(0, maxFound / 2)) found.add(String(id)).add(detector);
  if (refusal?.rule) found.add(fact(refusal.rule.id));
  const [first] = findings ?? [];
  return {
    id: exchange.id,
    at: exchange.startedAt,
    client: exchange.client || connection.peer,
    from: endpoint(connection.peer, connection.peerPort),
    method: fact(exchange.method),
    host: fact(exchange.host),
    site: exchange.site,
    path: fact(exchange.path),
    status: exchange.status,
    verdict: outcomeOf(exchange),
    layer: layerOf(exchange),
    why: refusal?.why ?? exchange.endedWhy,
    rule: refusal?.rule?.id ?? (first === undefined ? '' : String(first.id)),
    says: fact(refusal?.says ?? first?.says ?? ''),
    score: exchange.wafScore,
    ms: exchange.ms,
    bytes: exchange.responseBytes,
    isFirst,
    found: [...found],
    journey: lineOf(journeyOf(exchange)),
  };
}

/** A connection that never became an exchange, to be kept. */
export function keptConnection({ connection, id, station, says }: LostConnection, isFirst: boolean): KeptJourney {
  const journey = journeyOfConnection(connection, id, station, says);
  const { rule } = journey.verdict;
  return {
    id,
    at: connection.openedAt,
    client: connection.peer,
    from: journey.connection.from,
    method: '',
    host: '',
    site: '',
    path: '',
    status: connection.endedStatus,
    verdict: outcomeOfConnection(connection, station),
    layer: station,
    why: connection.endedWhy,
    rule,
    says: fact(says),
    score: 0,
    ms: journey.ms,
    bytes: 0,
    isFirst,
    found: rule === '' ? [] : [rule],
    journey: jsonLine(journey),
  };
}

function fact(text: string): string {
  return text.length <= maxFact ? text : text.slice(0, maxFact);
}

function lineOf(journey: Journey): string {
  const line = jsonLine(journey);
  if (line.length <= maxLine || journey.request === null) return line;
  const headers = { '…': 'left out: the journey would have been too long' };
  return jsonLine({ ...journey, request: { ...journey.request, headers } });
}
