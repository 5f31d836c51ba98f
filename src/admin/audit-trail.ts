// The audit trail: who changed what, when, and how it ended; a line of JSON each, and the last ones in memory.

import { appendFileSync, readFileSync, renameSync, statSync } from 'node:fs';
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
  /** `done`, or why not. */
  readonly outcome: string;
}

/** Most entries that are kept in memory. */
const maxKept = 500;
/** A file longer than this becomes `….1`, in place of the one before. */
const maxFileBytes = 4 * 1024 * 1024;
/** Longest text that is written down, in characters. */
const maxText = 200;

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

  /** Writes down one change; throws where that cannot be, so that nothing is changed without a trace. */
  write(who: string, what: string, asked: unknown, outcome: string): void {
    const entry = {
      at: new Date(this.#clock.now()).toISOString(),
      who,
      what,
      with: shortened(asked),
      outcome: cut(outcome),
    };
    if (sizeOf(this.#path) > maxFileBytes) renameSync(this.#path, `${this.#path}.1`);
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    this.#entries.push(entry);
    if (this.#entries.length > maxKept) this.#entries.shift();
  }

  /** The last entries, the newest first. */
  list(limit: number): AuditEntry[] {
    return this.#entries.slice(-limit).reverse();
  }
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
