// Arguments of a query or a form, read and judged in one pass (WHATWG URL 5.1: `name=value` joined by `&`).

import { classOfByte, HIGH, PERCENT, PLUS } from './classes.ts';
import { mayBeEncoded } from './decode.ts';
import { percentDecode } from './decodings/percent.ts';
import type { Inspection } from './inspection.ts';
import { argumentName, type Place } from './places.ts';

const none: readonly string[] = Object.freeze([]);
const decodedOnce: readonly string[] = Object.freeze(['urlDecode']);

/**
 * Judges every name and value of `text`, still encoded, in `place`. Where `place` has a name of its own (a Referer's
 * query), `fixedName` is it. Ordinary pairs cost one look at each character and no allocation.
 */
export function judgeArguments(inspection: Inspection, place: Place, text: string, fixedName = ''): void {
  let start = 0;
  let equals = -1;
  let nameMask = 0;
  let mask = 0;
  for (let index = 0; index <= text.length; index++) {
    const code = index < text.length ? text.charCodeAt(index) : 38;
    if (code === 38) {
      if (index > start) {
        inspection.countArgument();
        judgePair(inspection, place, text, start, equals, index, equals < 0 ? mask : nameMask, mask, fixedName);
        if (inspection.stopped) return;
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
}

function judgePair(
  inspection: Inspection,
  place: Place,
  text: string,
  start: number,
  equals: number,
  end: number,
  nameMask: number,
  mask: number,
  fixedName: string,
): void {
  const nameEnd = equals < 0 ? end : equals;
  const isLong = end - nameEnd > 16;
  if (nameMask === 0 && (mask === 0 || equals < 0) && !isLong) return;
  const rawName = text.slice(start, nameEnd);
  const name = fixedName === '' ? formDecode(rawName, nameMask) : fixedName;
  if (nameMask !== 0) judgeText(inspection, fixedName === '' ? argumentName : place, name, rawName, nameMask);
  if (equals < 0 || inspection.stopped) return;
  const raw = text.slice(equals + 1, end);
  if (mask !== 0 || mayBeEncoded(raw, 0)) judgeText(inspection, place, name, raw, mask);
}

function judgeText(inspection: Inspection, place: Place, name: string, raw: string, mask: number): void {
  const text = formDecode(raw, mask);
  inspection.value(place, name, text, text === raw ? none : decodedOnce);
}

function formDecode(raw: string, mask: number): string {
  return (mask & (PERCENT | PLUS)) === 0 ? raw : percentDecode(raw, true);
}
