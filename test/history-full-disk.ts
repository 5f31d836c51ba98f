// `node test/history-full-disk.ts DIRECTORY`: fills a small disk, on which the history lies, makes room again, and tells as JSON how that went.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock } from '../src/base/clock.ts';
import { search } from '../src/supervisor/history/search.ts';
import { HistoryStore } from '../src/supervisor/history/store.ts';
import { batchOf, keptJourney } from './history-sample.ts';

const directory = process.argv[2]!;
const clock = new ManualClock();
const store = new HistoryStore(join(directory, 'history.sqlite'), 2 ** 26, clock);
const ballast = join(directory, 'ballast');
writeFileSync(ballast, Buffer.alloc(3 * 1024 * 1024));
let full = '';
for (let batch = 0; batch < 500 && full === ''; batch++) {
  store.write(batchOf(Array.from({ length: 200 }, (_, index) => keptJourney(batch * 200 + index))));
  full = store.counts().trouble;
}
const { written, lost } = store.counts();
const readable = store.read((database) => search(database, { ask: 'history', limit: 1 })).rows.length;
rmSync(ballast);
clock.advance(10_000);
store.write(batchOf([keptJourney(0, { id: 'last' })]));
const { trouble } = store.counts();
const newest = store.read((database) => search(database, { ask: 'history', limit: 1 })).rows[0]?.id;
process.stdout.write(JSON.stringify({ full, written, lost, readable, after: { trouble, newest } }));
