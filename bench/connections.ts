// `node bench/connections.ts [--count 10000] [--workers 1] [--requests 0|1] [--json]`: idle TLS connections held on one port,
// listed and counted by the gate itself, further clients served meanwhile, and what each costs, beside a bare server of Node with as many of
// them (`--no-bare` leaves it out). 100,000 need `--workers 7`. `--look` opens the dashboard's table of them in Chromium, and says how it scrolls;
// `--no-tls` opens them without TLS, in a part of the time.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request as requestPlainly, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { parseArgs, promisify } from 'node:util';
import { buildDashboard, visit } from '../test/browser/dashboard-visit.ts';
import { writeCertificate } from './certificate.ts';
import type { Holding } from './holder.ts';
import { type CertificateFiles, gateCommand, loadCore, portcullis, serverCore, startGateProxy } from './peers.ts';
import { descriptors, residentBytes, tcpKernelBytes, treeOf } from './proc.ts';
import { freePort, Missing, pinned, requirePrograms, serve } from './processes.ts';
import { measureTable } from './table.ts';

/** What was found. Figures in bytes are for one connection and count the gate's processes only. */
interface Report {
  readonly asked: number;
  readonly requestsEach: number;
  readonly open: number;
  readonly failed: number;
  readonly firstFailure: string;
  readonly openMs: number;
  readonly perSecond: number;
  /** Rows of `portcullis connections --json`, and what `portcullis status --json` counts; -1 where the gate did not tell. */
  readonly listed: number;
  readonly counted: number;
  readonly listMs: number;
  /** Of the clients that came after them, one after the other: the worst status, and times in ms. */
  readonly oneMore: { readonly status: number; readonly ms: number; readonly p50: number; readonly p99: number };
  /** Held connections that the gate closed although nobody asked it to. */
  readonly dropped: number;
  readonly bytesEach: number;
  readonly kernelBytesEach: number;
  /** The same of a process with nothing in it but a TLS server of Node; null where it was not measured. */
  readonly bareBytesEach: number | null;
  readonly descriptors: { readonly used: number; readonly limit: number; readonly left: number };
  /** The lines of `portcullis status` about what they cost and what is left. */
  readonly told: readonly string[];
  /** The end of what the gate wrote to its error output. */
  readonly said: string;
  /** Connections that the gate still lists after all clients have gone. */
  readonly remaining: number;
  readonly met: boolean;
}

/** Most connections that one process is asked to hold. */
const maxBare = 15_000;

interface Wanted {
  readonly count: number;
  readonly requests: number;
  readonly workers: number;
  readonly clients: number;
  readonly concurrency: number;
  readonly look: boolean;
  readonly tls: boolean;
}

interface Holder {
  readonly child: ChildProcess;
  readonly lines: Interface;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      count: { type: 'string', default: '10000' },
      requests: { type: 'string', default: '1' },
      workers: { type: 'string', default: '1' },
      // A process may hold 20,000 descriptors, clients too.
      clients: { type: 'string' },
      concurrency: { type: 'string', default: '32' },
      gate: { type: 'string' },
      bare: { type: 'boolean', default: true },
      look: { type: 'boolean', default: false },
      tls: { type: 'boolean', default: true },
      json: { type: 'boolean', default: false },
    },
  });
  requirePrograms({ openssl: 'openssl' });
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const wanted = {
    count: Number(values.count),
    requests: Number(values.requests),
    workers: Number(values.workers),
    clients:
      values.clients === undefined ? Math.max(2, Math.ceil(Number(values.count) / 12_500)) : Number(values.clients),
    concurrency: Number(values.concurrency),
    look: values.look,
    tls: values.tls,
  };
  try {
    const ofGate = await run(folder, gateCommand(values.gate), wanted);
    const bareBytesEach =
      values.bare && wanted.tls && wanted.count <= maxBare ? await runBare(writeCertificate(folder), wanted) : null;
    const report = { ...ofGate, bareBytesEach };
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report));
    return report.met ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(folder: string, command: readonly string[], wanted: Wanted): Promise<Omit<Report, 'bareBytesEach'>> {
  const tls = wanted.tls ? writeCertificate(folder) : null;
  const upstream = await startAnswering();
  const limits = {
    idle_timeout: '1h',
    header_timeout: '10m',
    handshake_timeout: '1m',
    max_connections: wanted.count + 10_000,
  };
  const gate = await startGateProxy(folder, command, (upstream.address() as AddressInfo).port, {
    tls,
    waf: 'block',
    limits,
    workers: wanted.workers,
  });
  const holders: Holder[] = [];
  try {
    // Because a first request loads and compiles what every later one finds ready.
    await askOnce(gate.port, tls);
    const memoryBefore = residentBytes(treeOf(gate.pid));
    const kernelBefore = tcpKernelBytes();
    const startedAt = performance.now();
    for (let index = 0; index < wanted.clients; index++)
      holders.push(startHolder(holdingOf(index, gate.port, tls?.certificate ?? '', wanted)));
    const held = await Promise.all(holders.map(said));
    const openMs = performance.now() - startedAt;
    const pids = treeOf(gate.pid);
    const bytes = residentBytes(pids) - memoryBefore;
    const kernelBytes = tcpKernelBytes() - kernelBefore;
    const used = pids.map(descriptors).reduce((most, one) => (one.used > most.used ? one : most));
    const oneMore = await askOften(gate.port, tls);
    const listStartedAt = performance.now();
    const listed = rowsIn(await tell(gate.dataDirectory, 'connections'));
    const listMs = performance.now() - listStartedAt;
    const counted = countIn(await tell(gate.dataDirectory, 'status'));
    if (wanted.look) await lookAt(gate.dataDirectory, counted);
    const told = linesAbout(await portcullisSays(['status', '--data-dir', gate.dataDirectory]).catch(String));
    const dropped = (await Promise.all(holders.map(release))).reduce((sum, one) => sum + one, 0);
    const remaining = await untilGone(gate.dataDirectory);
    const open = held.reduce((sum, one) => sum + Number(one.open), 0);
    return {
      asked: wanted.count,
      requestsEach: wanted.requests,
      open,
      failed: held.reduce((sum, one) => sum + Number(one.failed), 0),
      firstFailure: held.map((one) => String(one.firstFailure)).find((text) => text !== '') ?? '',
      openMs,
      perSecond: open / (openMs / 1000),
      listed,
      counted,
      listMs,
      oneMore,
      dropped,
      bytesEach: bytes / open,
      kernelBytesEach: kernelBytes / open,
      descriptors: { ...used, left: used.limit - used.used },
      told,
      remaining,
      said: gate.said(),
      met:
        open === wanted.count &&
        listed >= open &&
        counted >= open &&
        oneMore.status === 200 &&
        dropped === 0 &&
        remaining === 0,
    };
  } finally {
    for (const { child } of holders) child.kill('SIGKILL');
    await gate.stop();
    upstream.close();
    upstream.closeAllConnections();
  }
}

