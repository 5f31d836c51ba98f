// Keeps blocklists fresh: from files and over HTTP, within bounds; what is broken never replaces what is good.

import { mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Blocklist, ReadList } from '../firewall/firewall.ts';
import { readList } from './list-reader.ts';

/** A blocklist as its owner wants it. */
export interface BlocklistSettings {
  readonly name: string;
  /** An absolute path, or an address that begins with http:// or https://. */
  readonly from: string;
  readonly format: 'lines' | 'csv';
  readonly column: number;
  readonly everyMs: number;
  readonly maxBytes: number;
}

/** How a blocklist is. Times are ms since 1970, 0 for never. */
export interface BlocklistStatus {
  readonly name: string;
  readonly from: string;
  readonly entries: number;
  readonly broken: number;
  readonly faults: readonly string[];
  readonly loadedAt: number;
  /** Why the last try brought nothing, or ''. */
  readonly problem: string;
  /** Whether what is in force is older than three refreshes. */
  readonly isStale: boolean;
}

export interface BlocklistTools {
  readonly clock: Clock;
  /** Where copies of what was downloaded are kept. */
  readonly directory: string;
  /** The platform's `fetch`. */
  load(address: string, options: RequestInit): Promise<Response>;
  /** Puts all lists in force. */
  use(lists: readonly Blocklist[]): void;
  /** Hears a sentence for the owner. */
  warn(says: string): void;
}

/** Longest download, in ms. */
const maxDownloadMs = 60_000;

interface Kept {
  readonly settings: BlocklistSettings;
  list: ReadList | null;
  loadedAt: number;
  /** When it is tried again, in ms of the monotonic clock. */
  dueMs: number;
  problem: string;
  /** What tells whether the source has changed: an entity tag, or the time of the file. */
  version: string;
}

/** Text that came, or that what is known still holds, or why nothing came. */
type Fetched =
  | { readonly text: string; readonly version: string }
  | { readonly same: true }
  | { readonly problem: string };

/** All blocklists of the settings. */
export class BlocklistKeeper {
  readonly #kept: readonly Kept[];
  readonly #tools: BlocklistTools;
  #running: Promise<void> | null = null;
  #isStopped = false;

