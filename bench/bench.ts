// `node bench/bench.ts [--json] [--only NAME] [--gate COMMAND]`: the gate's CPU per request, latency and bytes beside those of nginx,
// HAProxy and Caddy, in one run.
// BENCH_SECONDS (8) is the length of one measurement, BENCH_ROUNDS (3) how often each is repeated, turn by turn.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runBodies } from './bodies.ts';
import { writeCertificate } from './certificate.ts';
import type { Ground, Outcome } from './ground.ts';
import { runLatency } from './latency.ts';
import {
  browserLoad,
  type Load,
  measure,
  measureNew,
  median,
  plainLoad,
  type Sample,
  writeReportScript,
} from './load.ts';
import {
  gateCommand,
  startBareTls,
  startCaddy,
  startGateProxy,
  startHaproxy,
  startNginxProxy,
  startUpstream,
} from './peers.ts';
import { Missing, requirePrograms, type Serving } from './processes.ts';

/** What the last server of a case is held to: its CPU per request against that of another. */
export interface Target {
  readonly against: string;
  /** `ratio`: last / other is at most `atMost`; `difference`: last − other is at most `atMost` µs. */
  readonly judge: 'ratio' | 'difference';
  readonly atMost: number;
}

/** Servers that are loaded in turns with the same requests. The last is judged. */
export interface Case {
  readonly name: string;
  readonly says: string;
  /** Requests on connections that stay, or a new TLS connection for each. */
  readonly load: Load | 'new connections';
  readonly targets: readonly Target[];
  readonly servers: Readonly<Record<string, (ground: Ground) => Promise<Serving>>>;
}

