// What the data directory keeps of the kernel's firewall: numbered generations of rules, which one stands, and one that waits to be confirmed.

import { readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KernelSettings, RuleSetting, Table } from '../../firewall/firewall.ts';
import type { Established } from '../../ports/ports.ts';
import { makeDirectories } from '../../tls/tls.ts';

/** Rules that stood in the kernel once, under their number. */
export interface StoredGeneration {
  readonly number: number;
  /** When it was applied, ISO 8601. */
  readonly at: string;
  /** How it came to be: `apply`, `rollback to 3`. */
  readonly how: string;
  readonly default: 'allow' | 'deny';
  readonly rules: readonly RuleSetting[];
  readonly kernel: KernelSettings;
  /** Names of the blocklists that its table has sets for. */
  readonly blocklists: readonly string[];
  /** What it changed, as sentences. */
  readonly changes: readonly string[];
}

/** A generation that stands until its deadline unless it is confirmed. */
export interface Pending {
  readonly generation: StoredGeneration;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** What stood before, without the elements of bans and blocklists; null for no table. */
  readonly former: Table | null;
  /** The number of the generation that stood before; 0 for none. */
  readonly formerNumber: number;
  /** The connection of who applied it; null for the console. */
  readonly caller: Established | null;
  /** Every connection that was open then: confirmation must come over another. */
  readonly known: readonly string[];
  readonly guardPid: number;
}

/** Generations that are kept; the oldest goes first. */
export const maxGenerations = 20;

/** Longest file that is read back, in bytes. */
const maxFileBytes = 256 * 1024 * 1024;

/** The store of one data directory. Nothing is written before `open`. */
export class Store {
  readonly #directory: string;

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'kernel');
  }

  /** Where the file of the pending generation is: who renames it decides about it. */
  get pendingPath(): string {
    return join(this.#directory, 'pending.json');
  }

  /** Makes the directory, open to this user alone. */
  async open(): Promise<void> {
    await makeDirectories(this.#directory, 0o700);
  }

  /**
   * Takes the store for one command alone; false where another that lives has it. That of a command that was killed is
   * taken over: `isAlive` says whether a process is one of ours and there. Where there is no store, there is nothing to take.
   */
  async lock(pid: number, isAlive: (pid: number) => boolean): Promise<boolean> {
    const path = join(this.#directory, 'lock');
    for (let tried = 0; tried < 3; tried++) {
      try {
        await writeFile(path, String(pid), { flag: 'wx', mode: 0o600 });
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (holder === pid || isAlive(holder)) return false;
      await unlink(path).catch(() => undefined);
    }
    return false;
  }

  /** Gives the store back. */
  async unlock(): Promise<void> {
    await unlink(join(this.#directory, 'lock')).catch(() => undefined);
  }

  /** The number of the generation that stands, 0 for none. */
  async current(): Promise<number> {
    const found = (await this.#read('current.json')) as { number?: unknown } | null;
    return typeof found?.number === 'number' ? found.number : 0;
  }

  async setCurrent(number: number): Promise<void> {
    await this.#write('current.json', { number });
  }

  /** Every generation that is kept, oldest first. */
  async list(): Promise<StoredGeneration[]> {
    const numbers = await this.#numbers();
    const found = await Promise.all(numbers.map((number) => this.find(number)));
    return found.filter((each) => each !== null);
  }

  async find(number: number): Promise<StoredGeneration | null> {
    return (await this.#read(nameOf(number))) as StoredGeneration | null;
  }

  /** A number that no generation has had. */
  async nextNumber(): Promise<number> {
    return Math.max(0, await this.current(), ...(await this.#numbers())) + 1;
  }

  /** Keeps a generation, and lets go of the oldest beyond `maxGenerations`. */
  async keep(generation: StoredGeneration): Promise<void> {
    await this.#write(nameOf(generation.number), generation);
    const numbers = await this.#numbers();
    for (const number of numbers.slice(0, Math.max(0, numbers.length - maxGenerations)))
      await unlink(join(this.#directory, nameOf(number))).catch(() => undefined);
  }

  async pending(): Promise<Pending | null> {
    return (await this.#read('pending.json')) as Pending | null;
  }

  /** When the pending generation was last written, in ms; 0 where there is none (any more). */
  async pendingSince(): Promise<number> {
    return stat(this.pendingPath).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  }

  /** A text that changes whenever another generation stands or waits. */
  async version(): Promise<string> {
    const of = (name: string) =>
      stat(join(this.#directory, name)).then(
        ({ mtimeMs, ino }) => `${ino} ${mtimeMs}`,
        () => 'none',
      );
    return `${await of('current.json')} ${await of('pending.json')}`;
  }

  async setPending(pending: Pending): Promise<void> {
    await this.#write('pending.json', pending);
  }

  /**
   * Takes the pending generation off the table, for one taker alone: of two who try at once (a confirmation and the
   * guard) one gets it and the other null, because a file is renamed once.
   */
  async takePending(): Promise<Pending | null> {
    const taken = `${this.pendingPath}.taken`;
    try {
      await rename(this.pendingPath, taken);
    } catch {
      return null;
    }
    return (await this.#read('pending.json.taken')) as Pending | null;
  }

  /** Who took it has brought it to its end. */
  async finish(): Promise<void> {
    await unlink(`${this.pendingPath}.taken`).catch(() => undefined);
  }

  /** What somebody took `silentMs` ago or earlier and did not bring to its end: whoever it was is dead. */
  async abandoned(now: number, silentMs: number): Promise<Pending | null> {
    const path = `${this.pendingPath}.taken`;
    const since = await stat(path).then(
      ({ ctimeMs }) => ctimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    return now - since < silentMs ? null : ((await this.#read('pending.json.taken')) as Pending | null);
  }

  /** Who took it and could not bring it to its end puts it back. */
  async putBack(): Promise<void> {
    await rename(`${this.pendingPath}.taken`, this.pendingPath).catch(() => undefined);
  }

  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const numbers = names
      .filter((name) => name.startsWith('generation-') && name.endsWith('.json'))
      .map((name) => Number(name.slice('generation-'.length, -'.json'.length)));
    return numbers.filter((number) => Number.isSafeInteger(number) && number > 0).sort((a, b) => a - b);
  }

  /** The value of a file, or null where there is none or where it is none of ours. */
  async #read(name: string): Promise<unknown> {
    const path = join(this.#directory, name);
    try {
      if ((await stat(path)).size > maxFileBytes) return null;
      return JSON.parse(await readFile(path, 'utf8'));
    } catch {
      return null;
    }
  }

  /** A reader sees the old file or the new one, never half of it. */
  async #write(name: string, value: unknown): Promise<void> {
    const path = join(this.#directory, name);
    await writeFile(`${path}.new`, JSON.stringify(value), { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
  }
}

function nameOf(number: number): string {
  return `generation-${String(number).padStart(6, '0')}.json`;
}