  constructor(settings: readonly BlocklistSettings[], tools: BlocklistTools) {
    this.#tools = tools;
    this.#kept = settings.map((each) => ({
      settings: each,
      list: null,
      loadedAt: 0,
      dueMs: 0,
      problem: '',
      version: '',
    }));
  }

  /** Puts the copies of earlier downloads in force; then each list is due. */
  async start(): Promise<void> {
    for (const kept of this.#kept) if (isUrl(kept.settings.from)) await this.#restore(kept);
    this.#use();
  }

  /** Begins to refresh what is due (of files only, where that is asked), unless a refresh is under way. */
  tick(filesOnly = false): Promise<void> {
    const nowMs = this.#tools.clock.monotonicMs();
    const due = this.#kept.filter(({ dueMs, settings }) => dueMs <= nowMs && !(filesOnly && isUrl(settings.from)));
    if (due.length === 0 || this.#running !== null || this.#isStopped) return this.#running ?? Promise.resolve();
    this.#running = this.#refresh(due).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Takes nothing new in force any more. */
  stop(): void {
    this.#isStopped = true;
  }

  status(): BlocklistStatus[] {
    const now = this.#tools.clock.now();
    return this.#kept.map(({ settings, list, loadedAt, problem }) => ({
      name: settings.name,
      from: settings.from,
      entries: list?.entries ?? 0,
      broken: list?.broken ?? 0,
      faults: list?.faults ?? [],
      loadedAt,
      problem,
      isStale: problem !== '' && now - loadedAt > 3 * settings.everyMs,
    }));
  }

  async #refresh(due: readonly Kept[]): Promise<void> {
    let isChanged = false;
    for (const kept of due) {
      if (await this.#refreshOne(kept)) isChanged = true;
      kept.dueMs = this.#tools.clock.monotonicMs() + kept.settings.everyMs;
    }
    if (isChanged && !this.#isStopped) this.#use();
  }

  /** True where another list is to be put in force. */
  async #refreshOne(kept: Kept): Promise<boolean> {
    const { settings } = kept;
    const fetched = await this.#fetch(kept);
    if ('same' in fetched) {
      kept.loadedAt = this.#tools.clock.now();
      kept.problem = '';
      return false;
    }
    const list = 'problem' in fetched ? fetched.problem : await read(fetched.text, settings);
    if (typeof list === 'string' || 'problem' in fetched) {
      this.#fail(kept, String(list));
      return false;
    }
    kept.list = list;
    kept.loadedAt = this.#tools.clock.now();
    kept.problem = '';
    kept.version = fetched.version;
    if (list.broken > 0) {
      const lines = list.broken === 1 ? '1 line was left out' : `${list.broken} lines were left out, the first is`;
      this.#tools.warn(`blocklist ${settings.name}: ${lines}${list.broken === 1 ? ':' : ''} ${list.faults[0]}`);
    }
    if (isUrl(settings.from)) await this.#keepCopy(settings.name, fetched.text);
    return true;
  }

  #fail(kept: Kept, problem: string): void {
    const { name, from } = kept.settings;
    const what = kept.list === null ? 'nobody is on it' : 'the last good one stays in force';
    if (problem !== kept.problem) this.#tools.warn(`blocklist ${name}: ${from}: ${problem}; ${what}`);
    kept.problem = problem;
  }

  #fetch(kept: Kept): Promise<Fetched> {
    return isUrl(kept.settings.from) ? this.#download(kept) : readFileOf(kept);
  }

  async #download({ settings, version }: Kept): Promise<Fetched> {
    try {
      const headers = version === '' ? {} : { 'if-none-match': version };
      const signal = AbortSignal.timeout(maxDownloadMs);
      const answer = await this.#tools.load(settings.from, { headers, signal, redirect: 'follow' });
      if (answer.status === 304) return { same: true };
      if (answer.status !== 200) {
        await answer.body?.cancel();
        return { problem: `the server answered ${answer.status}` };
      }
      const bytes = await bounded(answer, settings.maxBytes);
      if (bytes === null) return { problem: `it is longer than ${settings.maxBytes} bytes (max_size)` };
      return { text: new TextDecoder().decode(bytes), version: answer.headers.get('etag') ?? '' };
    } catch (error) {
      const cause = (error as { cause?: unknown }).cause;
      const from = cause instanceof Error ? cause.message : (error as Error).message;
      return {
        problem: (error as Error).name === 'TimeoutError' ? `no answer within ${maxDownloadMs / 1000} s` : from,
      };
    }
  }

  #copyPath(name: string): string {
    return join(this.#tools.directory, `${name}.txt`);
  }

  async #restore(kept: Kept): Promise<void> {
    const path = this.#copyPath(kept.settings.name);
    try {
      const { mtimeMs, size } = await stat(path);
      if (size > kept.settings.maxBytes) return;
      const list = await read(await readFile(path, 'utf8'), kept.settings);
      if (typeof list === 'string') return;
      kept.list = list;
      kept.loadedAt = mtimeMs;
    } catch {
      // There is no copy, or none that can be read: the download is due anyway.
    }
  }

  async #keepCopy(name: string, text: string): Promise<void> {
    try {
      await mkdir(this.#tools.directory, { recursive: true, mode: 0o700 });
      const path = this.#copyPath(name);
      await writeFile(`${path}.new`, text, { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      this.#tools.warn(`blocklist ${name}: no copy is kept for the next start: ${(error as Error).message}`);
    }
  }

  #use(): void {
    const lists = this.#kept.flatMap(({ settings, list }) =>
      list === null ? [] : [{ name: settings.name, from: settings.from, ranges: list.ranges, index: list.index }],
    );
    this.#tools.use(lists);
  }
}

/** Whether a list comes over HTTP. */
export function isUrl(from: string): boolean {
  return from.startsWith('http://') || from.startsWith('https://');
}

async function readFileOf({ settings, version }: Kept): Promise<Fetched> {
  const file = await open(settings.from, 'r').catch((error: Error) => error);
  if (file instanceof Error) return { problem: file.message };
  try {
    const { mtimeMs, size, ino } = await file.stat();
    const own = `${ino} ${mtimeMs} ${size}`;
    if (own === version) return { same: true };
    if (size > settings.maxBytes) return { problem: `it is longer than ${settings.maxBytes} bytes (max_size)` };
    return { text: await file.readFile('utf8'), version: own };
  } catch (error) {
    return { problem: (error as Error).message };
  } finally {
    await file.close();
  }
}

/** The body of an answer, or null where it is longer. */
async function bounded(answer: Response, maxBytes: number): Promise<Buffer | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > maxBytes) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** A list from its text, or why it is none. */
function read(text: string, settings: BlocklistSettings): Promise<ReadList | string> {
  return readList(text, settings).catch((error: Error) => `it could not be read: ${error.message}`);
}