/** The dashboard's table of what is open, in a browser. */
async function lookAt(dataDirectory: string, total: number): Promise<void> {
  buildDashboard();
  const seen = await visit({ child: { exitCode: null } }, dataDirectory);
  try {
    const last = async () => {
      const rows = (await tell(dataDirectory, 'connections')) as {
        readonly rows: readonly { readonly from: string }[];
      };
      return rows.rows.at(-1)!.from;
    };
    await measureTable(seen, total, last);
  } finally {
    await seen.end();
  }
}

/** Resident bytes for each connection of a server that does nothing else. */
async function runBare(tls: CertificateFiles, wanted: Wanted): Promise<number> {
  const port = await freePort();
  const words = [process.execPath, join(import.meta.dirname, 'bare-tls.ts'), String(port), JSON.stringify(tls)];
  const server = await serve(pinned(serverCore, words), port);
  const holders: Holder[] = [];
  try {
    await askOnce(port, tls);
    const before = residentBytes(treeOf(server.pid));
    for (let index = 0; index < wanted.clients; index++)
      holders.push(startHolder(holdingOf(index, port, tls.certificate, wanted)));
    const held = await Promise.all(holders.map(said));
    const open = held.reduce((sum, one) => sum + Number(one.open), 0);
    return (residentBytes(treeOf(server.pid)) - before) / open;
  } finally {
    for (const { child } of holders) child.kill('SIGKILL');
    await server.stop();
  }
}

function holdingOf(index: number, port: number, caFile: string, wanted: Wanted): Holding {
  const share = Math.floor(wanted.count / wanted.clients);
  const count = index === 0 ? wanted.count - share * (wanted.clients - 1) : share;
  const { requests, concurrency } = wanted;
  return { port, caFile, count, concurrency, requests, firstAddress: 2 + index * 8, addresses: 8 };
}

function startHolder(holding: Holding): Holder {
  const words = pinned(loadCore, [process.execPath, join(import.meta.dirname, 'holder.ts'), JSON.stringify(holding)]);
  const child = spawn(words[0]!, words.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, lines: createInterface({ input: child.stdout! }) };
}

async function said({ child, lines }: Holder): Promise<Record<string, unknown>> {
  const gone = once(child, 'exit').then(() => ['{"open":0,"failed":0,"firstFailure":"the client process ended"}']);
  const [line] = await Promise.race([once(lines, 'line'), gone]);
  return JSON.parse(line);
}

/** Lets the holder go; how many of its connections were gone already. */
async function release(holder: Holder): Promise<number> {
  const last = said(holder);
  holder.child.stdin!.end();
  return Number((await last).dropped ?? 0);
}

