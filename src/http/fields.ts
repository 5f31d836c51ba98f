// Walks header and trailer fields in bytes, strictly (RFC 9112 5): one walk, no backtracking, nothing repaired, no text made.
// What two readers could read differently is a fault with a name: bare CR or LF, white space before the colon, folding.

import { Fault } from '../traffic/fault.ts';
import { findName, hostCode, teCode, transferEncodingCode } from '../traffic/field-names.ts';
import { characterClass, fieldValueBit, oddNameBit, tokenBit } from './tokens.ts';

/** Not an end: more bytes are needed. */
export const incomplete = -1;

/** How many codes, from 0, are remembered one by one. */
const specials = teCode + 1;

/** What a walk saw, as offsets into the bytes. Fields whose codes are special are remembered singly, all others only as runs. */
export class SeenFields {
  /** How often each special field came, and where its last value stands. */
  readonly counts: Uint8Array = new Uint8Array(specials);
  readonly valueFrom: Uint32Array = new Uint32Array(specials);
  readonly valueTo: Uint32Array = new Uint32Array(specials);
  /** Pairs of offsets: stretches of field lines that travel on as they stand. */
  readonly runs: number[] = [];
  /** Has a name a token character that is neither letter, digit nor hyphen? */
  hasOddName = false;

  /** Makes it ready for another walk. */
  clear(): void {
    // Seven zeros: calling `fill` costs more than writing them.
    for (let code = 0; code < specials; code++) this.counts[code] = 0;
    this.runs.length = 0;
    this.hasOddName = false;
  }
}

/** The runs of a walk in one text; `text` begins where the offset `from` stands. */
export function runsOf(seen: SeenFields, text: string, from: number): string {
  const { runs } = seen;
  let kept = '';
  for (let run = 0; run < runs.length; run += 2) kept += text.slice(runs[run]! - from, runs[run + 1]! - from);
  return kept;
}

/** Walks the fields from `from` up to and including the empty line. `dropped` says by code which fields end here.
 * Gives the offset behind the empty line, `incomplete`, or a fault. */
export function walkFields(
  bytes: Uint8Array,
  from: number,
  to: number,
  maxFields: number,
  dropped: Uint8Array,
  seen: SeenFields,
): number | Fault {
  let at = from;
  let count = 0;
  let runFrom = from;
  for (;;) {
    if (at >= to) return incomplete;
    const lineFrom = at;
    const first = bytes[at]!;
    if (first === 13) {
      if (at + 1 >= to) return incomplete;
      if (bytes[at + 1] !== 10) return bareCr();
      if (at > runFrom) seen.runs.push(runFrom, at);
      return at + 2;
    }
    if (first === 10) return bareLf();
    if (first === 32 || first === 9)
      return new Fault(
        400,
        'http/folded-field',
        'a header line begins with white space: folding is obsolete (RFC 9112 5.2)',
      );
    if (++count > maxFields) return new Fault(431, 'http/too-many-fields', `more than ${maxFields} header fields`);

    let code = first;
    let classes = characterClass[code]!;
    while ((classes & tokenBit) !== 0) {
      if ((classes & oddNameBit) !== 0) seen.hasOddName = true;
      if (++at >= to) return incomplete;
      code = bytes[at]!;
      classes = characterClass[code]!;
    }
    if (code !== 58 || at === lineFrom) return badName(code, at === lineFrom);
    const nameTo = at++;

    while (at < to && (bytes[at] === 32 || bytes[at] === 9)) at++;
    const valueFrom = at;
    while (at < to && (characterClass[bytes[at]!]! & fieldValueBit) !== 0) at++;
    if (at >= to) return incomplete;
    if (bytes[at] !== 13) return badValue(bytes[at]!);
    if (at + 1 >= to) return incomplete;
    if (bytes[at + 1] !== 10) return bareCr();
    const known = findName(bytes, lineFrom, nameTo);
    if (known >= hostCode) {
      if (known < specials) remember(seen, known, bytes, valueFrom, at);
      if (dropped[known] === 1) {
        if (lineFrom > runFrom) seen.runs.push(runFrom, lineFrom);
        runFrom = at + 2;
      }
    }
    at += 2;
  }
}

function remember(seen: SeenFields, code: number, bytes: Uint8Array, from: number, to: number): void {
  // Some readers (llhttp) know no tab behind a coding: what is left of it makes the coding unknown to us, too.
  while (to > from && (bytes[to - 1] === 32 || (bytes[to - 1] === 9 && code !== transferEncodingCode))) to--;
  seen.counts[code]!++;
  seen.valueFrom[code] = from;
  seen.valueTo[code] = to;
}

function badName(code: number, empty: boolean): Fault {
  if (code === 32 || code === 9)
    return new Fault(400, 'http/space-before-colon', 'white space between a field name and its colon (RFC 9112 5.1)');
  if (code === 10) return bareLf();
  if (code === 58 && empty)
    return new Fault(400, 'http/empty-name', 'a header line begins with a colon: its name is missing');
  return new Fault(400, 'http/bad-name', `byte 0x${hex(code)} in a field name (RFC 9110 5.1)`);
}

function badValue(code: number): Fault {
  if (code === 10) return bareLf();
  return new Fault(400, 'http/bad-value', `byte 0x${hex(code)} in a field value (RFC 9110 5.5)`);
}

function bareCr(): Fault {
  return new Fault(400, 'http/bare-cr', 'a carriage return without a line feed (RFC 9112 2.2)');
}

/** The fault of a line feed without a carriage return. */
export function bareLf(): Fault {
  return new Fault(400, 'http/bare-lf', 'a line feed without a carriage return before it (RFC 9112 2.2)');
}

/** Two hexadecimal digits of a byte. */
export function hex(code: number): string {
  return code.toString(16).padStart(2, '0');
}
