// `node bench/bench.ts [--json] [--only NAME] [--gate COMMAND]`: the gate's CPU per request beside nginx's, in one run.
// BENCH_SECONDS (8) is the length of one measurement, BENCH_ROUNDS (3) how often each is repeated, turn by turn.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeCertificate } from './certificate.ts';
import { browserLoad, type Load, measure, median, plainLoad, type Sample, writeReportScript } from './load.ts';
import {
  type CertificateFiles,
  type GateCommand,
  gateCommand,
  startGateProxy,
  startNginxProxy,
  startUpstream,
} from './peers.ts';
import { Missing, requirePrograms, type Serving } from './processes.ts';

/** What every case is given to start its servers with. */
interface Ground {
  readonly folder: string;
  readonly upstream: number;
  readonly certificate: CertificateFiles;
  readonly gate: GateCommand;
}

/** Servers that are loaded in turns with the same requests. The last is judged against the first. */
export interface Case {
  readonly name: string;
  readonly says: string;
  readonly load: Load;
  /** `ratio`: last / first is at most `atMost`; `difference`: last − first is at most `atMost` µs. */
  readonly judge: 'ratio' | 'difference';
  readonly atMost: number;
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

/** A case as measured. `figure` is the ratio or the difference that `atMost` bounds. */
export interface Result {
  readonly name: string;
  readonly says: string;
  readonly rows: readonly Row[];
  readonly judge: 'ratio' | 'difference';
  readonly figure: number;
  readonly atMost: number;
  readonly met: boolean;
}

const gateOff = (tls: boolean) => (ground: Ground) =>
  startGateProxy(ground.folder, ground.gate, ground.upstream, { tls: tls ? ground.certificate : null, waf: 'off' });
const gateOn = (ground: Ground) =>
  startGateProxy(ground.folder, ground.gate, ground.upstream, { tls: null, waf: 'block' });
const nginx = (tls: boolean, accessLog: boolean) => (ground: Ground) =>
  startNginxProxy(ground.folder, ground.upstream, { tls: tls ? ground.certificate : null, accessLog });

/** Every case with its target, which the issue set. */
export const cases: readonly Case[] = [
  {
    name: 'plain',
    says: 'HTTP/1.1 keep-alive, 64 connections, 1 KB answers, WAF off',
    load: plainLoad,
    judge: 'ratio',
    atMost: 1.5,
    servers: { nginx: nginx(false, false), 'nginx with access log': nginx(false, true), portcullis: gateOff(false) },
  },
  {
    name: 'tls',
    says: 'the same over TLS 1.3, one ECDSA P-256 certificate',
    load: { ...plainLoad, scheme: 'https' },
    judge: 'ratio',
    atMost: 1.6,
    servers: { nginx: nginx(true, false), 'nginx with access log': nginx(true, true), portcullis: gateOff(true) },
  },
  {
    name: 'waf',
    says: 'a browser GET with 3 arguments, 2 cookies and 14 header fields; WAF on against WAF off',
    load: browserLoad,
    judge: 'difference',
    atMost: 20,
    servers: { 'portcullis, WAF off': gateOff(false), 'portcullis, WAF on': gateOn },
  },
];

/** Measures one case: all servers up, one short turn each to warm up, then `rounds` turns each, alternating. */
export async function runCase(one: Case, ground: Ground, seconds: number, rounds: number): Promise<Result> {
  const script = writeReportScript(ground.folder);
  const running: { name: string; server: Serving; samples: Sample[] }[] = [];
  try {
    for (const [name, start] of Object.entries(one.servers))
      running.push({ name, server: await start(ground), samples: [] });
    for (const { server } of running) await measure(server, one.load, Math.ceil(seconds / 2), script);
    for (let round = 0; round < rounds; round++)
      for (const { server, samples } of running) samples.push(await measure(server, one.load, seconds, script));
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

/** The last row against the first. A row with errors never meets a target: it measured something else. */
export function judged(one: Case, rows: readonly Row[]): Result {
  const first = rows[0]!.cpuUs;
  const last = rows[rows.length - 1]!.cpuUs;
  const figure = one.judge === 'ratio' ? last / first : last - first;
  const met = figure <= one.atMost && rows.every((row) => row.errors === 0);
  return { name: one.name, says: one.says, rows, judge: one.judge, figure, atMost: one.atMost, met };
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
  const figure = result.judge === 'ratio' ? `${result.figure.toFixed(2)} ×` : `${result.figure.toFixed(1)} µs more`;
  const target = result.judge === 'ratio' ? `${result.atMost} ×` : `${result.atMost} µs`;
  lines.push(`  ${figure}; target at most ${target}: ${result.met ? 'met' : 'MISSED'}`);
  return `${lines.join('\n')}\n`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, only: { type: 'string', multiple: true }, gate: { type: 'string' } },
  });
  requirePrograms({ nginx: 'nginx-light', wrk: 'wrk', openssl: 'openssl' });
  const seconds = Number(process.env.BENCH_SECONDS ?? 8);
  const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
  const gate = gateCommand(values.gate);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const results: Result[] = [];
  const upstream = await startUpstream(folder);
  try {
    const ground = { folder, upstream: upstream.port, certificate: writeCertificate(folder), gate };
    for (const one of cases) {
      if (values.only !== undefined && !values.only.includes(one.name)) continue;
      const result = await runCase(one, ground, seconds, rounds);
      results.push(result);
      if (!values.json) process.stdout.write(`${tableOf(result)}\n`);
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
