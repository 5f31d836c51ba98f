// Deletes journeys from the history for good: all, those of a client, or those before a time.

import type { DatabaseSync } from 'node:sqlite';
import type { ControlQuestion } from '../control.ts';
import { filtersOf, numberOf } from './filters.ts';
import { placesPerMs } from './schema.ts';

/** Deletes what the question names and gives how many journeys that were. What was deleted is overwritten, not only given free. */
export function purge(database: DatabaseSync, question: ControlQuestion): number {
  const filters = filtersOf({ ask: 'purge', client: question.client });
  const until = numberOf(question, 'until');
  const conditions = filters.map(({ sql }) => sql);
  const values = filters.flatMap((filter) => filter.values);
  if (until !== null) {
    conditions.push('n < ?');
    values.push(Math.floor(until * placesPerMs));
  }
  if (conditions.length === 0 && question.all !== true) throw new Error('purge needs a client, a time, or all');
  const where = conditions.length === 0 ? '1' : conditions.join(' AND ');
  const gone = `SELECT n FROM journeys WHERE ${where}`;
  database.exec('PRAGMA secure_delete = ON');
  database.exec('BEGIN IMMEDIATE');
  try {
    database.prepare(`DELETE FROM hits WHERE n IN (${gone})`).run(...values);
    database.prepare(`DELETE FROM bodies WHERE n IN (${gone})`).run(...values);
    // Counts of many are nobody's journey, but the request that is shown for them is.
    database
      .prepare(`UPDATE groups SET sample = '' WHERE sample IN (SELECT id FROM journeys WHERE ${where})`)
      .run(...values);
    const { changes } = database.prepare(`DELETE FROM journeys WHERE ${where}`).run(...values);
    if (filters.length === 0) {
      const ms = until ?? Number.MAX_SAFE_INTEGER;
      database.prepare('DELETE FROM groups WHERE hour < ?').run(Math.floor(ms / 3_600_000));
      database.prepare('DELETE FROM tallies WHERE minute < ?').run(Math.floor(ms / 60_000));
    }
    database.exec('COMMIT');
    database.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)');
    return Number(changes);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  } finally {
    database.exec('PRAGMA secure_delete = OFF');
  }
}
