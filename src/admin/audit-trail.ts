// The audit trail: who changed what, when, and how it ended; a line of JSON each, and the last ones in memory.

import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';

/** One change that somebody asked for. */
export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly who: string;
  /** The endpoint: `POST /bans`. */
  readonly what: string;
  /** What was asked, as it was read; long texts are cut, and of files (`text`) there is the length alone. */
  readonly with: unknown;
  /** `begun` until it is over, then `done`, or why not. */
  readonly outcome: string;
}

/** Most entries that are kept in memory. */
const maxKept = 500;
/** A file longer than this becomes `….1`, in place of the one before. */
const maxFileBytes = 4 * 1024 * 1024;
/** Longest text that is written down, in characters. */
const maxText = 200;
/** Bytes that a line keeps for how it ends, in JSON. */
const outcomeBytes = 320;

/** A change that is written down and not over. */
export interface Begun {
  /** How it ended: in the line that was written before it. */
  end(outcome: string): void;
}

/** The trail of one gate, in the file at `path`. */
export class AuditTrail {
  readonly #path: string;
  readonly #clock: Clock;
  #entries: AuditEntry[] = [];

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Takes up what stands in the file. A line that is no entry is passed over. */
  open(): void {
    this.#entries = linesOf(this.#path).slice(-maxKept).flatMap(entryOf);
  }

  /**
   * Writes down one change before it is made; throws where that cannot be, so that nothing is changed without a trace. Its line has
   * room for how it ends: a disk that fills up meanwhile cannot keep that from being told.
   */
  begin(who: string, what: string, asked: unknown): Begun {
    const entry = {
      at: new Date(this.#clock.now()).toISOString(),
      who,
      what,
      with: shortened(asked),
      outcome: 'begun',
    };
    if (sizeOf(this.#path) > maxFileBytes) renameSync(this.#path, `${this.#path}.1`);
    // Not for appending, because that would write the end behind what came meanwhile.
    const file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const at = fstatSync(file).size;
      writeWhole(file, lineOf(entry), at);
      this.#keep(entry);
      return { end: (outcome) => this.#end(file, at, entry, outcome) };
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  #end(file: number, at: number, entry: AuditEntry, outcome: string): void {
    const ended = { ...entry, outcome: cut(outcome) };
    const place = this.#entries.indexOf(entry);
    if (place >= 0) this.#entries[place] = ended;
    try {
      writeWhole(file, lineOf(ended), at);
    } catch {
      // A disk that breaks in this moment leaves `begun` in the line, which is true; the change was made and is answered as such.
    } finally {
      closeSync(file);
    }
  }

  #keep(entry: AuditEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > maxKept) this.#entries.shift();
  }

  /** The last entries, the newest first. */
  list(limit: number): AuditEntry[] {
    return this.#entries.slice(-limit).reverse();
  }
}

/** The entry as a line that is as long whatever its outcome. */
function lineOf(entry: AuditEntry): Buffer {
  const { outcome, ...rest } = entry;
  let told = outcome;
  while (Buffer.byteLength(JSON.stringify(told)) > outcomeBytes) told = `${told.slice(0, told.length >> 1)}…`;
  const padding = ' '.repeat(outcomeBytes - Buffer.byteLength(JSON.stringify(told)));
  return Buffer.from(`${JSON.stringify({ ...rest, outcome: told })}${padding}\n`);
}

function writeWhole(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    // There is none yet, or it cannot be read: the first change that cannot be written says so.
    return [];
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function entryOf(line: string): AuditEntry[] {
  try {
    const value = JSON.parse(line);
    const isEntry = ['at', 'who', 'what', 'outcome'].every((name) => typeof value?.[name] === 'string');
    return isEntry ? [value] : [];
  } catch {
    return [];
  }
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return cut(value);
  if (Array.isArray(value)) return value.slice(0, 20).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 20)
      .map(([name, part]) => [
        cut(name),
        name === 'text' && typeof part === 'string' ? sizeOnly(part) : shortened(part),
      ]),
  );
}

/** Because whole files may hold secrets, and the trail is shown to whoever may look. */
function sizeOnly(text: string): string {
  return `${text.length} characters`;
}

function cut(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText)}… (${text.length} characters)`;
}
