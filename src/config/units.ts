// Quantities as people write them, durations, sizes and rates, read by hand and exact.

/** A quantity, or why the text is none: `says` names the fault, `offset` where it begins. */
export type Reading<T> = { readonly value: T } | { readonly says: string; readonly offset: number };

/** Milliseconds in each unit of duration. */
const durationUnits: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['second', 1000],
  ['seconds', 1000],
  ['minute', 60_000],
  ['minutes', 60_000],
  ['hour', 3_600_000],
  ['hours', 3_600_000],
  ['day', 86_400_000],
  ['days', 86_400_000],
]);

/** Bytes in each unit of size; `KB` is 1000 and `KiB` is 1024, as the prefixes say. */
const sizeUnits: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KB', 1000],
  ['MB', 1_000_000],
  ['GB', 1_000_000_000],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
]);

/** A duration in milliseconds: `500ms`, `30s`, `10m`, `1.5h`, `180d`. */
export function parseDuration(text: string): Reading<number> {
  return parseQuantity(text, durationUnits, 'ms, s, m, h or d');
}

/** A size in bytes: `8KiB`, `10MiB`, `512B`, `1.5 MB`. */
export function parseSize(text: string): Reading<number> {
  return parseQuantity(text, sizeUnits, 'B, KiB, MiB, GiB, KB, MB or GB');
}

/** `500 per 10s`, `10 per minute`: how many, and in how many milliseconds. */
export function parseRate(text: string): Reading<{ limit: number; windowMs: number }> {
  const digits = digitsFrom(text, 0);
  if (digits === 0) return { says: 'expected a number of requests first', offset: 0 };
  const limit = Number(text.slice(0, digits));
  if (limit < 1 || limit > 1_000_000_000)
    return { says: 'the number of requests is from 1 to 1,000,000,000', offset: 0 };
  let at = spacesFrom(text, digits);
  if (text.slice(at, at + 3) === 'per') at += 3;
  else if (text[at] === '/') at += 1;
  else return { says: 'expected "per" after the number of requests', offset: at };
  at = spacesFrom(text, at);
  const rest = text.slice(at);
  const single = durationUnits.get(rest);
  if (single !== undefined) return { value: { limit, windowMs: single } };
  const duration = parseDuration(rest);
  if (!('value' in duration)) return { says: duration.says, offset: at + duration.offset };
  if (duration.value < 100 || duration.value > 86_400_000) return { says: 'a window is from 100ms to 1d', offset: at };
  return { value: { limit, windowMs: duration.value } };
}

function parseQuantity(text: string, units: ReadonlyMap<string, number>, known: string): Reading<number> {
  let at = digitsFrom(text, 0);
  if (at === 0) return { says: 'expected a number first', offset: 0 };
  if (text[at] === '.') {
    const end = digitsFrom(text, at + 1);
    if (end === at + 1) return { says: 'expected digits after the point', offset: at };
    at = end;
  }
  const number = Number(text.slice(0, at));
  const unitAt = spacesFrom(text, at);
  const unit = text.slice(unitAt);
  if (unit === '') return { says: `"${text}" has no unit`, offset: 0 };
  const factor = units.get(unit);
  if (factor === undefined) return { says: `no unit is called "${unit}"; units are ${known}`, offset: unitAt };
  // Because 1.1 KB is 1100.0000000000002 in binary: what is a whole number for people stays one.
  const exact = Math.round(number * factor * 1000) / 1000;
  if (!Number.isSafeInteger(exact)) return { says: 'is not a whole number of its smallest unit', offset: 0 };
  return { value: exact };
}

function digitsFrom(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at]! >= '0' && text[at]! <= '9') at++;
  return at;
}

function spacesFrom(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at++;
  return at;
}
