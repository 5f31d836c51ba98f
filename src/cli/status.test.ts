import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { screen } from './status.ts';

const paper = { stdout: { write: () => true } };

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
