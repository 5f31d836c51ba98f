// `node bench/journal.ts [JOURNEYS]`: what the history costs: CPU to write a journey, bytes on disk, and CPU of each kind of question over a
// million of them. The peer of the same run is a journal of lines that is read through, as `explain --journal` does.

import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../src/base/clock.ts';
import { build, systemFiles } from '../src/observe/observe.ts';
import { countsOf, groupsOf } from '../src/supervisor/history/counting.ts';
import { journeysOf, search } from '../src/supervisor/history/search.ts';
import { HistoryStore } from '../src/supervisor/history/store.ts';
import { tuningOf } from '../src/supervisor/history/tuning.ts';
import { Connection } from '../src/traffic/connection.ts';
import { Exchange } from '../src/traffic/exchange.ts';
import { Headers } from '../src/traffic/headers.ts';
import type { KeptJourney } from '../src/traffic/history.ts';
import { batchOf, keptJourney, refusedJourney } from '../test/history-sample.ts';

/** Most that a question may take, in ms. */
const mostMs = 100;
const perBatch = 200;

/** A mixture: one in ten refused, some clients and paths rare, the rest common. */
function journeyOf(number: number): KeptJourney {
  const client = `10.${number % 200}.${(number >> 8) & 255}.${number & 255}`;
  if (number % 10 === 0) return refusedJourney(number, { client, site: number % 20 === 0 ? 'b.example' : 'a.example' });
  if (number % 10_000 === 1)
    return keptJourney(number, { client, path: `/rare/${number}`, status: 502, verdict: 'fail' });
  return keptJourney(number, { client });
}

/** Kinds of questions, the easy and those that are meant to be hard: common filters that hardly ever meet. */
const questions: Readonly<Record<string, object>> = {
  'the newest': {},
  'one id': { id: keptJourney(77).id },
  'one client': { client: '10.5.0.5' },
  'a /16': { client: '10.5.0.0/16' },
  'every client': { client: '10.0.0.0/8' },
  'a common path': { path: '/items/5' },
  'a common prefix': { path: '/items/*' },
  'a rare prefix': { path: '/rare/*' },
  'a rule': { rule: 'sql-injection' },
  'a verdict': { verdict: 'block' },
  'two verdicts': { verdict: ['block', 'fail'] },
  'a class of status': { status: '5xx' },
  'a site and a verdict': { site: 'b.example', verdict: 'block' },
  'common ones that never meet': { verdict: 'pass', layer: 'waf' },
  'four that never meet': { path: '/items/*', client: '10.0.0.0/8', verdict: 'pass', rule: 'sql-injection' },
  'the first 500, oldest first': { after: 0, limit: 500 },
};

/** CPU time of `work` in ms. */
function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function row(name: string, text: string): void {
  process.stdout.write(`  ${name.padEnd(30)} ${text}\n`);
}

/** Exchanges between two batches, and how many in all: a worker at 20,000 requests a second, for 20 s. */
const perHalfSecond = 10_000;
const halfSeconds = 40;
/** What a journey may cost a request, in µs of CPU. */
const mostUs = 6;

/** CPU of telling a request, in µs, with the batches that become of it. */
function tellingUs(keepsHistory: boolean): number {
  const settings = { journal: null, maxJourneys: 2000, audit: { file: null, format: null, mode: null }, keepsHistory };
  const result = build(settings, { files: systemFiles, random: lots(7) });
  if (!result.ok) throw new Error('the settings of this measurement are wrong');
  const observe = result.value;
  const connection = new Connection(1, '203.0.113.7', 50_000, '192.0.2.1', 443, ':443 tls', true, Date.now());
  const headers = Headers.from(browserFields);
  let spare: Exchange | null = null;
  const ms = cpuMs(() => {
    for (let half = 0; half < halfSeconds; half++) {
      for (let number = 0; number < perHalfSecond; number++) {
        const facts = [
          String(number),
          connection,
          2,
          0,
          'GET',
          '/items/7?a=1',
          '/items/7',
          'a=1',
          '1.1',
          'a.example',
          headers,
          0,
        ] as const;
        const exchange: Exchange = spare ?? new Exchange(...facts);
        if (spare !== null) exchange.renew(...facts);
        exchange.client = connection.peer;
        exchange.site = 'a.example';
        exchange.upstreamTo = '127.0.0.1:3000';
        exchange.status = 200;
        exchange.ms = 1.5;
        exchange.wafAction = 'pass';
        spare = observe.tell(exchange);
      }
      observe.takeHistory();
    }
  });
  return (ms * 1000) / (perHalfSecond * halfSeconds);
}

