// Files of logs that have become too large or too old: renamed, the oldest removed, and opened anew by whoever writes them.

import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';

/** When a file is renamed; null for never. */
export interface RotationSettings {
  readonly maxBytes: number | null;
  readonly everyMs: number | null;
  /** How many of the renamed ones stay: `access.log.1` is the youngest. */
  readonly keep: number;
}

/** Looks after the files of one gate. */
export class LogRotation {
  readonly #clock: Clock;
  /** When each file was begun, in ms since 1970, as far as is known. As many as the configuration names. */
  readonly #begun = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Renames what is due; gives the files that have to be opened anew, and a sentence for each that could not be renamed. */
  rotate(
    paths: readonly string[],
    settings: RotationSettings,
  ): { readonly renamed: string[]; readonly troubles: string[] } {
    const renamed: string[] = [];
    const troubles: string[] = [];
    for (const path of this.#begun.keys()) if (!paths.includes(path)) this.#begun.delete(path);
    for (const path of paths) {
      try {
        if (!this.#isDue(path, settings)) continue;
        shift(path, settings.keep);
        this.#begun.set(path, this.#clock.now());
        renamed.push(path);
      } catch (error) {
        troubles.push(`${path} cannot be renamed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return { renamed, troubles };
  }

  #isDue(path: string, { maxBytes, everyMs }: RotationSettings): boolean {
    if (maxBytes === null && everyMs === null) return false;
    const found = statSync(path, { throwIfNoEntry: false });
    // What is no file (a pipe, /dev/stdout) is nobody's to rename.
    if (found?.isFile() !== true || found.size === 0) return false;
    if (maxBytes !== null && found.size > maxBytes) return true;
    // Some file systems do not know when a file was made: then it began when it was first seen.
    const begun = this.#begun.get(path) ?? (found.birthtimeMs > 0 ? found.birthtimeMs : this.#clock.now());
    this.#begun.set(path, begun);
    return everyMs !== null && this.#clock.now() - begun >= everyMs;
  }
}

/** `path` becomes `path.1`, `path.1` becomes `path.2`; what would be `path.(keep+1)` is removed. */
function shift(path: string, keep: number): void {
  rmSync(`${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 1; number--)
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  renameSync(path, `${path}.1`);
}