/** Medians over the rounds for one server. */
export interface Row {
  readonly server: string;
  readonly cpuUs: number;
  readonly lowestUs: number;
  readonly highestUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** A target as measured: `figure` is the ratio or the difference that `atMost` bounds. */
export interface Judged extends Target {
  readonly figure: number;
  readonly met: boolean;
}

/** A case as measured. */
export interface Result {
  readonly name: string;
  readonly says: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Judged[];
  readonly met: boolean;
}

const gateOff = (tls: boolean) => (ground: Ground) =>
  startGateProxy(ground.folder, ground.gate, ground.upstream, { tls: tls ? ground.certificate : null, waf: 'off' });
const gateOn = (ground: Ground) =>
  startGateProxy(ground.folder, ground.gate, ground.upstream, { tls: null, waf: 'block' });
const gateKeeping = (words: Readonly<Record<string, unknown>>) => (ground: Ground) =>
  startGateProxy(ground.folder, ground.gate, ground.upstream, { tls: null, waf: 'off', words });
const nginx = (tls: boolean, accessLog: boolean) => (ground: Ground) =>
  startNginxProxy(ground.folder, ground.upstream, { tls: tls ? ground.certificate : null, accessLog });

const haproxy = (tls: boolean) => (ground: Ground) =>
  startHaproxy(ground.folder, ground.upstream, tls ? ground.certificate : null);
const caddy = (tls: boolean) => (ground: Ground) =>
  startCaddy(ground.folder, ground.upstream, tls ? ground.certificate : null);
/** Answers by itself: nothing of it is a proxy. */
const bareTls = (ground: Ground) => startBareTls(ground.certificate);
const ratio = (against: string, atMost: number): Target => ({ against, judge: 'ratio', atMost });

/** Every case with its targets, which issue 3 set. */
export const cases: readonly Case[] = [
  {
    name: 'plain',
    says: 'HTTP/1.1 keep-alive, 64 connections, 1 KB answers, WAF off',
    load: plainLoad,
    targets: [ratio('nginx', 1.1), ratio('Caddy', 0.35)],
    servers: {
      nginx: nginx(false, false),
      'nginx with access log': nginx(false, true),
      HAProxy: haproxy(false),
      Caddy: caddy(false),
      portcullis: gateOff(false),
    },
  },
  {
    name: 'tls',
    says: 'the same over TLS 1.3, one ECDSA P-256 certificate',
    load: { ...plainLoad, scheme: 'https' },
    targets: [ratio('nginx', 1.3)],
    servers: {
      nginx: nginx(true, false),
      'nginx with access log': nginx(true, true),
      HAProxy: haproxy(true),
      Caddy: caddy(true),
      'Node alone, no proxy': bareTls,
      portcullis: gateOff(true),
    },
  },
  {
    name: 'waf',
    says: 'a browser GET with 3 arguments, 2 cookies and 14 header fields; WAF on against WAF off',
    load: browserLoad,
    targets: [{ against: 'portcullis, WAF off', judge: 'difference', atMost: 20 }],
    servers: { 'portcullis, WAF off': gateOff(false), 'portcullis, WAF on': gateOn },
  },
  {
    name: 'tls-new',
    says: 'one request on each new TLS 1.3 connection, 700 a second, whole handshakes (AES-128-GCM, ECDSA P-256, X25519, two tickets)',
    load: 'new connections',
    targets: [ratio('nginx', 1.3)],
    servers: {
      nginx: nginx(true, false),
      HAProxy: haproxy(true),
      Caddy: caddy(true),
      'Node alone, no proxy': bareTls,
      portcullis: gateOff(true),
    },
  },
  {
    name: 'journey',
    says: 'the browser GET without a WAF; the history on against nothing kept, and what a line each costs beside it',
    load: browserLoad,
    targets: [{ against: 'nothing kept', judge: 'difference', atMost: 6 }],
    servers: {
      'nothing kept': gateKeeping({ history: 'off', max_journeys: 1 }),
      'with an access log': gateKeeping({ logs: [{ to: '/dev/null' }] }),
      'with a journal': gateKeeping({ journal: '/dev/null' }),
      'history on': gateKeeping({}),
    },
  },
];

/** Measures one case: all servers up, one short turn each to warm up, then `rounds` turns each, alternating. */
export async function runCase(one: Case, ground: Ground, seconds: number, rounds: number): Promise<Result> {
  const script = writeReportScript(ground.folder);
  const { load } = one;
  const turn = (server: Serving, time: number): Promise<Sample> =>
    load === 'new connections' ? measureNew(server, time, ground.folder) : measure(server, load, time, script);
  const running: { name: string; server: Serving; samples: Sample[] }[] = [];
  try {
    for (const [name, start] of Object.entries(one.servers))
      running.push({ name, server: await start(ground), samples: [] });
    for (const { server } of running) await turn(server, Math.ceil(seconds / 2));
    for (let round = 0; round < rounds; round++)
      for (const { server, samples } of running) samples.push(await turn(server, seconds));
  } finally {
    for (const { server } of running) await server.stop();
  }
  return judged(
    one,
    running.map(({ name, samples }) => rowOf(name, samples)),
  );
}

/** The medians of one server's turns. */
export function rowOf(server: string, samples: readonly Sample[]): Row {
  const cpu = samples.map((sample) => sample.cpuUs);
  return {
    server,
    cpuUs: median(cpu),
    lowestUs: Math.min(...cpu),
    highestUs: Math.max(...cpu),
    perSecond: median(samples.map((sample) => sample.perSecond)),
    p50Ms: median(samples.map((sample) => sample.p50Ms)),
    p99Ms: median(samples.map((sample) => sample.p99Ms)),
    errors: samples.reduce((sum, sample) => sum + sample.errors, 0),
  };
}

/** The last row against those that its targets name. A row with errors never meets a target: it measured something else. */
export function judged(one: Case, rows: readonly Row[]): Result {
  const last = rows.at(-1)!.cpuUs;
  const isClean = rows.every((row) => row.errors === 0);
  const targets = one.targets.map((target) => {
    const other = rows.find(({ server }) => server === target.against)!.cpuUs;
    const figure = target.judge === 'ratio' ? last / other : last - other;
    return { ...target, figure, met: isClean && figure <= target.atMost };
  });
  return { name: one.name, says: one.says, rows, targets, met: targets.every(({ met }) => met) };
}

/** The result for people. */
export function tableOf(result: Result): string {
  const lines = [`${result.name}: ${result.says}`];
  lines.push(
    '  server                     CPU µs/request   lowest–highest      requests/s    p50 ms    p99 ms   errors',
  );
  for (const row of result.rows)
    lines.push(
      `  ${row.server.padEnd(24)} ${row.cpuUs.toFixed(1).padStart(16)} ${`${row.lowestUs.toFixed(1)}–${row.highestUs.toFixed(1)}`.padStart(16)} ${row.perSecond.toFixed(0).padStart(15)} ${row.p50Ms.toFixed(2).padStart(9)} ${row.p99Ms.toFixed(2).padStart(9)} ${String(row.errors).padStart(8)}`,
    );
  for (const { against, judge, figure, atMost, met } of result.targets) {
    const [measured, most] =
      judge === 'ratio'
        ? [`${figure.toFixed(2)} × ${against}`, `${atMost} ×`]
        : [`${figure.toFixed(1)} µs more than ${against}`, `${atMost} µs`];
    lines.push(`  ${measured}; target at most ${most}: ${met ? 'met' : 'MISSED'}`);
  }
  return `${lines.join('\n')}\n`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, only: { type: 'string', multiple: true }, gate: { type: 'string' } },
  });
  requirePrograms({
    nginx: 'nginx-light',
    haproxy: 'haproxy',
    caddy: 'caddy',
    wrk: 'wrk',
    h2load: 'nghttp2-client',
    openssl: 'openssl',
  });
  const seconds = Number(process.env.BENCH_SECONDS ?? 8);
  const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
  const gate = gateCommand(values.gate);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const results: (Result | Outcome)[] = [];
  const isWanted = (name: string) => values.only === undefined || values.only.includes(name);
  const tell = (result: Result | Outcome, table: string) => {
    results.push(result);
    if (!values.json) process.stdout.write(`${table}\n`);
  };
  const upstream = await startUpstream(folder);
  try {
    const ground = { folder, upstream: upstream.port, certificate: writeCertificate(folder), gate };
    for (const one of cases) {
      if (!isWanted(one.name)) continue;
      const result = await runCase(one, ground, seconds, rounds);
      tell(result, tableOf(result));
    }
    for (const [name, run] of Object.entries({ latency: runLatency, bodies: runBodies })) {
      if (!isWanted(name)) continue;
      const outcome = await run(ground, seconds, rounds);
      tell(outcome, outcome.table);
    }
  } finally {
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ seconds, rounds, results }, null, 2)}\n`);
  return results.every((result) => result.met) ? 0 : 1;
}

if (import.meta.main)
  process.exitCode = await main().catch((error: unknown) => {
    if (!(error instanceof Missing)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  });
