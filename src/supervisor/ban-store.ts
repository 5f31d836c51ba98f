// Bans on disk (`bans.sqlite` in the data directory): they survive restarts, and a damaged file is set aside, never a reason not to start.

import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import type { BanRecord } from '../firewall/firewall.ts';

/** What may happen to a ban on disk. */
export type BanWrite = { readonly put: BanRecord } | { readonly drop: string };

/** Bans of an earlier start, and what is to be told about their file (or ''). */
export interface Restored {
  readonly bans: readonly BanRecord[];
  readonly trouble: string;
}

const schema = `CREATE TABLE IF NOT EXISTS bans (
  target TEXT PRIMARY KEY, reason TEXT NOT NULL, made_by TEXT NOT NULL, made_at REAL NOT NULL, length_ms REAL, ends_at REAL, level INTEGER NOT NULL
) STRICT`;

/** The file. Writes wait until `flush`, so that whoever bans does not wait for a disk. */
export class BanStore {
  readonly path: string;
  readonly #clock: Clock;
  #database: DatabaseSync | null = null;
  /** By target, the last word each. No more than bans are made between two flushes. */
  readonly #waiting = new Map<string, BanWrite>();

  constructor(directory: string, clock: Clock) {
    this.path = join(directory, 'bans.sqlite');
    this.#clock = clock;
  }

  /** Whether bans are kept on disk. */
  get isKept(): boolean {
    return this.#database !== null;
  }

  /** Opens the file and gives the bans in it that have not ended. A file that cannot be read is renamed, and another begun. */
  open(): Restored {
    try {
      return { bans: this.#read(), trouble: '' };
    } catch (error) {
      return this.#renew(error as Error);
    }
  }

  /** Has a change written with the next flush. */
  write(change: BanWrite): void {
    if (this.#database === null) return;
    this.#waiting.set('put' in change ? change.put.target : change.drop, change);
  }

  /** Writes what waits, in one transaction; gives what is to be told where that cannot be, or ''. */
  flush(): string {
    const database = this.#database;
    if (database === null || this.#waiting.size === 0) return '';
    const changes = [...this.#waiting.values()];
    this.#waiting.clear();
    try {
      database.exec('BEGIN IMMEDIATE');
      const put = database.prepare('INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?, ?, ?, ?)');
      const drop = database.prepare('DELETE FROM bans WHERE target = ?');
      for (const change of changes) {
        if ('drop' in change) drop.run(change.drop);
        else put.run(...this.#row(change.put));
      }
      database.prepare('DELETE FROM bans WHERE ends_at < ?').run(this.#clock.now());
      database.exec('COMMIT');
      return '';
    } catch (error) {
      this.close();
      return `bans are not kept from now on: ${this.path} cannot be written: ${(error as Error).message}`;
    }
  }

  close(): void {
    try {
      this.#database?.close();
    } catch {
      // A database that cannot even be closed has nothing more to lose.
    }
    this.#database = null;
  }

  #read(): BanRecord[] {
    const database = new DatabaseSync(this.path, { timeout: 2000 });
    this.#database = database;
    // Because a ban that a crash of the machine loses is made again by whoever earned it, the disk is not waited for.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    const check = database.prepare('PRAGMA quick_check(1)').get() as Record<string, unknown>;
    if (Object.values(check)[0] !== 'ok') throw new Error(String(Object.values(check)[0]));
    database.exec(schema);
    const rows = database.prepare('SELECT * FROM bans ORDER BY made_at LIMIT 1000000').all();
    const now = this.#clock.now();
    return rows.map((row) => recordOf(row, now)).filter((record) => record.leftMs === null || record.leftMs > 0);
  }

  #renew(error: Error): Restored {
    this.close();
    if (!existsSync(this.path))
      return { bans: [], trouble: `bans are not kept: ${this.path} cannot be made: ${error.message}` };
    const aside = this.#asideName();
    try {
      renameSync(this.path, aside);
      for (const ending of ['-wal', '-shm'])
        if (existsSync(this.path + ending)) renameSync(this.path + ending, aside + ending);
      const bans = this.#read();
      return {
        bans,
        trouble: `${this.path} was damaged (${oneLine(error.message)}); it is kept as ${aside}, and bans begin anew`,
      };
    } catch (second) {
      this.close();
      return { bans: [], trouble: `bans are not kept: ${this.path} cannot be used: ${(second as Error).message}` };
    }
  }

  #asideName(): string {
    for (let number = 1; ; number++)
      if (!existsSync(`${this.path}.damaged-${number}`)) return `${this.path}.damaged-${number}`;
  }

  #row({ target, reason, by, madeAt, lengthMs, leftMs, level }: BanRecord): (string | number | null)[] {
    return [target, reason, by, madeAt, lengthMs, leftMs === null ? null : this.#clock.now() + leftMs, level];
  }
}

/** SQLite says what it found on several lines. */
function oneLine(text: string): string {
  return text.replaceAll('\n', ' ').slice(0, 200);
}

/** A row as a ban. What stands in a file may be anything, and the wall clock may have been set back: no ban gets longer. */
function recordOf(row: Record<string, unknown>, now: number): BanRecord {
  const lengthMs = typeof row.length_ms === 'number' ? row.length_ms : null;
  const leftMs = lengthMs === null ? null : Math.min(lengthMs, Number(row.ends_at) - now);
  return {
    target: String(row.target),
    reason: String(row.reason),
    by: row.made_by === 'gate' ? 'gate' : 'owner',
    madeAt: Number(row.made_at),
    lengthMs,
    leftMs,
    level: Number(row.level) || 0,
  };
}
