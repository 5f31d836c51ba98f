// What a flood over a limit costs the flooder and what it costs the gate, and what a million keys cost the tables of limits.
//
//   node bench/flood.ts [SECONDS]
//
// The flooder is wrk, which is as cheap as a client can be: a C program with one thread that never looks at an answer. CPU time of both
// is taken over the same seconds. Then the same limit that sets a task, or bans whoever goes on.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../src/base/clock.ts';
import { build as buildRates } from '../src/rates/rates.ts';
import { Connection } from '../src/traffic/connection.ts';
import { Exchange } from '../src/traffic/exchange.ts';
import { Headers } from '../src/traffic/headers.ts';
import { freePort, requirePrograms, type Serving, serve } from './processes.ts';

/** CPU of both sides over one flood, in seconds, and how many requests were answered. */
export interface Flood {
  readonly name: string;
  readonly flooderSeconds: number;
  readonly gateSeconds: number;
  readonly answered: number;
}

/** The flood as a line: microseconds for each answer, and how many times the gate's CPU the flooder spent. */
export function lineOf({ name, flooderSeconds, gateSeconds, answered }: Flood): string {
  const each = (seconds: number) => (answered === 0 ? '-' : `${((seconds * 1e6) / answered).toFixed(1)} µs`);
  const ratio = gateSeconds === 0 ? '∞' : (flooderSeconds / gateSeconds).toFixed(2);
  return `${name.padEnd(46)} ${String(answered).padStart(8)} answers   flooder ${each(flooderSeconds).padStart(9)}   gate ${each(gateSeconds).padStart(9)}   flooder/gate ${ratio}`;
}

/** User and system seconds of children, as the shell's `times` prints them on its second line. */
export function childSeconds(text: string): number {
  const words = text.trim().split('\n').at(-1)!.trim().split(/\s+/);
  return words.reduce((sum, word) => {
    const [, minutes = '0', seconds = '0'] = /^(\d+)m([\d.]+)s$/.exec(word) ?? [];
    return sum + Number(minutes) * 60 + Number(seconds);
  }, 0);
}

async function flood(name: string, gate: Serving, seconds: number, path = '/'): Promise<Flood> {
  const before = gate.cpuNs();
  const url = `http://127.0.0.1:${gate.port}${path}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', `wrk -t1 -c32 -d${seconds}s "$0"; times`, url]);
  const gateSeconds = (gate.cpuNs() - before) / 1e9;
  return {
    name,
    flooderSeconds: childSeconds(stdout),
    gateSeconds,
    answered: Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0),
  };
}

async function gateWith(folder: string, upstream: number, more: string): Promise<Serving> {
  const port = await freePort();
  const file = join(folder, `gate-${port}.yaml`);
  writeFileSync(
    file,
    `listen: [{ port: ${port}, address: 127.0.0.1 }]
data_directory: ${join(folder, `data-${port}`)}
firewall: { default: allow }
workers: 1
history: off
admin: { listen: off }
limits: { max_requests_per_connection: 1000000000, max_new_connections_per_client_per_second: 1000000 }
sites: [{ to: ['127.0.0.1:${upstream}'] }]
${more}\n`,
  );
  return serve(
    [process.execPath, join(import.meta.dirname, '../bin/portcullis'), 'run', '--config', file],
    port,
    folder,
  );
}

/** The work of one task for a client that does nothing else, and for the gate that sets and checks it, in ms. */
async function taskCost(gate: Serving, bits: number): Promise<string> {
  const base = `http://127.0.0.1:${gate.port}`;
  const rounds = 200;
  const before = gate.cpuNs();
  let page = '';
  for (let round = 0; round < rounds; round++)
    page = await (await fetch(`${base}/`, { headers: { accept: 'text/html' } })).text();
  const posed = (gate.cpuNs() - before) / 1e6 / rounds;
  const task = /data-task="([^"]+)"/.exec(page)![1]!;
  const began = process.cpuUsage();
  let answer = 0;
  while (Math.clz32(createHash('sha256').update(`${task}.${answer}`).digest().readUInt32BE(0)) < bits) answer++;
  const { user, system } = process.cpuUsage(began);
  const middle = gate.cpuNs();
  const proven = await fetch(`${base}/.well-known/portcullis/proof?task=${task}&answer=${answer}`, { method: 'POST' });
  const checked = (gate.cpuNs() - middle) / 1e6;
  const spent = (user + system) / 1000;
  return `one task of ${bits} bits: ${answer + 1} digests, ${spent.toFixed(0)} ms of the client (native SHA-256); the gate ${posed.toFixed(2)} ms to set it, ${checked.toFixed(2)} ms to check it (${proven.status}); client/gate ${(spent / (posed + checked)).toFixed(0)}`;
}

