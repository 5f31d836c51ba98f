// The history where no gate has it: opened to be read alone, asked, and closed. Nothing of it is changed, and no table is made.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ControlQuestion } from '../control.ts';
import { historyQuestions } from './answering.ts';
import { schemaVersion } from './schema.ts';

/** How long another program may hold the file, in ms. */
const busyMs = 2000;
/** SQLite's numbers for what is wrong (https://www.sqlite.org/rescode.html). */
const [busy, locked, readOnly, corrupt, cannotOpen, notDatabase] = [5, 6, 8, 11, 14, 26];

/** The answer of the file in this data directory; throws an `Error` for people. Undefined where there is no such file. */
export function readHistory(dataDirectory: string, question: ControlQuestion): unknown {
  const path = join(dataDirectory, 'history.sqlite');
  if (!existsSync(path)) return undefined;
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: busyMs });
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (version !== schemaVersion) throw new Error(`${path} is of another version of Portcullis (tables ${version})`);
    return historyQuestions[question.ask]!(database, question);
  } catch (error) {
    throw troubleOf(path, error as Error & { readonly errcode?: number });
  } finally {
    database?.close();
  }
}

function troubleOf(path: string, error: Error & { readonly errcode?: number }): Error {
  const code = (error.errcode ?? -1) & 0xff;
  if (error.errcode === undefined) return error;
  if (code === busy || code === locked)
    return new Error(`${path} is held by another program; try again when it is done`);
  if (code === cannotOpen || code === readOnly)
    return new Error(`${path} cannot be opened by this user, who must be able to write beside it, too (SQLite's log)`);
  if (code === corrupt || code === notDatabase)
    return new Error(`${path} is damaged: the next gate keeps it as ${path}.damaged and begins another`);
  return new Error(`${path} cannot be read: ${error.message}`);
}
