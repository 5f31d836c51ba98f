// Deleting from the history where no gate has it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { ControlQuestion } from '../control.ts';
import { HistoryStore } from './store.ts';

/**
 * Deletes what the question names from the file in this data directory; how many journeys that were. Undefined where there
 * is no such file. Throws an `Error` for people. A gate that starts meanwhile waits for the file, and loses nothing.
 */
export function purgeAtRest(dataDirectory: string, question: ControlQuestion): number | undefined {
  const path = join(dataDirectory, 'history.sqlite');
  if (![path, `${path}.damaged`].some((each) => existsSync(each))) return undefined;
  const store = new HistoryStore(path, Number.MAX_SAFE_INTEGER, systemClock);
  try {
    return store.purge(question);
  } finally {
    store.close();
  }
}
