// What was learnt of sites, from all workers and over restarts: `learnt.json` in the data directory. It holds shapes and never a value.

import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyLearnt, type Learnt, maxShapes, mergeLearnt } from '../model/model.ts';
import type { Answers } from './control.ts';

/** Sites that are kept; those of a configuration that nobody has any more are forgotten first. */
const maxSites = 200;

/** What was learnt, by site. */
export type LearntBySite = Map<string, Learnt>;

/** Keeps it. Writes go on one after the other, and nobody waits for them but the end. */
export class LearntKeeper {
  readonly #path: string;
  readonly #say: (text: string) => void;
  #sites: LearntBySite | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;

  constructor(directory: string, say: (text: string) => void) {
    this.#path = join(directory, 'learnt.json');
    this.#say = say;
  }

  /** Adds what a worker learnt. */
  absorb(learnt: unknown): void {
    if (!(learnt instanceof Map) || learnt.size === 0) return;
    const sites = this.#known();
    for (const [site, from] of learnt as LearntBySite) {
      const into = sites.get(site) ?? emptyLearnt();
      sites.delete(site);
      sites.set(site, into);
      // Shapes that are there already are not counted again: a site may hold twice as many as one worker at most.
      mergeLearnt(into, from, { left: maxShapes });
      const [oldest] = sites.keys();
      if (sites.size > maxSites && oldest !== undefined) sites.delete(oldest);
    }
    this.#write();
  }

  /** The answer to `learnt`, which first asks all workers for what they have. */
  answers(collect: () => Promise<readonly unknown[]>): Answers {
    return {
      learnt: async ({ forget }) => {
        for (const part of await collect()) this.absorb(part);
        if (forget === true) {
          this.#sites = new Map();
          this.#write();
        }
        return plainLearnt(this.#known());
      },
    };
  }

  /** What is on its way to the disk is there. */
  async settle(): Promise<void> {
    while (this.#isDirty) await this.#writing;
    await this.#writing;
  }

  #known(): LearntBySite {
    this.#sites ??= readLearnt(this.#path);
    return this.#sites;
  }

  #write(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#writing = this.#writing.then(async () => {
      this.#isDirty = false;
      const text = JSON.stringify(plainLearnt(this.#known()));
      try {
        await writeFile(`${this.#path}.next`, text, { mode: 0o600 });
        await rename(`${this.#path}.next`, this.#path);
      } catch (error) {
        this.#say(`what was learnt cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  }
}

/** What a file holds; nothing where it is missing or damaged. */
export function readLearnt(path: string): LearntBySite {
  try {
    return learntOf(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return new Map();
  }
}

/** Maps as lists of pairs behind a name, as JSON has no maps. */
export function plainLearnt(sites: LearntBySite): unknown {
  return JSON.parse(JSON.stringify(sites, (_, value) => (value instanceof Map ? { map: [...value] } : value)));
}

/** The same back again. */
export function learntOf(plain: unknown): LearntBySite {
  const whole = JSON.parse(JSON.stringify(plain), (_, value) =>
    typeof value === 'object' && value !== null && Array.isArray(value.map) && Object.keys(value).length === 1
      ? new Map(value.map)
      : value,
  );
  return whole instanceof Map ? (whole as LearntBySite) : new Map();
}
