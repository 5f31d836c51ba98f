// Arguments of a query or a form, read and judged in one pass (WHATWG URL 5.1: `name=value` joined by `&`).

import { CodeReader, roomFor, takeRoom } from '../base/byte-codes.ts';
import { classify, classOfByte, HIGH, nextOf, PERCENT, PLUS } from './classes.ts';
import { decodeCodes, percentDecode } from './decodings/percent.ts';
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
  /** Judges the first `length` codes, a 0 behind them, where a look shows that they are prose; false where `value` must be asked. */
  prose(codes: Buffer, length: number): boolean;
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
  // Because values are read by the reader of all while this one goes on, and may hold arguments themselves.
  const codes = inside === null ? outermost.read(text) : new CodeReader().read(text);
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
      const nameMask = classesIn(codes, start, equals < 0 ? end : equals);
      const mask = equals < 0 ? nameMask : maskOf(codes, equals + 1, end);
      judgePair(judge, place, text, codes, start, equals, end, nameMask, mask, inside);
      if (judge.stopped) return;
      if (mask !== 0 && equals > start) marked++;
      if (!mayRepeat && equals > start) mayRepeat = isSeen(names, codes, start, equals, nameMask);
    }
    start = end + 1;
  }
  if (mayRepeat && marked > 1) judgeRepeated(judge, place, text, inside);
}

/** Reads the arguments of a request; what stands inside a value has a reader of its own. */
const outermost = new CodeReader();

/** The union of the classes of the codes from `start` to `end`. */
function classesIn(codes: Uint8Array, start: number, end: number): number {
  let mask = 0;
  for (let index = start; index < end; index++) mask |= classOfByte[codes[index]!]!;
  return mask;
}

/** Whether there is a telling character from `start` to `end`: the classes of the first that tell it, 0 where none does. */
function maskOf(codes: Uint8Array, start: number, end: number): number {
  for (let index = start; index < end; index++) {
    const mask = classOfByte[codes[index]!]!;
    if (mask !== 0) return mask;
  }
  return 0;
}

/** Whether the name from `start` to `end` may be one that came before, its case aside; false is final. */
function isSeen(names: Set<number>, codes: Uint8Array, start: number, end: number, mask: number): boolean {
  if ((mask & (PERCENT | PLUS | HIGH)) !== 0) return true;
  let hash = end - start;
  for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + (codes[index]! | 32)) | 0;
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

/** From this length on a value that was sent is undone as bytes. */
const minUndone = 24;

function judgePair(
  judge: ArgumentJudge,
  place: Place,
  text: string,
  codes: Buffer,
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
  if (nameMask !== 0 || isLongName) {
    const rawName = text.slice(start, nameEnd);
    const name = inside === null ? formDecode(rawName, nameMask) : inside.name;
    judgeText(judge, inside === null ? argumentName : place, name, rawName, nameMask, inside);
  }
  if (equals < 0 || judge.stopped || (mask === 0 && !isLong)) return;
  let value: string | null = null;
  if (mask !== 0 && end - equals > minUndone) {
    const bytes = roomFor(end - equals);
    const length = decodeCodes(codes, equals + 1, end, true, bytes);
    if (length >= 0) {
      if (judge.prose(bytes, length)) return;
      value = takeRoom(length);
    }
  }
  const name = inside === null ? formDecode(text.slice(start, nameEnd), nameMask) : inside.name;
  judgeText(judge, place, name, text.slice(equals + 1, end), mask, inside, value);
}

function judgeText(
  judge: ArgumentJudge,
  place: Place,
  name: string,
  raw: string,
  mask: number,
  inside: Inside | null,
  undone: string | null = null,
): void {
  const text = undone ?? (mask === 0 ? raw : percentDecode(raw, true));
  const before = inside === null ? none : inside.decoded;
  const decoded = text === raw ? before : inside === null ? decodedOnce : [...before, 'urlDecode'];
  judge.value(place, name, text, decoded);
}

function formDecode(raw: string, mask: number): string {
  return (mask & (PERCENT | PLUS)) === 0 ? raw : percentDecode(raw, true);
}
