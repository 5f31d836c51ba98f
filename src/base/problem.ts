// A problem: what is wrong with something a person wrote, where, and how to mend it.
// Stations report problems by the path inside their own settings; `config` turns a path into file:line:column.

/** A place in a file a person wrote; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The way from the root of the settings to one value: `['firewall', 'rules', 2]`. */
export type Path = readonly (string | number)[];

/** One thing that is wrong. `says` is one sentence without a full stop; `instead` says what to write. */
export interface Problem {
  readonly path: Path;
  /** `station/slug`, for machines and for the manual. */
  readonly code: string;
  readonly says: string;
  readonly instead?: string;
  /** Where inside a string value the fault begins, and how long it is, in characters. */
  readonly offset?: number;
  readonly length?: number;
  /** Where it stands in a file that the settings name, with the line itself: its own place is then shown in place of the path's. */
  readonly place?: Position & { readonly length: number; readonly source: string };
}

/** What every `build` gives: the thing, or all problems that its settings have. */
export type Built<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A successful build. */
export function built<T>(value: T, warnings: readonly Problem[] = []): Built<T> {
  return { ok: true, value, warnings };
}

/** A failed build; `problems` is never empty. */
export function failed<T>(problems: readonly Problem[]): Built<T> {
  return { ok: false, problems };
}

/** The known word nearest to `word` by edit distance, or null where none is near enough to be meant. */
export function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Damerau–Levenshtein distance (neighbouring letters swapped count one), cut off at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > 64 || b.length > 64) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, beforePrevious[column - 2]! + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return Math.min(limit, previous[b.length]!);
}
