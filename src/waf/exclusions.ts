// What an owner told the WAF not to look at: a detector or rule, in a place, below a path.

import { nearest, type Path, type Problem } from '../base/problem.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { percentDecode } from './decodings/percent.ts';
import { collections } from './places.ts';

/** One exclusion as its owner wrote it; a missing part means every. */
export interface ExclusionSettings {
  readonly detector?: string;
  readonly place?: string;
  readonly path?: string;
  readonly because?: string;
  readonly method?: string;
  /** The last day on which it holds, `2026-12-31` (UTC). */
  readonly until?: string;
}

interface Exclusion {
  /** Name of a detector, or '' for every. */
  readonly detector: string;
  /** Rule id, or 0 for every. */
  readonly rule: number;
  /** Pattern with `*`, or '' for every place. */
  readonly place: string;
  /** Prefix without its last `/`, or '' for every path. */
  readonly path: string;
  /** '' for every method. */
  readonly method: string;
  /** From when on it holds no more, in ms since 1970. */
  readonly endsAt: number;
}

/** The exclusions of one site. */
export class Exclusions {
  readonly #list: readonly Exclusion[];
  /** How often each excused something, in the order of the settings. */
  readonly excused: number[];

  private constructor(list: readonly Exclusion[]) {
    this.#list = list;
    this.excused = list.map(() => 0);
  }

  /** The exclusions that `settings` say; what is wrong with them goes to `problems` under `path`. */
  static compile(
    settings: readonly ExclusionSettings[],
    detectors: readonly string[],
    path: Path,
    problems: Problem[],
  ): Exclusions {
    return new Exclusions(settings.map((one, index) => compileOne(one, detectors, [...path, index], problems)));
  }

  get count(): number {
    return this.#list.length;
  }

  /** What of a rule an owner excluded: `everywhere`, `ARGS:q`, `everywhere below /console`. */
  about(detector: string, id: number): string[] {
    return this.#list
      .filter((one) => (one.detector === '' || one.detector === detector) && (one.rule === 0 || one.rule === id))
      .map(({ place, path }) => `${place === '' ? 'everywhere' : place}${path === '' ? '' : ` below ${path}`}`);
  }

  /** Whether an owner excluded `detector` (or its rule `id`) at `place` on the path of `exchange`. */
  cover(detector: string, id: number, place: string, exchange: RequestPath): boolean {
    for (let index = 0; index < this.#list.length; index++) {
      const one = this.#list[index]!;
      if (one.detector !== '' && one.detector !== detector) continue;
      if (one.rule !== 0 && one.rule !== id) continue;
      if (one.place !== '' && !matchesPlace(one.place, place)) continue;
      if (one.method !== '' && one.method !== exchange.method) continue;
      if (exchange.startedAt >= one.endsAt) continue;
      if (one.path !== '' && !isBelow(exchange, one.path)) continue;
      this.excused[index]!++;
      return true;
    }
    return false;
  }
}

function compileOne(
  setting: ExclusionSettings,
  detectors: readonly string[],
  path: Path,
  problems: Problem[],
): Exclusion {
  const { detector = '', place = '', path: prefix = '', method = '', until = '' } = setting;
  const rule = ruleNumber(detector);
  if (detector !== '' && rule === 0 && !detectors.includes(detector)) {
    const near = nearest(detector, detectors);
    problems.push({
      path: [...path, 'detector'],
      code: 'waf/unknown-detector',
      says: `there is no detector "${detector}"`,
      instead:
        near === null ? `one of ${detectors.join(', ')}, or a rule id such as 1030001` : `did you mean "${near}"?`,
    });
  }
  if (place !== '') judgePlace(place, path, problems);
  if (prefix !== '' && !prefix.startsWith('/'))
    problems.push({
      path: [...path, 'path'],
      code: 'waf/bad-exclusion-path',
      says: `the path "${prefix}" does not begin with "/"`,
      instead: `"/${prefix}"`,
    });
  return {
    detector: rule === 0 ? detector : '',
    rule,
    place,
    path: prefix.endsWith('/') ? prefix.slice(0, -1) : prefix,
    method,
    endsAt: until === '' ? Number.POSITIVE_INFINITY : endOf(until, path, problems),
  };
}

/** The end of a day (UTC) in ms since 1970. */
function endOf(day: string, path: Path, problems: Problem[]): number {
  const begin = day.length === 10 ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(begin)) return begin + 86_400_000;
  problems.push({
    path: [...path, 'until'],
    code: 'waf/bad-day',
    says: `"${day}" is no day`,
    instead: 'the last day on which it holds, such as 2026-12-31',
  });
  return 0;
}

/** The number of a rule id, or 0 for a word. */
function ruleNumber(detector: string): number {
  const number = Number(detector);
  return Number.isInteger(number) && number >= 1 && number < 2 ** 32 ? number : 0;
}

function judgePlace(place: string, path: Path, problems: Problem[]): void {
  const colon = place.indexOf(':');
  const collection = colon < 0 ? place : place.slice(0, colon);
  const isKnown = collections.includes(collection);
  if (isKnown && colon !== place.length - 1) return;
  const near = isKnown ? collection : nearest(collection, collections);
  problems.push({
    path: [...path, 'place'],
    code: 'waf/bad-place',
    says: isKnown ? `the place "${place}" ends with a colon and no name` : `there is no place "${collection}"`,
    instead:
      near === null
        ? `one of ${collections.join(', ')}, with a name where it has names: "ARGS:code"`
        : `"${near}${isKnown ? ':*' : colon < 0 ? '' : place.slice(colon)}"`,
  });
}

/** `ARGS` means `ARGS:*`; header names compare without case because fields are known in lower case. */
function matchesPlace(pattern: string, place: string): boolean {
  if (!pattern.includes(':')) return place === pattern || place.startsWith(`${pattern}:`);
  return matchesGlob(place.startsWith('REQUEST_HEADERS:') ? lowerName(pattern) : pattern, place);
}

function lowerName(pattern: string): string {
  const colon = pattern.indexOf(':');
  return pattern.slice(0, colon) + pattern.slice(colon).toLowerCase();
}

/** Whether `text` is `pattern`, in which `*` stands for anything. Goes back to the last `*` only. */
function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (at < pattern.length && pattern[at] === text[index]) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** What an exclusion looks at of a request: its path as received and as its site was chosen by, its method, and when it came. */
type RequestPath = Pick<Exchange, 'path' | 'placingPath' | 'method' | 'startedAt'>;

/**
 * Whether the request path lies below `prefix` on a segment boundary, as it was placed and as it was received. A path that
 * an application could read in another way (dot segments, backslashes, doubled slashes, a second layer of encoding) lies
 * below nothing: an exclusion is no way in.
 */
function isBelow({ path, placingPath }: RequestPath, prefix: string): boolean {
  const decoded = percentDecode(path, false);
  if (!beginsWith(decoded, prefix) || (placingPath !== '' && !beginsWith(placingPath, prefix))) return false;
  return (
    !decoded.includes('/.') &&
    !decoded.includes('//') &&
    !decoded.includes('\\') &&
    !decoded.includes('%') &&
    !decoded.includes(';') &&
    !decoded.includes('\0')
  );
}

function beginsWith(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47);
}
