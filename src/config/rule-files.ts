// Rule files and the data beside them, for a WAF that opens no file itself.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openGeoLookup } from './geo-lookup.ts';

/** Longest file that is read, in bytes. */
const maxBytes = 32 * 1024 * 1024;

/** Reads rule files from disk. */
export const ruleFiles = Object.freeze({
  /** The text, one character a byte, or null where it cannot be read. */
  read(path: string): string | null {
    try {
      const bytes = readFileSync(path);
      return bytes.length > maxBytes ? null : bytes.toString('latin1');
    } catch {
      return null;
    }
  },

  /** The absolute path of `name` as the file `from` means it. */
  resolve(from: string, name: string): string {
    return resolve(dirname(from), name);
  },

  /** The database behind `@geoLookup`, or what is wrong with the file. */
  geoLookup: openGeoLookup,

  /** The files that a pattern names (`*` and `?` in its last part), sorted; a plain name gives itself where it is there. */
  list(pattern: string): string[] {
    const name = basename(pattern);
    if (!name.includes('*') && !name.includes('?')) return existsSync(pattern) ? [pattern] : [];
    const directory = dirname(pattern);
    try {
      return readdirSync(directory)
        .filter((one) => fits(one, 0, name, 0))
        .sort()
        .map((one) => join(directory, one));
    } catch {
      return [];
    }
  },
});

/** Whether `name` from `at` on fits `pattern` from `from` on. */
function fits(name: string, at: number, pattern: string, from: number): boolean {
  for (let index = from, place = at; ; index++, place++) {
    if (index === pattern.length) return place === name.length;
    if (pattern[index] === '*') {
      for (let next = place; next <= name.length; next++) if (fits(name, next, pattern, index + 1)) return true;
      return false;
    }
    if (place === name.length || (pattern[index] !== '?' && pattern[index] !== name[place])) return false;
  }
}
