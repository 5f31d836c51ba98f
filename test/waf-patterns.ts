// Patterns and phrases for tests of rule sets, by the engine of the runtime: nothing of traffic meets them.

import type { CompilerTools, RuleFiles } from '../src/waf/compile/compiler.ts';

/** Files in memory, by their absolute names; a database of addresses is JSON: members by address. */
export function filesOf(texts: Readonly<Record<string, string>>): RuleFiles {
  return {
    read: (path) => (Object.hasOwn(texts, path) ? texts[path]! : null),
    resolve: (from, name) => (name.startsWith('/') ? name : `${from.slice(0, from.lastIndexOf('/') + 1)}${name}`),
    geoLookup(path) {
      if (!Object.hasOwn(texts, path)) return { says: `${path} is no database of addresses`, instead: 'name one' };
      const places: Record<string, Record<string, string>> = JSON.parse(texts[path]!);
      return (address) => (Object.hasOwn(places, address) ? Object.entries(places[address]!) : null);
    },
    list(pattern) {
      if (!pattern.includes('*')) return Object.hasOwn(texts, pattern) ? [pattern] : [];
      const [before = '', after = ''] = pattern.split('*');
      return Object.keys(texts)
        .filter((name) => name.startsWith(before) && name.endsWith(after))
        .sort();
    },
  };
}

/** Tools with everything in memory. */
export function toolsOf(texts: Readonly<Record<string, string>> = {}): CompilerTools {
  return {
    files: filesOf(texts),
    detectSqli: (value) => (value.includes("' OR") ? 's&1' : null),
    detectXss: (value) => value.includes('<script'),
    phrases(list) {
      const find = (value: string) => {
        const lower = value.toLowerCase();
        for (const phrase of list) {
          const start = lower.indexOf(phrase.toLowerCase());
          if (start >= 0) return { start, end: start + phrase.length };
        }
        return null;
      };
      return { find, test: (value) => find(value) !== null };
    },
    pattern(source, flags) {
      const isFree = source.startsWith('(?i)');
      const letters = `d${flags.dotAll === true ? 's' : ''}${flags.ignoreCase === true || isFree ? 'i' : ''}`;
      try {
        const pattern = new RegExp(isFree ? source.slice(4) : source, letters);
        const global = new RegExp(pattern.source, `${letters}g`);
        return {
          test: (value) => pattern.test(value),
          exec: (value, from = 0) => {
            global.lastIndex = from;
            return global.exec(value)?.indices?.flatMap((pair) => pair ?? [-1, -1]) ?? null;
          },
        };
      } catch {
        return { says: 'the pattern is broken', instead: 'mend it', offset: 0, length: 1 };
      }
    },
  };
}