/** A million clients of each family before one limit: bytes that the tables hold before and after, and time for each judgement. */
export function millionKeys(keys: number): {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly nsEach: number;
  readonly staysOver: boolean;
} {
  const built = buildRates([{ limit: 100, windowMs: 10_000, by: 'client', path: '/', status: 429 }], [], {
    clock: systemClock,
    seed: 7,
  });
  if (!built.ok) throw new Error('the limit is none');
  const rates = built.value;
  const connection = new Connection(1, '192.0.2.7', 50000, '192.0.2.1', 443, ':443', false, 0);
  const exchange = new Exchange('1', connection, 1, 0, 'GET', '/', '/', '', '1.1', 'a', new Headers(), 0);
  exchange.placingPath = '/';
  const ask = (client: string): boolean => {
    exchange.client = client;
    return rates.judge(exchange, rates.common).kind === 'pass';
  };
  for (let number = 0; number < 100; number++) ask('198.51.100.1');
  const bytesBefore = rates.bytes;
  const began = process.cpuUsage();
  for (let key = 0; key < keys; key++) {
    ask(`${10 + (key >> 24)}.${(key >> 16) & 255}.${(key >> 8) & 255}.${key & 255}`);
    ask(`2001:db8:${(key >> 8).toString(16)}:${(key & 255).toString(16)}::1`);
  }
  const { user, system } = process.cpuUsage(began);
  return {
    bytesBefore,
    bytesAfter: rates.bytes,
    nsEach: ((user + system) * 1000) / (2 * keys),
    staysOver: !ask('198.51.100.1'),
  };
}

async function main(): Promise<void> {
  requirePrograms({ wrk: 'wrk' });
  const seconds = Number(process.argv[2] ?? 5);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-flood-'));
  const app = createServer((_, answer) => answer.end('fine')).listen(0, '127.0.0.1');
  await new Promise((resolve) => app.once('listening', resolve));
  const { port } = app.address() as AddressInfo;
  const run = async (more: string, measure: (gate: Serving) => Promise<string>): Promise<void> => {
    const gate = await gateWith(folder, port, more);
    try {
      process.stdout.write(`${await measure(gate)}\n`);
    } finally {
      await gate.stop();
    }
  };
  try {
    await run('rates: [{ limit: 1 per 1h }]', async (gate) =>
      lineOf(await flood('refused with 429, connections kept', gate, seconds)),
    );
    await run("rates: []\nrules: ['close if path is /']", async (gate) =>
      lineOf(await flood('closed by a rule, a new connection each', gate, seconds)),
    );
    await run('rates: [{ limit: 1 per 1h, repeated: ban 1h }]\nbans: { never_loopback: false }', async (gate) =>
      lineOf(await flood('banned, connections ended at accept', gate, seconds)),
    );
    await run('rates: [{ limit: 1 per 1h, then: challenge }]', async (gate) =>
      lineOf(await flood('set a task that it does not do', gate, seconds)),
    );
    await run("rules: ['challenge if path is /']\nrates: []", (gate) => taskCost(gate, 16));
    await run(
      "rules: ['tarpit if path is /']\nrates: []\nbots: { tarpit: { hold: 60s, every: 1s, max_held: 1000 } }",
      async (gate) => lineOf(await flood('in the tarpit, 32 connections', gate, seconds)),
    );
    const { bytesBefore, bytesAfter, nsEach, staysOver } = millionKeys(1_000_000);
    const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(2);
    process.stdout.write(
      `2,000,000 keys before one limit: ${mib(bytesBefore)} MiB before, ${mib(bytesAfter)} MiB after, ${nsEach.toFixed(0)} ns a judgement; whoever was over its limit ${staysOver ? 'stays so' : 'is FORGOTTEN'}\n`,
    );
  } finally {
    app.close();
    app.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
