// Bodies of 1 GiB, down and up: bytes for each second of CPU beside nginx's, and whether memory stays flat meanwhile.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Ground, Outcome } from './ground.ts';
import { median } from './load.ts';
import { loadCore, startCaddy, startGateProxy, startHaproxy, startNginxProxy } from './peers.ts';
import { residentBytes, treeOf } from './proc.ts';
import { pinned, type Serving } from './processes.ts';

const bodyBytes = 2 ** 30;
/** The gate's bytes for each second of CPU against nginx's, as issue 3 set it. */
const atLeast = 0.7;
/** What a server's memory may grow by while a body passes: far less than the body. */
const maxGrowthBytes = 64 * 2 ** 20;

/** Medians of one server in one direction. */
export interface BodyRow {
  readonly server: string;
  readonly way: 'down' | 'up';
  readonly bytesPerCpuSecond: number;
  readonly growthBytes: number;
  readonly errors: number;
}

/** Runs every server in both directions, in turns. */
export async function runBodies(ground: Ground, _seconds: number, rounds: number): Promise<Outcome> {
  const { folder, gate, upstream } = ground;
  const file = join(folder, 'large');
  // Sparse: its pages cost no disk, and are zeros in the cache for everybody alike.
  const descriptor = openSync(file, 'w');
  ftruncateSync(descriptor, bodyBytes);
  closeSync(descriptor);
  const sink = await startSink();
  const takes = (sink.address() as AddressInfo).port;
  const gives = upstream;
  const servers: { name: string; server: Serving }[] = [];
  const rows: BodyRow[] = [];
  try {
    for (const [way, port] of [
      ['down', gives],
      ['up', takes],
    ] as const) {
      const those = [
        { name: 'nginx', server: await startNginxProxy(folder, port, { tls: null, accessLog: false }) },
        { name: 'HAProxy', server: await startHaproxy(folder, port, null) },
        { name: 'Caddy', server: await startCaddy(folder, port, null) },
        {
          name: 'portcullis',
          server: await startGateProxy(folder, gate, port, { tls: null, waf: 'block', limits: { max_body: '1GiB' } }),
        },
      ];
      servers.push(...those);
      const runs = new Map<string, Run[]>(those.map(({ name }) => [name, []]));
      for (let round = 0; round < rounds; round++)
        for (const { name, server } of those) runs.get(name)!.push(await carry(server, way, file));
      for (const [server, all] of runs) rows.push(rowOf(server, way, all));
    }
  } finally {
    for (const { server } of servers) await server.stop();
    sink.close();
  }
  return outcomeOf(rows);
}

/** An application that takes a body to its end before it answers; nginx as an upstream would answer at once. */
async function startSink(): Promise<Server> {
  const server = createServer((request, response) => {
    request.on('end', () => response.end('taken'));
    request.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

interface Run {
  readonly cpuNs: number;
  readonly growthBytes: number;
  readonly isWhole: boolean;
}

function rowOf(server: string, way: 'down' | 'up', runs: readonly Run[]): BodyRow {
  return {
    server,
    way,
    bytesPerCpuSecond: bodyBytes / (median(runs.map(({ cpuNs }) => cpuNs)) / 1e9),
    growthBytes: Math.max(...runs.map(({ growthBytes }) => growthBytes)),
    errors: runs.filter(({ isWhole }) => !isWhole).length,
  };
}

/** The last server of each direction against the first. */
export function outcomeOf(rows: readonly BodyRow[]): Outcome {
  const lines = [`bodies: 1 GiB down and up, one at a time (the gate with its WAF on)`];
  let met = true;
  for (const way of ['down', 'up'] as const) {
    const those = rows.filter((row) => row.way === way);
    for (const { server, bytesPerCpuSecond, growthBytes, errors } of those)
      lines.push(
        `  ${way.padEnd(5)} ${server.padEnd(18)} ${(bytesPerCpuSecond / 2 ** 20).toFixed(0).padStart(6)} MiB/CPU s   memory +${(growthBytes / 2 ** 20).toFixed(1)} MiB   errors ${errors}`,
      );
    const [first, last] = [those[0]!, those.at(-1)!];
    const figure = last.bytesPerCpuSecond / first.bytesPerCpuSecond;
    const isMet = figure >= atLeast && last.growthBytes <= maxGrowthBytes && those.every(({ errors }) => errors === 0);
    met &&= isMet;
    lines.push(
      `  ${way}: ${figure.toFixed(2)} × nginx; target at least ${atLeast} ×, memory flat: ${isMet ? 'met' : 'MISSED'}`,
    );
  }
  return { name: 'bodies', met, table: `${lines.join('\n')}\n`, rows };
}

/** One body through one server by curl; the server's memory is looked at meanwhile. */
async function carry(server: Serving, way: 'down' | 'up', file: string): Promise<Run> {
  const url = `http://127.0.0.1:${server.port}/${way === 'down' ? 'large' : 'upload'}`;
  const words = ['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code} %{size_download} %{size_upload}'];
  if (way === 'up') words.push('-H', 'Content-Type: application/octet-stream', '-H', 'Expect:', '-T', file);
  const [program, ...rest] = pinned(loadCore, [...words, url]);
  const pids = treeOf(server.pid);
  const before = residentBytes(pids);
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, residentBytes(pids));
  }, 50);
  const spentFrom = server.cpuNs();
  try {
    const { stdout } = await promisify(execFile)(program!, rest);
    const [status, down, up] = stdout.split(' ').map(Number);
    const cpuNs = server.cpuNs() - spentFrom;
    return { cpuNs, growthBytes: most - before, isWhole: status === 200 && (way === 'down' ? down : up) === bodyBytes };
  } finally {
    clearInterval(look);
  }
}
