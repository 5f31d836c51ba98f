// The file of the history: journeys and counts are written in, the oldest leave in bulk, and nothing that happens to the file is an end.

import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Clock } from '../../base/clock.ts';
import type { HistoryBatch, HistoryCounts, KeptJourney } from '../../traffic/history.ts';
import type { ControlQuestion } from '../control.ts';
import { addressKey } from './address-key.ts';
import { packed } from './packing.ts';
import { purge } from './purge.ts';
import { placesPerMs, schema, schemaVersion } from './schema.ts';

/** Parts of the bound at which the oldest begin to leave, and at which they stop. */
const highShare = 0.92;
const lowShare = 0.88;
/** What the write-ahead log may take of the bound, in bytes; it is emptied about every 1,000 pages. */
const logBytes = 8 * 1024 * 1024;
/** Most journeys that leave with one batch: a search waits for that long. */
const maxLeaving = 2000;
/** About what a journey takes beside its line: facts and their places in the indices. */
const factBytes = 600;
/** How long another program may hold the file before its owner is told, in ms. */
const busyMs = 1000;
/** After a write failed, so long is none tried, in ms. */
const pauseMs = 2000;
/** Rows of counts that are kept: some weeks of an ordinary gate, an hour or two under an attack from everywhere. */
const maxGroups = 200_000;
const maxTallies = 500_000;
/** Rows of one hour after which the part of the network is no longer told apart. */
const maxGroupsOfHour = 50_000;
/** Every so many batches counts are bounded. */
const boundEvery = 100;

/** SQLite's numbers for what is wrong (https://www.sqlite.org/rescode.html): busy, locked, an I/O error, corrupt, full, no database. */
const [busy, locked, ioError, corrupt, full, notDatabase] = [5, 6, 10, 11, 13, 26];

/** What SQLite keeps beside a file. */
const companions = ['-wal', '-shm'];

/** The open file with the statements that write. */
interface Open {
  readonly database: DatabaseSync;
  readonly journey: StatementSync;
  readonly body: StatementSync;
  readonly hit: StatementSync;
  readonly group: StatementSync;
  readonly tally: StatementSync;
}

/** One file, used by one thread alone. */
export class HistoryStore {
  readonly path: string;
  #maxBytes: number;
  readonly #clock: Clock;
  #open: Open | null = null;
  #last = 0;
  #written = 0;
  #notKept = 0;
  #lost = 0;
  #trouble = '';
  /** What was done about a damaged file: told until the next start. */
  #setAside = '';
  #pausedUntilMs = 0;
  #batches = 0;
  #foldsPrefixes = false;
  #isLettingGo = false;

  constructor(path: string, maxBytes: number, clock: Clock) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** Writes a batch in one transaction; what the disk does not take is lost, and counted. Never throws. */
  write(batch: HistoryBatch): void {
    this.#notKept += batch.notKept;
    if (this.#clock.monotonicMs() < this.#pausedUntilMs) {
      this.#lost += batch.journeys.length;
      return;
    }
    try {
      this.#insert(batch);
    } catch (error) {
      if (!this.#fail(error as SqliteError) || !this.#insertAgain(batch)) {
        this.#lost += batch.journeys.length;
        return;
      }
    }
    this.#written += batch.journeys.length;
    this.#trouble = '';
  }

