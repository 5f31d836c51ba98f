// Deletes journeys from the history for good: all, those of a client, or those before a time.

import type { DatabaseSync } from 'node:sqlite';
import type { ControlQuestion } from '../control.ts';
import { filtersOf, numberOf } from './filters.ts';
import { placesPerMs } from './schema.ts';

/** Journeys that go in one transaction: what a full disk must have room for, and what writing waits for. */
const perSlice = 2000;

/** Which journeys go, as a condition of SQL with its values. */
interface Choice {
  readonly where: string;
  readonly values: readonly (string | number)[];
  /** Counts before this time go, too, in ms since 1970; null where the choice is one of clients, who are in no count. */
  readonly countsUntilMs: number | null;
}

/**
 * Deletes what the question names and gives how many journeys that were. What was deleted is overwritten, not only given
 * free. Goes from the oldest on; throws the error of SQLite where the disk stops it, and what had gone by then is gone.
 */
export function purge(database: DatabaseSync, question: ControlQuestion): number {
  const choice = choiceOf(question);
  database.exec('PRAGMA secure_delete = ON');
  try {
    // Because the log, once it is in the file, is room on a full disk.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    let [journeys, after] = [0, -1];
    for (let until = sliceEnd(database, choice, after); until !== null; until = sliceEnd(database, choice, after)) {
      journeys += purgeSlice(database, choice, after, until);
      after = until;
    }
    if (choice.countsUntilMs !== null) purgeCounts(database, choice.countsUntilMs);
    database.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)');
    return journeys;
  } finally {
    database.exec('PRAGMA secure_delete = OFF');
  }
}

function choiceOf(question: ControlQuestion): Choice {
  const filters = filtersOf({ ask: 'purge', client: question.client });
  const until = numberOf(question, 'until');
  const conditions = filters.map(({ sql }) => sql);
  const values = filters.flatMap((filter) => filter.values);
  if (until !== null) {
    conditions.push('n < ?');
    values.push(Math.floor(until * placesPerMs));
  }
  if (conditions.length === 0 && question.all !== true) throw new Error('purge needs a client, a time, or all');
  return {
    where: conditions.length === 0 ? '1' : conditions.join(' AND '),
    values,
    countsUntilMs: filters.length === 0 ? (until ?? Number.MAX_SAFE_INTEGER) : null,
  };
}

/** The last place of the next slice behind `after`; null where nothing is left. */
function sliceEnd(database: DatabaseSync, { where, values }: Choice, after: number): number | null {
  const slice = `SELECT n FROM journeys WHERE ${where} AND n > ? ORDER BY n LIMIT ${perSlice}`;
  const row = database.prepare(`SELECT max(n) AS last FROM (${slice})`).get(...values, after);
  return typeof row?.last === 'number' ? row.last : null;
}

function purgeSlice(database: DatabaseSync, choice: Choice, after: number, until: number): number {
  const where = `${choice.where} AND n > ? AND n <= ?`;
  const values = [...choice.values, after, until];
  const gone = `SELECT n FROM journeys WHERE ${where}`;
  return inTransaction(database, () => {
    database.prepare(`DELETE FROM hits WHERE n IN (${gone})`).run(...values);
    database.prepare(`DELETE FROM bodies WHERE n IN (${gone})`).run(...values);
    // Counts of many are nobody's journey, but the request that is shown for them is.
    database
      .prepare(`UPDATE groups SET sample = '' WHERE sample IN (SELECT id FROM journeys WHERE ${where})`)
      .run(...values);
    return Number(database.prepare(`DELETE FROM journeys WHERE ${where}`).run(...values).changes);
  });
}

function purgeCounts(database: DatabaseSync, untilMs: number): void {
  inTransaction(database, () => {
    database.prepare('DELETE FROM groups WHERE hour < ?').run(Math.floor(untilMs / 3_600_000));
    database.prepare('DELETE FROM tallies WHERE minute < ?').run(Math.floor(untilMs / 60_000));
  });
}

function inTransaction<T>(database: DatabaseSync, change: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const value = change();
    database.exec('COMMIT');
    return value;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
