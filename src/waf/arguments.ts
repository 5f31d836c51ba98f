// Arguments of a query or a form, read and judged in one pass (WHATWG URL 5.1: `name=value` joined by `&`).

import { classify, classOfByte, HIGH, nextOf, PERCENT, PLUS } from './classes.ts';
import { percentDecode } from './decodings/percent.ts';
import { argumentName, type Place } from './places.ts';

/** Pairs among which repeated names are sought. */
const maxRepeated = 1024;

const none: readonly string[] = Object.freeze([]);
const decodedOnce: readonly string[] = Object.freeze(['urlDecode']);

/** Who judges the names and values; one that is `stopped` wants no more. */
export interface ArgumentJudge {
  readonly stopped: boolean;
  countArgument(): void;
  value(place: Place, name: string, text: string, decoded: readonly string[]): boolean;
}

/** Text of arguments that stands inside a value: where that stands, and what was undone before. */
export interface Inside {
  readonly name: string;
  readonly decoded: readonly string[];
}

/**
 * Judges every name and value of `text`, still encoded, in `place`. Where the text stands inside a value (a
 * Referer's query), they bear that one's name and are not counted. Ordinary pairs cost one look at each character and no
 * allocation.
 */
export function judgeArguments(judge: ArgumentJudge, place: Place, text: string, inside: Inside | null = null): void {
  const names = new Set<number>();
  let mayRepeat = false;
  let marked = 0;
  let nextEquals = -1;
  for (let start = 0; start < text.length; ) {
    const separator = text.indexOf('&', start);
    const end = separator < 0 ? text.length : separator;
    if (end > start) {
      if (inside === null) judge.countArgument();
      // Because a text without any would be searched to its end for every pair.
      if (nextEquals < start) nextEquals = nextOf(text, '=', start);
      const equals = nextEquals < end ? nextEquals : -1;
      const nameMask = classify(text, start, equals < 0 ? end : equals);
      const mask = equals < 0 ? nameMask : maskOf(text, equals + 1, end);
      judgePair(judge, place, text, start, equals, end, nameMask, mask, inside);
      if (judge.stopped) return;
      if (mask !== 0 && equals > start) marked++;
      if (!mayRepeat && equals > start) mayRepeat = isSeen(names, text, start, equals, nameMask);
    }
    start = end + 1;
  }
  if (mayRepeat && marked > 1) judgeRepeated(judge, place, text, inside);
}

/** Whether there is a telling character from `start` to `end`: the classes of the first that tell it, 0 where none does. */
function maskOf(text: string, start: number, end: number): number {
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    const mask = code < 256 ? classOfByte[code]! : HIGH;
    if (mask !== 0) return mask;
  }
  return 0;
}

/** Whether the name from `start` to `end` may be one that came before, its case aside; false is final. */
function isSeen(names: Set<number>, text: string, start: number, end: number, mask: number): boolean {
  if ((mask & (PERCENT | PLUS | HIGH)) !== 0) return true;
  let hash = end - start;
  for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + (text.charCodeAt(index) | 32)) | 0;
  if (names.has(hash)) return true;
  names.add(hash);
  return names.size > maxRepeated;
}

/**
 * Judges the values of a name that comes more than once as the one value that ASP.NET and the arrays of JavaScript make
 * of them: joined by commas. An attack in pieces hides the commas in comments: `id=1/*&id=*\/union select 1`.
 */
function judgeRepeated(judge: ArgumentJudge, place: Place, text: string, inside: Inside | null): void {
  const values = new Map<string, string>();
  // By their names without case, as they were spelled first.
  const repeated = new Map<string, string>();
  for (const pair of text.split('&', maxRepeated)) {
    const equals = pair.indexOf('=');
    if (equals <= 0) continue;
    const spelled = formDecode(pair.slice(0, equals), PERCENT);
    const name = spelled.toLowerCase();
    const value = pair.slice(equals + 1);
    const before = values.get(name);
    if (before !== undefined && !repeated.has(name)) repeated.set(name, spelled);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  for (const [name, spelled] of repeated) {
    if (judge.stopped) return;
    const raw = values.get(name) ?? '';
    const mask = classify(raw, 0, raw.length);
    if (mask !== 0) judgeText(judge, place, inside === null ? spelled : inside.name, raw, mask, inside);
  }
}

function judgePair(
  judge: ArgumentJudge,
  place: Place,
  text: string,
  start: number,
  equals: number,
  end: number,
  nameMask: number,
  mask: number,
  inside: Inside | null,
): void {
  const nameEnd = equals < 0 ? end : equals;
  const isLong = end - nameEnd > 8;
  // Because Base64, and names such as __proto__, have no telling characters.
  const isLongName = nameEnd - start > 7;
  if (nameMask === 0 && (mask === 0 || equals < 0) && !isLong && !isLongName) return;
  const rawName = text.slice(start, nameEnd);
  const name = inside === null ? formDecode(rawName, nameMask) : inside.name;
  if (nameMask !== 0 || isLongName)
    judgeText(judge, inside === null ? argumentName : place, name, rawName, nameMask, inside);
  if (equals < 0 || judge.stopped) return;
  const raw = text.slice(equals + 1, end);
  if (mask !== 0 || isLong) judgeText(judge, place, name, raw, mask, inside);
}

function judgeText(
  judge: ArgumentJudge,
  place: Place,
  name: string,
  raw: string,
  mask: number,
  inside: Inside | null,
): void {
  const text = mask === 0 ? raw : percentDecode(raw, true);
  const before = inside === null ? none : inside.decoded;
  const decoded = text === raw ? before : inside === null ? decodedOnce : [...before, 'urlDecode'];
  judge.value(place, name, text, decoded);
}

function formDecode(raw: string, mask: number): string {
  return (mask & (PERCENT | PLUS)) === 0 ? raw : percentDecode(raw, true);
}
