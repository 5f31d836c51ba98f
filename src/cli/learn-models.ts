// Two ways to serve visitors who all wait for something: a thread for each of them, and one event loop for all.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Model } from '../traffic/experiment.ts';

/** Most visitors: each thread of Node carries an engine of its own. */
export const maxVisitors = 64;
/** What every visitor waits for, as for a database, in ms. */
const workMs = 200;

/** A thread that listens, serves one visitor and waits for it as the visitor does. */
const threadProgram = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer((socket) => setTimeout(() => socket.end('done'), ${workMs}));
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** Serves so many visitors both ways, one way after the other. */
export async function compareModels(visitors: number): Promise<readonly Model[]> {
  const loop = await measured('one event loop', visitors, serveByLoop);
  const threads = await measured('a thread for each', visitors, serveByThreads);
  return [threads, loop];
}

interface Served {
  readonly threads: number;
  readonly rssBytes: number;
  readonly ms: number;
}

async function measured(
  name: Model['name'],
  visitors: number,
  serve: (visitors: number) => Promise<Served>,
): Promise<Model> {
  await wait(50);
  const before = process.memoryUsage.rss();
  const { threads, rssBytes, ms } = await serve(visitors);
  return { name, visitors, threads, grownBytes: rssBytes - before, ms };
}

async function serveByLoop(visitors: number): Promise<Served> {
  const server = createServer((socket) => void wait(workMs).then(() => socket.end('done')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const served = await visit(Array.from({ length: visitors }, () => port));
  server.close();
  return served;
}

async function serveByThreads(visitors: number): Promise<Served> {
  const workers = Array.from({ length: visitors }, () => new Worker(threadProgram, { eval: true }));
  try {
    const ports = await Promise.all(workers.map(async (worker) => Number((await once(worker, 'message'))[0])));
    return await visit(ports);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Calls each port, all at once, and waits for every answer. Threads and memory are looked at in the middle. */
async function visit(ports: readonly number[]): Promise<Served> {
  const began = performance.now();
  const answers = ports.map(async (port) => {
    const socket = connect(port, '127.0.0.1');
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
  });
  await wait(workMs / 2);
  const threads = threadCount();
  const rssBytes = process.memoryUsage.rss();
  await Promise.all(answers);
  return { threads, rssBytes, ms: performance.now() - began };
}

function threadCount(): number {
  try {
    const line = readFileSync('/proc/self/status', 'utf8')
      .split('\n')
      .find((one) => one.startsWith('Threads:'));
    return Number(line?.slice('Threads:'.length) ?? 0);
  } catch {
    return 0;
  }
}
