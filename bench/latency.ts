// Latency at half load: the same fixed rate for nginx and the gate, half of what the gate can do, and the p99 of each request.

import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Ground, Outcome } from './ground.ts';
import { measure, median, percentilesOf, plainLoad, writeReportScript } from './load.ts';
import { loadCore, startGateProxy, startNginxProxy } from './peers.ts';
import { pinned, type Serving } from './processes.ts';

const connections = 32;
/** The gate's p99 against nginx's, as issue 3 set it. */
const atMost = 1.5;

/** Percentiles of one run, in ms. */
interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
}

/** Runs both servers in turns. */
export async function runLatency(ground: Ground, seconds: number, rounds: number): Promise<Outcome> {
  const { folder, gate, upstream } = ground;
  const servers: { name: string; server: Serving; runs: Latency[] }[] = [];
  try {
    servers.push({
      name: 'nginx',
      server: await startNginxProxy(folder, upstream, { tls: null, accessLog: false }),
      runs: [],
    });
    servers.push({
      name: 'portcullis',
      server: await startGateProxy(folder, gate, upstream, { tls: null, waf: 'off' }),
      runs: [],
    });
    const script = writeReportScript(folder);
    const most = await measure(servers[1]!.server, plainLoad, Math.ceil(seconds / 2), script);
    const rate = Math.floor(most.perSecond / 2 / connections) * connections;
    for (let round = 0; round < rounds; round++)
      for (const { server, runs } of servers) runs.push(await runAtRate(server, rate, seconds, folder));
    const rows = servers.map(({ name, runs }) => ({
      server: name,
      p50Ms: median(runs.map(({ p50 }) => p50)),
      p99Ms: median(runs.map(({ p99 }) => p99)),
      errors: runs.reduce((sum, { errors }) => sum + errors, 0),
    }));
    return outcomeOf(rate, rows);
  } finally {
    for (const { server } of servers) await server.stop();
  }
}

/** One server's medians. */
export interface LatencyRow {
  readonly server: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** The last row's p99 against the first's. */
export function outcomeOf(rate: number, rows: readonly LatencyRow[]): Outcome {
  const figure = rows.at(-1)!.p99Ms / rows[0]!.p99Ms;
  const met = figure <= atMost && rows.every(({ errors }) => errors === 0);
  const lines = [
    `latency: ${rate} requests a second, half of what the gate can do, ${connections} connections, 1 KB answers`,
    ...rows.map(
      ({ server, p50Ms, p99Ms, errors }) =>
        `  ${server.padEnd(24)} p50 ${p50Ms.toFixed(3).padStart(8)} ms   p99 ${p99Ms.toFixed(3).padStart(8)} ms   errors ${errors}`,
    ),
    `  p99 ${figure.toFixed(2)} × nginx; target at most ${atMost} ×: ${met ? 'met' : 'MISSED'}`,
  ];
  return { name: 'latency', met, table: `${lines.join('\n')}\n`, rows };
}

/** h2load sends at a fixed rate and writes down when each request began and how long it took (µs). */
async function runAtRate(server: Serving, rate: number, seconds: number, folder: string): Promise<Latency> {
  const log = join(folder, 'latency.log');
  rmSync(log, { force: true });
  const words = [
    'h2load',
    '--h1',
    `-c${connections}`,
    `--rps=${rate / connections}`,
    `-D${seconds}`,
    `--log-file=${log}`,
    `http://127.0.0.1:${server.port}/`,
  ];
  const [program, ...rest] = pinned(loadCore, words);
  await promisify(execFile)(program!, rest, { maxBuffer: 1 << 24 });
  return percentilesOf(readFileSync(log, 'utf8'));
}