/** One request on a connection of its own, as the client who comes after all the others. */
function askOnce(port: number, tls: CertificateFiles | null): Promise<{ status: number; ms: number }> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ status, ms: performance.now() - startedAt });
    const options = { host: '127.0.0.1', port, agent: false, headers: { Host: 'localhost' } };
    const hear = (answer: IncomingMessage) => {
      answer.resume().once('end', () => done(answer.statusCode ?? 0));
    };
    const asked =
      tls === null
        ? requestPlainly(options, hear)
        : request({ ...options, servername: 'localhost', ca: readFileSync(tls.certificate) }, hear);
    asked.setTimeout(10_000, () => asked.destroy());
    asked.once('error', () => done(0)).end();
  });
}

/** Further clients, whose times are told. */
const furtherClients = 200;

async function askOften(port: number, tls: CertificateFiles | null): Promise<Report['oneMore']> {
  const times: number[] = [];
  let status = 200;
  for (let client = 0; client < furtherClients; client++) {
    const one = await askOnce(port, tls);
    times.push(one.ms);
    if (one.status !== 200) status = one.status;
  }
  const ms = times[0]!;
  times.sort((a, b) => a - b);
  return { status, ms, p50: times[times.length >> 1]!, p99: times[Math.floor(times.length * 0.99)]! };
}

/** What the gate says of itself through the command, or null where it says nothing. */
async function tell(dataDirectory: string, word: string): Promise<unknown> {
  return portcullisSays([word, '--json', '--data-dir', dataDirectory]).then(JSON.parse, () => null);
}

async function portcullisSays(words: readonly string[]): Promise<string> {
  const options = { maxBuffer: 256 * 1024 * 1024 };
  return (await promisify(execFile)(process.execPath, [portcullis, ...words], options)).stdout;
}

function linesAbout(status: string): string[] {
  return status.split('\n').filter((line) => /^(connections|memory|descriptors) /.test(line));
}

/** The least that can be an application: 1 KB for every request, in this process. */
async function startAnswering(): Promise<Server> {
  const body = 'x'.repeat(1024);
  const server = createServer((_request, answer) => answer.end(body));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

/** The rows in the answer of `connections --json`: the list itself, or the list in it. */
export function rowsIn(answer: unknown): number {
  if (Array.isArray(answer)) return answer.length;
  if (typeof answer !== 'object' || answer === null) return -1;
  const list = Object.values(answer).find(Array.isArray);
  return list === undefined ? -1 : list.length;
}

/** The number of open connections in the answer of `status --json`. */
export function countIn(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null) return -1;
  const part = (answer as Record<string, unknown>).connections;
  if (typeof part === 'number') return part;
  if (typeof part !== 'object' || part === null) return -1;
  const open = (part as Record<string, unknown>).open;
  return typeof open === 'number' ? open : -1;
}

/** Connections still listed when none is left, or after ten looks. */
async function untilGone(dataDirectory: string): Promise<number> {
  let remaining = -1;
  for (let look = 0; look < 10 && remaining !== 0; look++) remaining = rowsIn(await tell(dataDirectory, 'connections'));
  return remaining;
}

function textOf(report: Report): string {
  const kibibytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  const told = (count: number) => (count < 0 ? 'not told' : String(count));
  const { used, limit, left } = report.descriptors;
  const bare = report.bareBytesEach === null ? '' : `, ${kibibytes(report.bareBytesEach)} in a bare server of Node`;
  return `${report.open} of ${report.asked} connections held on one port, ${report.requestsEach} request each
  opened in       ${(report.openMs / 1000).toFixed(1)} s, ${report.perSecond.toFixed(0)} a second
  failed          ${report.failed}${report.firstFailure && ` (${report.firstFailure})`}; dropped while idle ${report.dropped}
  listed          ${told(report.listed)} by \`connections\` in ${report.listMs.toFixed(0)} ms; ${told(report.counted)} by \`status\`
  one more        ${report.oneMore.status === 0 ? 'NOT SERVED' : report.oneMore.status} in ${report.oneMore.ms.toFixed(1)} ms; of 200 more p50 ${report.oneMore.p50.toFixed(1)} ms, p99 ${report.oneMore.p99.toFixed(1)} ms
  memory each     ${kibibytes(report.bytesEach)} in the gate${bare}; ${kibibytes(report.kernelBytesEach)} of socket buffers in the kernel (both ends)
  descriptors     ${used} used of ${limit}, ${left} left
  after the end   ${told(report.remaining)} left
  status says     ${report.told.join('\n                  ')}
  ${report.met ? 'met' : 'MISSED'}: all held, listed, counted, none dropped, one more served, none left behind
${report.met || report.said === '' ? '' : `\nThe gate said:\n${report.said}`}`;
}

if (import.meta.main)
  process.exitCode = await main().catch((error: unknown) => {
    if (!(error instanceof Missing)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  });