  /** The database for a question; throws an `Error` for people where it cannot be had. */
  read<T>(question: (database: DatabaseSync) => T): T {
    try {
      return question(this.#opened().database);
    } catch (error) {
      if (!isSqlite(error)) throw error;
      if (this.#fail(error)) return this.read(question);
      throw new Error(this.#trouble);
    }
  }

  /**
   * Deletes what the question names; how many journeys that were. Where the disk is too full even for that, all can go
   * still, by the files; throws an `Error` for people where less is wanted.
   */
  purge(question: ControlQuestion): number {
    const isAll = question.all === true && question.client === undefined && question.until === undefined;
    if (isAll) removeDatabase(`${this.path}.damaged`);
    return this.read((database) => {
      try {
        return purge(database, question);
      } catch (error) {
        if (!isSqlite(error) || codeOf(error) !== full) throw error;
        if (!isAll)
          throw new Error(`${this.path} has no room to delete in: free some 8 MiB of its disk, or purge --all`);
      }
      const journeys = numberOf(database, 'SELECT count(*) FROM journeys');
      this.close();
      removeDatabase(this.path);
      this.#pausedUntilMs = 0;
      return journeys;
    });
  }

  /** Another bound, in bytes. */
  bound(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    if (this.#open !== null) limitPages(this.#open.database, maxBytes);
  }

  /** What was kept and what was not, since the start. */
  get sums(): { readonly kept: number; readonly notKept: number } {
    return { kept: this.#written, notKept: this.#notKept };
  }

  counts(): HistoryCounts {
    let [journeys, bytes] = [0, 0];
    try {
      const { database } = this.#opened();
      journeys = numberOf(database, 'SELECT count(*) FROM journeys');
      bytes = sizeOf(database);
    } catch (error) {
      if (isSqlite(error)) this.#fail(error);
    }
    return {
      journeys,
      bytes,
      maxBytes: this.#maxBytes,
      written: this.#written,
      notKept: this.#notKept,
      lost: this.#lost,
      trouble: [this.#trouble, this.#setAside].filter((text) => text !== '').join('; '),
    };
  }

  close(): void {
    const open = this.#open;
    this.#open = null;
    try {
      open?.database.close();
    } catch {
      // A database that cannot even be closed has nothing more to lose.
    }
  }

  #opened(): Open {
    this.#open ??= this.#begin();
    return this.#open;
  }

  #begin(): Open {
    // Made by us, so that nobody else may read it; SQLite gives its log the mode of its file.
    closeSync(openSync(this.path, 'a', 0o600));
    const database = new DatabaseSync(this.path, { timeout: busyMs });
    try {
      return this.#prepared(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #prepared(database: DatabaseSync): Open {
    const version = numberOf(database, 'PRAGMA user_version');
    if (version !== 0 && version !== schemaVersion)
      throw Object.assign(new Error(`its tables are of version ${version}`), { errcode: notDatabase });
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    // Because journeys that a crash of the machine loses are no great loss, the disk is not waited for.
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${logBytes}`);
    database.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384');
    // A full disk can still be read, and what is there already need not be written again.
    if (version !== schemaVersion) database.exec(schema);
    limitPages(database, this.#maxBytes);
    this.#last = Math.max(this.#last, numberOf(database, 'SELECT max(n) FROM journeys'));
    const places = (count: number) => new Array<string>(count).fill('?').join(', ');
    return {
      database,
      journey: database.prepare(`INSERT INTO journeys VALUES (${places(20)})`),
      body: database.prepare('INSERT INTO bodies VALUES (?, ?)'),
      hit: database.prepare('INSERT OR IGNORE INTO hits VALUES (?, ?)'),
      group: database.prepare(
        `INSERT INTO groups VALUES (${places(11)}) ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at), sample = iif(excluded.sample = '', sample, excluded.sample)`,
      ),
      tally: database.prepare(
        `INSERT INTO tallies VALUES (${places(6)}) ON CONFLICT DO UPDATE SET count = count + excluded.count`,
      ),
    };
  }

  #insert(batch: HistoryBatch): void {
    const open = this.#opened();
    const { database } = open;
    database.exec('BEGIN IMMEDIATE');
    try {
      this.#letGo(
        database,
        batch.journeys.reduce((sum, { journey }) => sum + journey.length + factBytes, 0),
      );
      for (const journey of batch.journeys) this.#insertJourney(open, journey);
      const now = this.#clock.now();
      const minute = Math.floor(now / 60_000);
      const hour = Math.floor(now / 3_600_000);
      for (const { layer, verdict, why, rule, site, prefix, count, firstAt, lastAt, sample } of batch.groups) {
        const shown = this.#foldsPrefixes ? '' : prefix;
        open.group.run(hour, layer, verdict, why, rule, site, shown, count, firstAt, lastAt, sample);
      }
      for (const { layer, verdict, why, site, count } of batch.tallies)
        open.tally.run(minute, layer, verdict, why, site, count);
      if (this.#batches++ % boundEvery === 0) this.#boundCounts(database, hour);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** The same into the file that took a damaged one's place; false where that fails, too. */
  #insertAgain(batch: HistoryBatch): boolean {
    try {
      this.#insert(batch);
      return true;
    } catch (error) {
      this.#fail(error as SqliteError);
      return false;
    }
  }

  #insertJourney({ journey, body, hit }: Open, kept: KeptJourney): void {
    const n = Math.max(this.#last + 1, Math.floor(this.#clock.now()) * placesPerMs);
    this.#last = n;
    const { id, at, client, from, method, host, site, path, status } = kept;
    const { verdict, layer, why, rule, says, score, ms, bytes, isFirst } = kept;
    const address = addressKey(client);
    const request = [n, id, at, client, from, address, method, host, site, path, status] as const;
    journey.run(...request, verdict, layer, why, rule, says, score, ms, bytes, isFirst ? 1 : 0);
    body.run(n, packed(kept.journey));
    for (const found of kept.found) hit.run(found, n);
  }

  /** Where the file is nearly as large as it may be, the oldest go: those that chance kept first, while they have more than half of it. */
  #letGo(database: DatabaseSync, comingBytes: number): void {
    if (sizeOf(database) + comingBytes < this.#maxBytes * (this.#isLettingGo ? lowShare : highShare) - logBytes) {
      this.#isLettingGo = false;
      return;
    }
    this.#isLettingGo = true;
    const first = numberOf(database, 'SELECT count(*) FROM journeys WHERE first = 1');
    const others = numberOf(database, 'SELECT count(*) FROM journeys WHERE first = 0');
    const which = others >= first ? 0 : 1;
    const until = numberOf(
      database,
      `SELECT max(n) FROM (SELECT n FROM journeys WHERE first = ${which} ORDER BY n LIMIT ${maxLeaving})`,
    );
    const gone = `SELECT n FROM journeys WHERE first = ${which} AND n <= ${until}`;
    database.exec(`DELETE FROM hits WHERE n IN (${gone})`);
    database.exec(`DELETE FROM bodies WHERE n IN (${gone})`);
    database.exec(`DELETE FROM journeys WHERE first = ${which} AND n <= ${until}`);
  }

  #boundCounts(database: DatabaseSync, hour: number): void {
    const ofHour = numberOf(database, `SELECT count(*) FROM groups WHERE hour = ${hour}`);
    this.#foldsPrefixes = ofHour > maxGroupsOfHour;
    if (numberOf(database, 'SELECT count(*) FROM groups') > maxGroups)
      database.exec('DELETE FROM groups WHERE hour = (SELECT min(hour) FROM groups)');
    if (numberOf(database, 'SELECT count(*) FROM tallies') > maxTallies)
      database.exec('DELETE FROM tallies WHERE minute < (SELECT min(minute) + 1440 FROM tallies)');
  }

  /** Writes down what is wrong; true where a damaged file was set aside, and there is another. */
  #fail(error: SqliteError): boolean {
    const code = codeOf(error);
    if (code === corrupt || code === notDatabase) return this.#renew(error);
    this.#pausedUntilMs = this.#clock.monotonicMs() + pauseMs;
    this.#trouble = sentenceOf(this.path, code, error);
    // A file that cannot be written can be read all the same, and written again when there is room; anything else is opened anew.
    if (![busy, locked, full, ioError].includes(code)) this.close();
    return false;
  }

  #renew(error: Error): boolean {
    this.close();
    // One damaged file is kept, the last: a disk that damages each must not be filled with them.
    const aside = `${this.path}.damaged`;
    try {
      renameSync(this.path, aside);
      for (const ending of companions)
        if (existsSync(this.path + ending)) renameSync(this.path + ending, aside + ending);
      this.#open = this.#begin();
      this.#setAside = `${this.path} could not be used (${oneLine(error.message)}); it is kept as ${aside}, and the history begins anew`;
      return true;
    } catch (second) {
      this.close();
      this.#pausedUntilMs = this.#clock.monotonicMs() + pauseMs;
      this.#trouble = sentenceOf(this.path, 0, second as Error);
      return false;
    }
  }
}

/** An error as node:sqlite throws it. */
interface SqliteError extends Error {
  readonly errcode?: number;
}

/** Whether SQLite or the file system is to blame, and not our own code. */
function isSqlite(error: unknown): error is SqliteError {
  return error instanceof Error && ('errcode' in error || 'errno' in error);
}

function codeOf(error: SqliteError): number {
  return (error.errcode ?? 0) & 0xff;
}

/** Removes a file of SQLite with what belongs to it. */
function removeDatabase(path: string): void {
  for (const ending of ['', ...companions]) rmSync(path + ending, { force: true });
}

function sentenceOf(path: string, code: number, error: Error): string {
  const says = oneLine(error.message);
  if (code === full || says.includes('ENOSPC')) return `nothing is added to ${path}: the disk is full (${says})`;
  if (code === busy || code === locked) return `nothing is added to ${path}: another program holds it (${says})`;
  return `nothing is added to ${path}: ${says}`;
}

function limitPages(database: DatabaseSync, maxBytes: number): void {
  const pageBytes = numberOf(database, 'PRAGMA page_size');
  database.exec(`PRAGMA max_page_count = ${Math.max(64, Math.floor((maxBytes - logBytes) / pageBytes))}`);
}

/** Bytes of the pages that are in use. */
function sizeOf(database: DatabaseSync): number {
  const pages = numberOf(database, 'PRAGMA page_count') - numberOf(database, 'PRAGMA freelist_count');
  return pages * numberOf(database, 'PRAGMA page_size');
}

function numberOf(database: DatabaseSync, sql: string): number {
  const row = database.prepare(sql).get() as Record<string, unknown> | undefined;
  return Number(Object.values(row ?? {})[0] ?? 0);
}

/** SQLite says what it found on several lines. */
function oneLine(text: string): string {
  return text.replaceAll('\n', ' ').slice(0, 200);
}
