// The journal: lines to a file, gathered and written in the background; traffic never waits for the disk.

import type { AppendedFile, Files } from './files.ts';

/** What is gathered is written when it is this long, or this old. */
const batchChars = 64 * 1024;
const batchMs = 100;

/** Most that waits for a slow disk, in characters. What comes on top is dropped and counted. */
const maxWaitingChars = 8 * 1024 * 1024;

/** What the journal did. `trouble` is what the disk last said against it, '' while it works. */
export interface JournalCounts {
  readonly written: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly trouble: string;
}

/** Appends lines to one file. Lines are whole, or missing and counted. */
export class Journal {
  readonly path: string;
  #files: Files;
  #file: AppendedFile | null = null;
  #lines: string[] = [];
  #chars = 0;
  /** Lines and characters of the batch that is being written. */
  #writingLines = 0;
  #writingChars = 0;
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #written = 0;
  #dropped = 0;
  #trouble = '';
  /** A batch broke off and may have left half a line, which a line feed keeps away from the next. */
  #torn = false;
  #stopped = false;

  constructor(path: string, files: Files) {
    this.path = path;
    this.#files = files;
  }

  get counts(): JournalCounts {
    const waiting = this.#lines.length + this.#writingLines;
    return { written: this.#written, dropped: this.#dropped, waiting, trouble: this.#trouble };
  }

  /** Opens the file, so that a wrong path is known before traffic comes. Rejects with a node error. */
  async start(): Promise<void> {
    this.#file ??= await this.#files.open(this.path);
  }

  /** Whether a line has room; asked before it is made, so that a flood of lines to be dropped costs nothing. */
  get hasRoom(): boolean {
    return !this.#stopped && this.#chars + this.#writingChars < maxWaitingChars;
  }

  /** Counts a line that was not even made. */
  drop(): void {
    this.#dropped++;
  }

  /** Takes a line without its line feed. */
  add(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length + 1;
    if (this.#writing !== null) return;
    if (this.#chars >= batchChars) void this.#write();
    else this.#timer ??= setTimeout(() => void this.#write(), batchMs).unref();
  }

  /** Writes what waits; resolves when all of it is written or dropped. */
  async flush(): Promise<void> {
    while (this.#writing !== null || this.#lines.length > 0) await (this.#writing ?? this.#write());
  }

  /** Goes on in a file freshly opened under the same name: for whoever moved the old one away. Rejects where it cannot. */
  async reopen(): Promise<void> {
    await this.flush();
    const fresh = await this.#files.open(this.path);
    const old = this.#file;
    this.#file = fresh;
    this.#torn = false;
    await old?.close();
  }

  /** Writes what waits and closes the file; lines that come later are dropped. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.flush();
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = `${this.#torn ? '\n' : ''}${this.#lines.join('\n')}\n`;
    this.#writingLines = this.#lines.length;
    this.#writingChars = this.#chars;
    this.#lines = [];
    this.#chars = 0;
    this.#writing = this.#append(batch).finally(() => {
      this.#writing = null;
      this.#writingLines = 0;
      this.#writingChars = 0;
      if (this.#lines.length > 0) this.#timer ??= setTimeout(() => void this.#write(), this.#pauseMs()).unref();
    });
    return this.#writing;
  }

  async #append(batch: string): Promise<void> {
    const lines = this.#writingLines;
    try {
      this.#file ??= await this.#files.open(this.path);
      await this.#file.append(batch);
      this.#written += lines;
      this.#torn = false;
      this.#trouble = '';
    } catch (error) {
      this.#dropped += lines;
      this.#torn = true;
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
  }

  /** No pause for a batch that is full already, unless the disk is in trouble and would only say so again. */
  #pauseMs(): number {
    return this.#chars >= batchChars && this.#trouble === '' ? 0 : batchMs;
  }
}
