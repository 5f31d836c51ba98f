// What detectors are handed and what they answer: one decoded value, and what was recognised in it, where, and how surely.

import type { SignSet } from './detection-signs.ts';

/** How loudly a finding speaks, in ModSecurity's words. */
export type Severity = 'CRITICAL' | 'ERROR' | 'WARNING' | 'NOTICE';

/**
 * One recognised attack. `score` 5 is proof enough to block alone at the default threshold, 2 to 4 is suspicion that
 * only adds up; `says` is one sentence without a full stop; `start` and `end` are UTF-16 offsets into the value.
 */
export interface Detection {
  readonly id: number;
  readonly score: number;
  readonly severity: Severity;
  readonly says: string;
  readonly start: number;
  readonly end: number;
  /** Whether only the shape is that of an attack, so that another detector that names its means is believed first. */
  readonly isVague?: boolean;
}

/** Orders detections: by score, and what only has the shape of an attack behind what names its means. */
export function weight(detection: Detection): number {
  return detection.score * 2 - (detection.isVague === true ? 1 : 0);
}

/** Judges one decoded value; pure, linear in its length, never throws. */
export type Detect = (value: string) => Detection | null;

/** A detection whose severity follows from its score. */
export function found(id: number, score: number, says: string, start: number, end: number): Detection {
  const severity = score >= 5 ? 'CRITICAL' : score >= 3 ? 'WARNING' : 'NOTICE';
  return { id, score, severity, says, start, end };
}

/** The value a detector looks at, and what several of them would otherwise make of it each on its own. */
export class Subject {
  readonly text: string;
  /** The name of the argument, header, cookie or JSON member, as it was sent. */
  readonly name: string;
  /** Whether the text is itself a name. */
  readonly isName: boolean;
  /** Whether the value stands in the head of the request, where nobody writes several lines. */
  readonly inHead: boolean;
  readonly #signs: SignSet;
  #lower: string | null = null;
  #isBare: boolean | null = null;
  #places: ReadonlyMap<string, number> | null | undefined;

  constructor(signs: SignSet, text: string, name: string, isName: boolean, inHead: boolean) {
    this.#signs = signs;
    this.text = text;
    this.name = name;
    this.isName = isName;
    this.inHead = inHead;
  }

  /** The same text under another name. */
  under(name: string): Subject {
    return new Subject(this.#signs, this.text, name, this.isName, this.inHead);
  }

  /** The text in lower case, as long as it was. */
  get lower(): string {
    if (this.#lower !== null) return this.#lower;
    const lower = this.text.toLowerCase();
    // Because `İ` becomes two characters, and offsets would no longer be those of the text.
    this.#lower = lower.length === this.text.length ? lower : this.text.replaceAll('İ', 'I').toLowerCase();
    return this.#lower;
  }

  /** Where each sign of the detectors stands first, or null where there is none. */
  get places(): ReadonlyMap<string, number> | null {
    if (this.#places === undefined) this.#places = this.#signs.find(this.text);
    return this.#places;
  }

  /** Whether the text is code and nothing else: short, and without a word of prose outside its quotes. */
  get isBare(): boolean {
    this.#isBare ??= this.text.length <= maxBare && linesOf(this.text) <= maxLines && !hasProse(this.lower);
    return this.#isBare;
  }
}

/** Line breaks that one statement may have: programs that somebody pastes have more. */
const maxLines = 2;

function linesOf(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0 && lines <= maxLines; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** Whether a text has several words and not one of the signs that code has: it names what it is about. */
export function isMention(text: string): boolean {
  let hasBlank = false;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) === 32) hasBlank = true;
    else if ('(){}[]<>@=:#$"\'`;\\/'.includes(text.charAt(at))) return false;
  }
  return hasBlank;
}

/** Longest text that is taken for one statement, in characters. */
const maxBare = 600;

/** Words that stand between blanks in one statement of a program, a shell or a template, and are no prose. */
const codeWords: ReadonlySet<string> = new Set(
  'import new return var function echo print if else for while in as puts println assert eval exec include require true false null and or not end do done then fi set do try catch throw typeof in is instanceof select set with each lookup filter sh bash add delete create die exit fetch config get post public private static class void final def do end'.split(
    ' ',
  ),
);

/** Whether two words of prose stand in a text in lower case, what is in quotes left out. */
function hasProse(lower: string): boolean {
  let words = 0;
  let at = 0;
  while (at < lower.length) {
    const code = lower.charCodeAt(at);
    if (code === 34 || code === 39 || code === 96) {
      const close = lower.indexOf(lower.charAt(at), at + 1);
      at = close < 0 ? at + 1 : close + 1;
      continue;
    }
    if (!isLower(code) || (at > 0 && !isBlank(lower.charCodeAt(at - 1)))) {
      at++;
      continue;
    }
    let end = at + 1;
    while (end < lower.length && (isLower(lower.charCodeAt(end)) || lower.charCodeAt(end) > 0xbf)) end++;
    const next = lower.charCodeAt(end);
    const isFree =
      end === lower.length || isBlank(next) || ((next === 44 || next === 46) && isBlank(lower.charCodeAt(end + 1)));
    if (isFree && end - at > 1 && !codeWords.has(lower.slice(at, end)) && ++words > 1) return true;
    at = end;
  }
  return false;
}

function isLower(code: number): boolean {
  return code >= 97 && code <= 122;
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Places of fences that are looked at, so that many of them stay linear. */
const maxFences = 64;

/**
 * Whether `at` stands in a block of code as Markdown has them: between two lines of three backticks or tildes, or set in by
 * four blanks below an empty line. A page renders such a block as text; a shell or a database that it is pasted into reads
 * the fence, or the text above, first.
 */
export function isFenced(text: string, at: number): boolean {
  return fencesOf(text).some(([from, to]) => at >= from && at < to);
}

/** Every block of code that ends, in order. */
export function fencesOf(text: string): (readonly [number, number])[] {
  const blocks: (readonly [number, number])[] = [];
  for (const fence of ['```', '~~~'])
    for (let open = fenceFrom(text, fence, 0); open >= 0 && blocks.length < maxFences; ) {
      const close = fenceFrom(text, fence, open + 3);
      if (close < 0) break;
      blocks.push([open, close + 3]);
      open = fenceFrom(text, fence, close + 3);
    }
  // Because what is set in below nothing, or above nothing, is no part of a text.
  for (let open = text.indexOf('\n\n    '); open > 0 && blocks.length < maxFences; ) {
    const close = setInEnd(text, open + 2);
    if (close < text.length) blocks.push([open + 2, close]);
    open = text.indexOf('\n\n    ', close - 2);
  }
  return blocks.sort((one, other) => one[0] - other[0]);
}

/** Where the lines end that are set in by four blanks, from the one at `from` on; empty ones belong to them. */
function setInEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && (text.startsWith('    ', at) || text.charCodeAt(at) === 10)) {
    const end = text.indexOf('\n', at);
    at = end < 0 ? text.length : end + 1;
  }
  return at;
}