/** What a browser sends. */
const browserFields: readonly (readonly [string, string])[] = [
  ['host', 'a.example'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['accept-language', 'en-US,en;q=0.5'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['cookie', 'session=8f14e45fceea167a5a36dedd4bea2543; theme=dark'],
];

/** Numbers from 0 up to 1, the same in each run. */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** The journey in the path of a request: counts, measures and rings, and what the history adds. True where it is cheap enough. */
function requestPath(): boolean {
  // The first of each warms up.
  const [, without, , with_] = [tellingUs(false), tellingUs(false), tellingUs(true), tellingUs(true)];
  process.stdout.write('the journey of a request, in its worker\n');
  row('counted, measured, remembered', `${without.toFixed(2)} µs of CPU`);
  row(
    'chosen for the history, too',
    `${with_.toFixed(2)} µs of CPU; target at most ${mostUs} µs: ${with_ <= mostUs ? 'met' : 'MISSED'}`,
  );
  return with_ <= mostUs;
}

async function main(): Promise<number> {
  const count = Number(process.argv[2] ?? 1_000_000);
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-journal-'));
  const store = new HistoryStore(join(directory, 'history.sqlite'), 2 ** 34, systemClock);
  let isMet = requestPath();
  try {
    let writeMs = 0;
    for (let from = 0; from < count; from += perBatch) {
      const batch = batchOf(
        Array.from({ length: Math.min(perBatch, count - from) }, (_, index) => journeyOf(from + index)),
        {
          groups: [
            {
              layer: 'waf',
              verdict: 'block',
              why: 'waf/sql-injection',
              rule: '1',
              site: '*',
              prefix: `10.${from % 200}.0.0/24`,
              count: 20,
              firstAt: 0,
              lastAt: from,
              sample: '',
            },
          ],
          tallies: [{ layer: 'app', verdict: 'pass', why: '', site: '*', count: perBatch }],
        },
      );
      writeMs += cpuMs(() => store.write(batch));
    }
    const { journeys, bytes, trouble } = store.counts();
    if (trouble !== '') throw new Error(trouble);
    process.stdout.write(`${journeys} journeys\n`);
    row('to write one', `${((writeMs * 1000) / journeys).toFixed(1)} µs of CPU, in a thread of the supervisor`);
    row('on disk', `${(bytes / journeys).toFixed(0)} bytes each`);
    for (const [name, filters] of Object.entries(questions)) {
      let rows = 0;
      let isWhole = true;
      const ask = () => {
        const page = store.read((database) => search(database, { ask: 'history', ...filters }));
        rows = page.rows.length;
        isWhole = page.isWhole;
      };
      const ms = Math.min(cpuMs(ask), cpuMs(ask));
      isMet &&= ms <= mostMs;
      row(name, `${ms.toFixed(1).padStart(7)} ms  ${rows} found${isWhole ? '' : ', and more to look at'}`);
    }
    for (const [name, ask] of [
      ['a whole journey', () => store.read((database) => journeysOf(database, { ask: '', id: keptJourney(77).id }, 1))],
      ['groups', () => store.read((database) => groupsOf(database, { ask: '' }))],
      ['counts', () => store.read((database) => countsOf(database, { ask: '' }))],
      ['the tuning queue', () => store.read((database) => tuningOf(database, { ask: '' }))],
    ] as const) {
      const ms = cpuMs(ask);
      isMet &&= ms <= mostMs;
      row(name, `${ms.toFixed(1).padStart(7)} ms`);
    }
    await comparePeer(directory, Math.min(count, 100_000));
  } finally {
    store.close();
    rmSync(directory, { recursive: true, force: true });
  }
  process.stdout.write(`  questions within ${mostMs} ms, journeys within ${mostUs} µs: ${isMet ? 'met' : 'MISSED'}\n`);
  return isMet ? 0 : 1;
}

/** The same id in a file of lines, read through to its end. */
async function comparePeer(directory: string, count: number): Promise<void> {
  const path = join(directory, 'journal.jsonl');
  writeFileSync(path, Array.from({ length: count }, (_, number) => journeyOf(number).journey).join('\n'));
  const before = process.cpuUsage();
  let found = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') }))
    if (line.includes('nobody')) found++;
  const { user, system } = process.cpuUsage(before);
  const ms = (user + system) / 1000;
  row(
    'beside it: one id in lines',
    `${ms.toFixed(0).padStart(7)} ms  for ${count} lines of ${Math.round(statSync(path).size / count)} bytes (${found} found)`,
  );
}

if (import.meta.main) process.exitCode = await main();
