import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { screen } from './status.ts';

const paper = { stdout: { write: () => true } };

test('the last minute, logs, traces and the history have their lines', () => {
  const log = { written: 10, dropped: 0, waiting: 0, trouble: '' };
  const answer = {
    version: '0.1.0',
    logs: {
      '/var/log/access.log': log,
      'syslog+tcp://10.0.0.1:601': { ...log, dropped: 7, trouble: 'connect ECONNREFUSED' },
    },
    traces: { ...log, written: 1234 },
    history: { journeys: 1200, bytes: 2 ** 21, maxBytes: 2 ** 28, written: 1200, notKept: 5, lost: 0, trouble: '' },
  };
  const series = { at: [1, 2], columns: { requests: [1, 3], exchangeP50Ms: [1, 2], cpuCores: [0.5, 0.5] } };
  assert.equal(
    screen(answer, paper, series),
    `gate          0.1.0
last minute   ▃█ 2 requests a second, median 2.0 ms, 0.50 cores
access log    /var/log/access.log: 10 lines written
access log    syslog+tcp://10.0.0.1:601: 10 lines written, 7 LOST, connect ECONNREFUSED
traces        1,234 spans written
history       1,200 journeys, 2.0 MiB of at most 256 MiB, 5 only counted
`,
  );
});

test('status is one screen', () => {
  const answer = {
    version: '0.1.0',
    pid: 4711,
    since: 1_800_000_000_000,
    workers: 2,
    listeners: [
      { name: ':443 tls', address: '::', port: 443, tls: true, accepted: 12_345, open: 10_001 },
      { name: ':80', address: '::', port: 80, tls: false, accepted: 7, open: 0 },
    ],
    connections: {
      open: 10_001,
      max: 16_000,
      idle: 10_000,
      perStage: { idle: 10_000, reading: 1 },
      denied: 3,
      refused: 0,
    },
    memory: { rssBytes: 314_572_800, perConnectionBytes: 9216, availableBytes: 2 ** 33 },
    descriptors: { open: 10_050, limit: 65_536, left: 55_486 },
    requests: { total: 98_765, perSecond: 12.34, refusedByWhy: { 'waf/sql-injection': 4, 'rates/limit': 9 } },
    firewall: { rules: 4, default: 'DENY' },
    waf: { mode: 'block', threshold: 5 },
    journal: { written: 12, waiting: 0, dropped: 3, trouble: 'no space left on device' },
    upstreams: [
      {
        endpoint: 'localhost:3000',
        site: 'example.com',
        idle: 4,
        busy: 1,
        failures: 0,
        health: 'down',
        says: 'check: it answered 500',
        ephemeral: { used: 5, available: 28_232, forecast: { portsPerSecond: 217, secondsLeft: 129.7 } },
      },
    ],
    certificates: [
      { name: 'local CA', names: ['example.com', 'localhost'], issuer: 'Portcullis', until: '2027-01-01T00:00:00Z' },
    ],
  };
  assert.equal(
    screen(answer, paper),
    `gate          0.1.0, pid 4711, 2 workers, since 2027-01-15T08:00:00Z
connections   10,001 open of at most 16,000 (idle 10,000, reading 1), 3 denied by the firewall, 0 over a limit
requests      98,765 in all, 12.3 a second
refused       rates/limit 9, waf/sql-injection 4
memory        300 MiB, 9.0 KiB a connection, 8.0 GiB left
descriptors   10,050 open of 65,536, 55,486 left
firewall      4 rules, default DENY
waf           block, threshold 5
journal       12 lines written, 3 LOST, no space left on device

LISTENER  ADDRESS  PORT  TLS  ACCEPTED    OPEN
:443 tls  ::        443  yes    12,345  10,001
:80       ::         80  no          7       0

UPSTREAM        SITE         HEALTH                         IDLE  BUSY  FAILURES  PORTS USED      OF  FULL IN
localhost:3000  example.com  down (check: it answered 500)     4     1         0           5  28,232    130 s

CERTIFICATE  NAMES                   ISSUER      UNTIL
local CA     example.com, localhost  Portcullis  2027-01-01T00:00:00Z
`,
  );
});

test('whatever a gate answers, the screen is text that steers no terminal', () => {
  const keys = fc.constantFrom(
    'listeners',
    'logs',
    'traces',
    'history',
    'trouble',
    'connections',
    'requests',
    'refusedByWhy',
    'upstreams',
    'since',
    'open',
    'name',
    'waf',
  );
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<unknown>(null, -1, 1e300, Number.NaN, true, '\x1b[2J', 'x'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value')),
    ),
  })).value;
  fc.assert(fc.property(value, (answer) => assert.ok(!screen(answer, paper).includes('\x1b'))));
});
