// The table of live connections: one row for each 4-tuple, the oldest first.

import { type Connection, endpoint, type Stage } from '../traffic/connection.ts';

/** A row as `connections` shows it. */
export interface Row {
  readonly number: number;
  /** `address:port`. */
  readonly from: string;
  readonly to: string;
  readonly listener: string;
  /** The rule that admitted it: `rule 1 "HTTPS from anywhere"`, `default` for none. */
  readonly rule: string;
  readonly stage: Stage;
  /** `TLSv1.3`, or '' where it is plain or not agreed yet. */
  readonly tls: string;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ageMs: number;
}

/** Which rows: those of one client address, those with a higher number than `after`, and how many at most. */
export interface Choice {
  readonly after?: number;
  readonly client?: string;
  readonly limit?: number;
}

/** How many connections are in each stage and on each listener. */
export interface Counts {
  readonly total: number;
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  readonly listeners: Readonly<Record<string, number>>;
}

/** The 4-tuple as one word: `203.0.113.7:52431>192.0.2.1:443`, with the balancer that announced it where there is one. */
export function tupleOf(peer: string, peerPort: number, local: string, localPort: number, via = ''): string {
  const tuple = `${endpoint(peer, peerPort)}>${endpoint(local, localPort)}`;
  return via === '' ? tuple : `${tuple} ${via}`;
}

/** The rows of those connections that are chosen. */
export function listRows(
  connections: Iterable<Connection>,
  { client, after = 0, limit = 1000 }: Choice,
  nowMs: number,
): Row[] {
  const rows: Row[] = [];
  for (const connection of connections) {
    if (rows.length >= limit) break;
    if (connection.number <= after) continue;
    if (client === undefined || connection.peer === client) rows.push(rowOf(connection, nowMs));
  }
  return rows;
}

/** Connections by stage and by listener. */
export function countRows(connections: Iterable<Connection>): Counts {
  const stages: Partial<Record<Stage, number>> = {};
  const listeners: Record<string, number> = Object.create(null);
  let total = 0;
  for (const { stage, listener } of connections) {
    stages[stage] = (stages[stage] ?? 0) + 1;
    listeners[listener] = (listeners[listener] ?? 0) + 1;
    total++;
  }
  return { total, stages, listeners };
}

function rowOf(connection: Connection, nowMs: number): Row {
  const { firewallRule, firewallDescription } = connection;
  return {
    number: connection.number,
    from: endpoint(connection.peer, connection.peerPort),
    to: endpoint(connection.local, connection.localPort),
    listener: connection.listener,
    rule: firewallRule === 0 ? 'default' : `rule ${firewallRule}${firewallDescription && ` "${firewallDescription}"`}`,
    stage: connection.stage,
    tls: connection.tls?.version ?? '',
    requests: connection.requests,
    bytesIn: connection.bytesIn,
    bytesOut: connection.bytesOut,
    ageMs: Math.max(0, nowMs - connection.openedAt),
  };
}
