// Journeys that never were, for tests and measurements of the history: a hundred clients' mixture of ordinary requests and attacks.

import type { HistoryBatch, KeptJourney } from '../src/traffic/history.ts';

/** A kept journey; whatever is not said is an ordinary request's. */
export function keptJourney(number: number, more: Partial<KeptJourney> = {}): KeptJourney {
  const id = `01J${String(number).padStart(23, '0')}`;
  const client = `10.0.${(number >> 8) & 255}.${number & 255}`;
  const facts = {
    id,
    at: 1_800_000_000_000 + number,
    client,
    from: `${client}:${1024 + (number % 60_000)}`,
    method: 'GET',
    host: 'a.example',
    site: 'a.example',
    path: `/items/${number % 977}`,
    status: 200,
    verdict: 'pass',
    layer: 'app',
    why: '',
    rule: '',
    says: '',
    score: 0,
    ms: 1.25,
    bytes: 512,
    isFirst: false,
    found: [],
    ...more,
  } as const;
  const verdict = {
    action: 'pass',
    station: '',
    why: facts.why,
    says: '',
    rule: facts.rule,
    at: '',
    place: '',
    value: '',
  };
  const connection = { id: number, from: facts.from, to: '192.0.2.1:443', listener: ':443 tls', reused: true };
  const headers = { host: facts.host, 'user-agent': `Mozilla/5.0 (X11; Linux x86_64) Test/${number}`, accept: '*/*' };
  const request = {
    method: facts.method,
    target: facts.path,
    version: '1.1',
    host: facts.host,
    site: facts.site,
    headers,
  };
  const found = {
    id: Number(facts.rule),
    detector: 'sql-injection',
    phase: 1,
    severity: 'CRITICAL',
    score: 5,
    message: 'the value ends the statement',
    variable: 'ARGS:id',
    value: '1; DROP TABLE users',
    decoded: [],
  };
  const isRefused = facts.layer === 'waf';
  const waf = { action: facts.verdict, score: facts.score, threshold: 5, rules: isRefused ? [found] : [], us: 9 };
  const time = new Date(Date.UTC(2026, 10, 25)).toISOString();
  const response = { status: facts.status };
  const journey = JSON.stringify({ time, id, connection, client, request, waf, response, verdict });
  return { ...facts, journey, ...(more.journey === undefined ? {} : { journey: more.journey }) };
}

/** One that the WAF refused. */
export function refusedJourney(number: number, more: Partial<KeptJourney> = {}): KeptJourney {
  const words = { verdict: 'block', layer: 'waf', why: 'waf/sql-injection', rule: '1000001', status: 403 } as const;
  return keptJourney(number, { ...words, found: ['1000001', 'sql-injection'], score: 5, ...more });
}

/** A batch of these. */
export function batchOf(journeys: readonly KeptJourney[], more: Partial<HistoryBatch> = {}): HistoryBatch {
  return { journeys, groups: [], tallies: [], notKept: 0, ...more };
}
