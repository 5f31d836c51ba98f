// Arguments of a query or a form, read and judged in one pass (WHATWG URL 5.1: `name=value` joined by `&`).

import { classify, classOfByte, HIGH, PERCENT, PLUS } from './classes.ts';
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
  let start = 0;
  let equals = -1;
  let nameMask = 0;
  let mask = 0;
  let marked = 0;
  for (let index = 0; index <= text.length; index++) {
    const code = index < text.length ? text.charCodeAt(index) : 38;
    if (code === 38) {
      if (index > start) {
        if (inside === null) judge.countArgument();
        judgePair(judge, place, text, start, equals, index, equals < 0 ? mask : nameMask, mask, inside);
        if (judge.stopped) return;
        if (mask !== 0 && equals > start) marked++;
      }
      start = index + 1;
      equals = -1;
      mask = 0;
    } else if (code === 61 && equals < 0) {
      equals = index;
      nameMask = mask;
      mask = 0;
    } else mask |= code < 256 ? classOfByte[code]! : HIGH;
  }
  if (marked > 1) judgeRepeated(judge, place, text, inside);
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
  const text = formDecode(raw, mask);
  const before = inside === null ? none : inside.decoded;
  const decoded = text === raw ? before : inside === null ? decodedOnce : [...before, 'urlDecode'];
  judge.value(place, name, text, decoded);
}

function formDecode(raw: string, mask: number): string {
  return (mask & (PERCENT | PLUS)) === 0 ? raw : percentDecode(raw, true);
}
