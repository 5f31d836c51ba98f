// One measurement: wrk keeps 64 connections busy for a while, and the server's CPU time is divided by the answers.

import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadCore } from './peers.ts';
import { pinned, type Serving } from './processes.ts';

/** What is asked for again and again. */
export interface Load {
  readonly scheme: 'http' | 'https';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
}

/** Figures of one run. `errors` counts answers that were not 2xx/3xx, and connections that broke. */
export interface Sample {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** What a browser asks a shop: three arguments, two cookies and the header fields that Chrome sends. */
export const browserLoad: Load = {
  scheme: 'http',
  path: '/search?q=wool+socks&sort=price&page=2',
  headers: {
    Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
    'Accept-Encoding': 'gzip, deflate, br, zstd',
    'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8',
    'Cache-Control': 'max-age=0',
    Cookie: 'session=7f9c2b0a4d8e41c6a3b5d2e1f0987654; theme=dark',
    Referer: 'https://shop.example/products/socks',
    'Sec-CH-UA': '"Chromium";v="141", "Google Chrome";v="141", "Not?A_Brand";v="8"',
    'Sec-CH-UA-Mobile': '?0',
    'Sec-CH-UA-Platform': '"Linux"',
    'Sec-Fetch-Dest': 'document',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Site': 'same-origin',
    'Upgrade-Insecure-Requests': '1',
    'User-Agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  },
  connections: 64,
};

/** A bare keep-alive GET. */
export const plainLoad: Load = { scheme: 'http', path: '/', headers: {}, connections: 64 };

/** wrk's own summary as one line of JSON; the request stays static, so the script costs nothing per request. */
const report = `function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nREPORT {"requests":%d,"us":%d,"errors":%d,"p50":%.1f,"p99":%.1f}\\n', summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
`;

/** Writes the script that wrk ends with; give its path to `measure`. */
export function writeReportScript(folder: string): string {
  const file = join(folder, 'report.lua');
  writeFileSync(file, report);
  return file;
}

/** Loads `server` for `seconds` and returns the figures. */
export async function measure(server: Serving, load: Load, seconds: number, script: string): Promise<Sample> {
  const url = `${load.scheme}://127.0.0.1:${server.port}${load.path}`;
  const headers = Object.entries(load.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const wrk = ['wrk', '-t1', `-c${load.connections}`, `-d${seconds}s`, '-s', script, ...headers, url];
  const [program, ...rest] = pinned(loadCore, wrk);
  const before = server.cpuNs();
  const { stdout } = await promisify(execFile)(program!, rest);
  const spentNs = server.cpuNs() - before;
  const line = stdout.split('\n').find((candidate) => candidate.startsWith('REPORT '));
  if (line === undefined) throw new Error(`wrk did not report:\n${stdout}`);
  const said = JSON.parse(line.slice('REPORT '.length));
  return {
    cpuUs: spentNs / 1000 / said.requests,
    perSecond: said.requests / (said.us / 1e6),
    p50Ms: said.p50 / 1000,
    p99Ms: said.p99 / 1000,
    errors: said.errors,
  };
}

/** New connections that are begun in a second: what a core does beside other work, so that none waits. */
const newPerSecond = 700;

/**
 * One request on each of many new connections for `seconds`. h2load, because wrk resumes the sessions of its connections where a server lets it: nearly
 * each with nginx, every other one with Node, which gives no new ticket to whoever shows one. Here every handshake is a whole one.
 */
export async function measureNew(server: Serving, seconds: number, folder: string): Promise<Sample> {
  const log = join(folder, 'new.log');
  rmSync(log, { force: true });
  const count = newPerSecond * seconds;
  const url = `https://127.0.0.1:${server.port}/`;
  const words = [
    '--h1',
    `-n${count}`,
    `-c${count}`,
    `-r${newPerSecond}`,
    '-H',
    'Connection: close',
    `--log-file=${log}`,
  ];
  const [program, ...rest] = pinned(loadCore, ['h2load', ...words, url]);
  const before = server.cpuNs();
  const { stdout } = await promisify(execFile)(program!, rest, { maxBuffer: 1 << 24 });
  const spentNs = server.cpuNs() - before;
  const { p50, p99, errors } = percentilesOf(readFileSync(log, 'utf8'));
  const [, done] = / (\d+) succeeded,/.exec(stdout) ?? [];
  const perSecond = Number(/, ([\d.]+) req\/s,/.exec(stdout)?.[1]);
  return { cpuUs: spentNs / 1000 / count, perSecond, p50Ms: p50, p99Ms: p99, errors: errors + count - Number(done) };
}

/** Percentiles from h2load's log: start time (µs), status, duration (µs), tab-separated. */
export function percentilesOf(log: string): { p50: number; p99: number; errors: number } {
  const durations: number[] = [];
  let errors = 0;
  for (const line of log.split('\n')) {
    if (line === '') continue;
    const [, status, microseconds] = line.split('\t');
    if (status !== '200') errors++;
    durations.push(Number(microseconds) / 1000);
  }
  durations.sort((a, b) => a - b);
  const at = (part: number) =>
    durations[Math.min(durations.length - 1, Math.floor(durations.length * part))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), errors };
}

/** The middle of the values; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
