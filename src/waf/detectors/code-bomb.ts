// What takes its reader exponential time or memory: patterns that repeat a repetition, brackets without end, YAML that multiplies.

import { type Detection, found, type Subject } from './detection.ts';

/** Longest pattern that is looked at: longer ones are programs. */
const longest = 160;
/** Brackets that are opened one behind the other in no expression that a person wrote. */
const maxBrackets = 40;

/** A bomb in one value. Id 1048014. Linear; never throws. */
export function detectBomb(subject: Subject): Detection | null {
  const { text } = subject;
  if (isMultiplied(text)) return told('a document that multiplies what it holds', 0, text.length);
  const opened = openedAt(text);
  if (opened >= 0) return told('brackets without end', opened, opened + maxBrackets);
  if (text.length > longest || !subject.isBare) return null;
  const nested = [')+)+', ')*)*', ')+)*', ')+.)+', ')*)+'].find((one) => text.includes(one));
  if (nested !== undefined) return told('a pattern that repeats a repetition', text.indexOf(nested), text.length);
  const twice = repeatedTwice(text);
  return twice >= 0 ? told('a pattern that repeats a repetition', twice, text.length) : null;
}

function told(what: string, start: number, end: number): Detection {
  return found(1048014, 5, `the value is ${what}: its reader would take exponential time or memory`, start, end);
}

/** `a: &a [...]` and `b: [*a,*a,*a]`. */
function isMultiplied(text: string): boolean {
  const anchor = text.indexOf(': &');
  if (anchor < 0) return false;
  const name = text.charAt(anchor + 3);
  return text.includes(`[*${name},*${name},*${name}`) || text.includes(`[*${name}, *${name}, *${name}`);
}

function openedAt(text: string): number {
  let run = 0;
  for (let at = text.indexOf('('); at >= 0 && at < text.length; at++) {
    if (text.charCodeAt(at) !== 40) {
      run = 0;
      at = text.indexOf('(', at) - 1;
      if (at < -1) return -1;
      continue;
    }
    if (++run >= maxBrackets) return at - maxBrackets + 1;
  }
  return -1;
}

/** Where a group begins that holds nothing but one repetition and is itself repeated: `(a+)+`, `([a-z]+)*`, `(a|a?)+`; -1 elsewhere. */
function repeatedTwice(text: string): number {
  for (let close = text.indexOf(')'); close > 0; close = text.indexOf(')', close + 1)) {
    if (!repeats(text, close + 1)) continue;
    const open = text.lastIndexOf('(', close);
    if (open < 0) continue;
    const from = text.startsWith('?:', open + 1) ? open + 3 : open + 1;
    if (isRepetition(text.slice(from, close))) return open;
  }
  return -1;
}

/** Whether `+`, `*` or `{n}` stands at `at`. */
function repeats(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 43 || code === 42 || (code === 123 && text.charCodeAt(at + 1) >= 48 && text.charCodeAt(at + 1) <= 57);
}

/** Whether `inner` is atoms that are each repeated, or alternatives that match the same: `a+`, `[a-z]+`, `.*`, `x+x+`, `a|aa`. */
function isRepetition(inner: string): boolean {
  const bar = inner.indexOf('|');
  if (bar > 0) {
    const first = inner.slice(0, bar);
    const second = inner.slice(bar + 1);
    return first.length < 4 && (second === first + first || second === `${first}?` || second === first);
  }
  let at = 0;
  while (at < inner.length) {
    const code = inner.charCodeAt(at);
    if (code === 91) at = inner.indexOf(']', at + 1) + 1;
    else at += code === 92 ? 2 : 1;
    if (at <= 0 || (inner.charCodeAt(at) !== 43 && inner.charCodeAt(at) !== 42)) return false;
    at++;
  }
  return inner !== '';
}