/** The next line that begins with `fence`, from `from` on; -1 where there is none. */
function fenceFrom(text: string, fence: string, from: number): number {
  for (let at = text.indexOf(fence, from); at >= 0; at = text.indexOf(fence, at + 3))
    if (at === 0 || text.charCodeAt(at - 1) === 10) return at;
  return -1;
}

/** How forges of code call the view of a file in a repository, behind its owner and its name. */
const views: readonly string[] = [
  ...['/blob/', '/-/raw/', '/raw/', '/blame/', '/tree/', '/-/edit/', '/edit/', '/src/branch/', '/commits/'],
  ...['/contents/', '/repository/files/'],
];

/** Whether a path in lower case shows a file of a repository, which is what its owner put there: `/ann/shop/blob/main/.env`. */
export function isInRepository(lower: string): boolean {
  return views.some((view) => {
    const at = lower.indexOf(view);
    return at > 0 && lower.indexOf('/', 1) < at && !lower.includes('..');
  });
}

/** A sign of an attack in a text in lower case: what to look for, what it is worth anywhere, and what where nothing else stands beside it. */
export interface Sign {
  readonly text: string;
  readonly anywhere: number;
  readonly bare: number;
}

/** The sign of `table` that is worth most in `subject`, and where it stands; null where there is none. */
export function strongest(
  subject: Subject,
  table: ReadonlyMap<string, Sign>,
): { readonly sign: Sign; readonly at: number; readonly score: number } | null {
  const { places } = subject;
  if (places === null) return null;
  let best: { sign: Sign; at: number; score: number } | null = null;
  for (const [text, at] of places) {
    const sign = table.get(text);
    if (sign === undefined || Math.max(sign.anywhere, sign.bare) <= (best?.score ?? 0)) continue;
    const score = subject.isBare ? sign.bare : sign.anywhere;
    if (score > (best?.score ?? 0)) best = { sign, at, score };
  }
  return best;
}

/** Signs of one worth from a list of texts, one a line; the two blanks before each are dropped, a blank behind stays. */
export function signs(anywhere: number, bare: number, lines: string): readonly Sign[] {
  return lines
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '')
    .map((text) => ({ text, anywhere, bare }));
}

/** Signs by their text. Where one is named twice, the first counts. */
export function tableOf(all: readonly Sign[]): ReadonlyMap<string, Sign> {
  const table = new Map<string, Sign>();
  for (const sign of all) if (!table.has(sign.text)) table.set(sign.text, sign);
  return table;
}
