// The tuning queue: rules that ordinary clients meet, by rule, place and path, so that whoever looks sees false alarms before attacks.

import type { DatabaseSync } from 'node:sqlite';
import type { Journey } from '../../traffic/journey.ts';
import type { ControlQuestion } from '../control.ts';
import { limitOf, textOf } from './filters.ts';
import { unpacked } from './packing.ts';

/** Journeys that are looked at, the newest, and lines that are told apart. */
const maxLooked = 1500;
const maxKinds = 2000;
/** Clients that are kept of one line, and clients that are looked up together. */
const maxClients = 200;
const maxAsked = 1000;
/** A client of whom so many requests passed, and more than were stopped, is an ordinary one. */
const leastPassed = 3;
/** Requests of one client that are looked at, the newest. */
const maxOfClient = 200;

/** One rule in one place of one route. */
export interface TuningRow {
  readonly site: string;
  readonly rule: number;
  readonly detector: string;
  readonly message: string;
  readonly place: string;
  readonly method: string;
  readonly path: string;
  /** Requests in which it was found, of those that are kept. */
  events: number;
  /** Clients, and how many of them are ordinary ones. */
  clients: number;
  ordinary: number;
  readonly lastAt: number;
  /** One of these requests, and what was found in it. */
  readonly sample: string;
  readonly value: string;
}

interface Kind {
  readonly row: TuningRow;
  readonly addresses: Set<string>;
}

/** The lines, those that most ordinary clients met first; `looked` is how many journeys they are made of. */
export function tuningOf(database: DatabaseSync, question: ControlQuestion): { rows: TuningRow[]; looked: number } {
  const site = textOf(question, 'site');
  const kinds = new Map<string, Kind>();
  const found = database
    .prepare(
      `SELECT journeys.address AS address, bodies.journey AS journey FROM
       (SELECT n FROM journeys INDEXED BY by_layer WHERE layer = 'waf' ORDER BY n DESC LIMIT ${maxLooked})
       CROSS JOIN journeys USING (n) CROSS JOIN bodies USING (n) WHERE site = ? OR ? = '' LIMIT ${maxLooked}`,
    )
    .all(site ?? '', site ?? '');
  for (const { address, journey } of found) {
    const line = unpacked(journey);
    if (line !== null) note(kinds, String(address), JSON.parse(line) as Journey);
  }
  const isOrdinary = ordinaryClients(database, kinds);
  const rows = [...kinds.values()].map(({ row, addresses }) => {
    row.clients = addresses.size;
    for (const address of addresses) if (isOrdinary.has(address)) row.ordinary++;
    return row;
  });
  rows.sort((one, other) => other.ordinary - one.ordinary || other.events - one.events);
  return { rows: rows.slice(0, limitOf(question)), looked: found.length };
}

function note(kinds: Map<string, Kind>, address: string, { id, time, request, waf }: Journey): void {
  if (request === null || waf === null) return;
  const path = request.target.split('?', 1)[0]!;
  const seen = new Set<string>();
  for (const { id: rule, detector, message, variable, value, score } of waf.rules) {
    // What an owner's own rule said is not a false alarm of ours, and what scored nothing stopped nobody.
    if (score <= 0 || detector === 'own-rule') continue;
    const key = JSON.stringify([request.site, rule, variable, request.method, path]);
    if (seen.has(key)) continue;
    seen.add(key);
    let kind = kinds.get(key);
    if (kind === undefined) {
      if (kinds.size >= maxKinds) return;
      const { site, method } = request;
      const row = { site, rule, detector, message, place: variable, method, path, events: 0, clients: 0, ordinary: 0 };
      kind = { row: { ...row, lastAt: Date.parse(time), sample: id, value }, addresses: new Set() };
      kinds.set(key, kind);
    }
    kind.row.events++;
    if (kind.addresses.size < maxClients) kind.addresses.add(address);
  }
}

function ordinaryClients(database: DatabaseSync, kinds: ReadonlyMap<string, Kind>): Set<string> {
  const ordinary = new Set<string>();
  const asked = new Set([...kinds.values()].flatMap(({ addresses }) => [...addresses]).slice(0, maxAsked));
  const counts = database.prepare(
    `SELECT count(*) AS c, sum(verdict = 'pass') AS passed FROM
     (SELECT verdict FROM journeys INDEXED BY by_address WHERE address = ? ORDER BY n DESC LIMIT ${maxOfClient})`,
  );
  for (const address of asked) {
    const row = counts.get(address);
    const passed = Number(row?.passed ?? 0);
    if (passed >= leastPassed && passed * 2 > Number(row?.c ?? 0)) ordinary.add(address);
  }
  return ordinary;
}
