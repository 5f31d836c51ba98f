// `node test/history-purge-full-disk.ts DIRECTORY`: fills a small disk to the last byte with a history, deletes from it, and tells as JSON how that went.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock } from '../src/base/clock.ts';
import { HistoryStore } from '../src/supervisor/history/store.ts';
import { batchOf, keptJourney } from './history-sample.ts';

const directory = process.argv[2]!;
const clock = new ManualClock();
const store = new HistoryStore(join(directory, 'history.sqlite'), 2 ** 26, clock);
for (let batch = 0; store.counts().trouble === ''; batch++)
  store.write(batchOf(Array.from({ length: 50 }, (_, index) => keptJourney(batch * 50 + index))));
fillUp(directory);
const kept = store.counts().journeys;
const part = attempt(() => store.purge({ ask: 'purge', client: keptJourney(1).client }));
const all = attempt(() => store.purge({ ask: 'purge', all: true }));
clock.advance(10_000);
store.write(batchOf([keptJourney(0, { id: 'last' })]));
const { journeys, trouble } = store.counts();
process.stdout.write(JSON.stringify({ kept, part, all, after: { journeys, trouble } }));

/** Ever smaller files, until not even a byte has room. */
function fillUp(place: string): void {
  let number = 0;
  for (const bytes of [65_536, 4096, 512, 1])
    while (typeof attempt(() => writeFileSync(join(place, `ballast-${number++}`), Buffer.alloc(bytes))) !== 'string');
}

function attempt<T>(act: () => T): T | string {
  try {
    return act();
  } catch (error) {
    return (error as Error).message;
  }
}
