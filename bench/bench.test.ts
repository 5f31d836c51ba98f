// The bench's own arithmetic, and that the gate understands the configuration it is measured with.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { settingsFrom } from '../src/config/config.ts';
import { type Case, cases, judged, rowOf, tableOf } from './bench.ts';
import { outcomeOf as bodiesOutcome } from './bodies.ts';
import { countIn, rowsIn } from './connections.ts';
import { measure as measureFirewall, table as tableOfFirewall } from './firewall.ts';
import { outcomeOf as latencyOutcome } from './latency.ts';
import { median, percentilesOf, type Sample } from './load.ts';
import { gateConfiguration } from './peers.ts';
import { cpuNanoseconds, descriptors, residentBytes, treeOf } from './proc.ts';
import { Missing, requirePrograms } from './processes.ts';

const sample = (cpuUs: number, errors = 0): Sample => ({ cpuUs, perSecond: 1e6 / cpuUs, p50Ms: 1, p99Ms: 2, errors });
const [plain, , waf] = cases;

describe('the figures', () => {
  it('have a median', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median([7]), 7);
  });

  const figures = (one: Case, cpu: Readonly<Record<string, number>>) =>
    judged(
      one,
      Object.entries(cpu).map(([server, us]) => rowOf(server, [sample(us)])),
    ).targets.map(({ against, figure, met }) => [against, figure, met]);

  it('judge the last server against those that its targets name', () => {
    assert.deepEqual(figures(plain!, { nginx: 10, Caddy: 40, portcullis: 11 }), [
      ['nginx', 1.1, true],
      ['Caddy', 0.275, true],
    ]);
    assert.deepEqual(figures(plain!, { nginx: 10, Caddy: 20, portcullis: 12 }), [
      ['nginx', 1.2, false],
      ['Caddy', 0.6, false],
    ]);
    assert.deepEqual(figures(waf!, { 'portcullis, WAF off': 30, on: 50 }), [['portcullis, WAF off', 20, true]]);
    assert.deepEqual(figures(waf!, { 'portcullis, WAF off': 30, on: 50.5 }), [['portcullis, WAF off', 20.5, false]]);
  });

  it('never meet a target with errors among them', () => {
    const result = judged(plain!, [
      rowOf('nginx', [sample(10)]),
      rowOf('Caddy', [sample(100)]),
      rowOf('b', [sample(10), sample(10, 1), sample(10)]),
    ]);
    assert.equal(result.met, false);
    assert.match(tableOf(result), /1\.00 × nginx; target at most 1\.1 ×: MISSED/);
  });

  it('of latency are percentiles of what h2load wrote down', () => {
    const log = Array.from({ length: 100 }, (_, index) => `17\t200\t${(index + 1) * 1000}\n`).join('');
    assert.deepEqual(percentilesOf(log), { p50: 51, p99: 100, errors: 0 });
    assert.equal(percentilesOf(`${log}17\t502\t1\n18\t-1\t1\n`).errors, 2);
    const rows = (p99Ms: number, errors = 0) => [
      { server: 'nginx', p50Ms: 1, p99Ms: 2, errors: 0 },
      { server: 'portcullis', p50Ms: 1, p99Ms, errors },
    ];
    assert.equal(latencyOutcome(100, rows(3)).met, true);
    assert.equal(latencyOutcome(100, rows(3.1)).met, false);
    assert.equal(latencyOutcome(100, rows(1, 1)).met, false);
  });

  it('of bodies are bytes for each second of CPU, with flat memory', () => {
    const row = (server: string, way: 'down' | 'up', bytesPerCpuSecond: number, growthBytes = 0, errors = 0) =>
      ({ server, way, bytesPerCpuSecond, growthBytes, errors }) as const;
    const both = (server: string, ...rest: [number, number?, number?]) => [
      row(server, 'down', ...rest),
      row(server, 'up', ...rest),
    ];
    assert.equal(bodiesOutcome([...both('nginx', 100), ...both('b', 70)]).met, true);
    assert.equal(bodiesOutcome([...both('nginx', 100), ...both('b', 69)]).met, false);
    assert.equal(bodiesOutcome([...both('nginx', 100), ...both('b', 70, 1e9)]).met, false);
    assert.equal(bodiesOutcome([...both('nginx', 100), ...both('b', 70, 0, 1)]).met, false);
  });
});

describe('what the gate tells', () => {
  it('is counted in each of its shapes', () => {
    assert.deepEqual(
      [rowsIn([1, 2]), rowsIn({ total: 2, connections: [1, 2] }), rowsIn({}), rowsIn(null)],
      [2, 2, -1, -1],
    );
    assert.deepEqual(
      [countIn({ connections: 7 }), countIn({ connections: { open: 7 } }), countIn({}), countIn(null)],
      [7, 7, -1, -1],
    );
  });
});

describe("the gate's configuration in a measurement", () => {
  it('is one the gate understands', () => {
    const tls = { certificate: '/b/bench.crt', key: '/b/bench.key' };
    const limits = { idle_timeout: '1h', header_timeout: '10m', handshake_timeout: '1m', max_connections: 20_000 };
    const settings = settingsFrom(gateConfiguration('/b', 8443, 3000, { tls, waf: 'off', limits }));
    assert.equal(settings.sites[0]!.waf.mode, 'off');
    assert.deepEqual(settings.rates, []);
    assert.equal(settings.limits.maxRequestsPerConnection, 1_000_000_000);
    assert.equal(settings.limits.idleTimeoutMs, 3_600_000);
    assert.equal(settings.listen[0]!.tls, true);
  });
});

describe('a process', { skip: process.platform !== 'linux' && 'only Linux has /proc' }, () => {
  it('is seen with its children, until it is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1); process.stdin.resume()'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const tree = treeOf(process.pid);
    assert.equal(tree[0], process.pid);
    assert.ok(tree.includes(child.pid!));
    assert.ok(cpuNanoseconds([child.pid!]) > 0);
    assert.ok(residentBytes([child.pid!]) > 1024 * 1024);
    assert.ok(descriptors(child.pid!).used > 2);
    child.stdin.end();
    await once(child, 'exit');
    assert.deepEqual(treeOf(child.pid!), []);
    assert.equal(cpuNanoseconds([child.pid!]), 0);
  });
});

describe('a machine without the peers', () => {
  it('is told what to install', () => {
    assert.throws(
      () => requirePrograms({ sh: 'dash', 'no-such-nginx': 'nginx-light', 'no-such-wrk': 'wrk' }),
      (error: Error) =>
        error instanceof Missing &&
        error.message ===
          'no-such-nginx and no-such-wrk not found: the peers are measured in the same run; apt-get install nginx-light wrk',
    );
  });
});

describe('the figures of the firewall', () => {
  it('have a row for each kind of address, with and without a blocklist, and for what is compiled', () => {
    const rows = measureFirewall({ rules: 20, entries: 2000, decisions: 1000, rounds: 1 });
    assert.equal(rows.length, 2 * 4 + 2);
    assert.ok(rows.every(({ ours }) => ours >= 0));
    assert.equal(tableOfFirewall(rows).split('\n').length, rows.length + 1);
  });
});
