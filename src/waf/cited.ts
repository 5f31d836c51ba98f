// Code that a text cites rather than is: what an editor of rich text set between its tags.

import { isLetter } from './classes.ts';
import { type Detection, fencesOf, isFenced, type Subject } from './detectors/detection.ts';
import { holdsSecret } from './detectors/shell-arguments.ts';
import { CODE, HTML, SHELL, SQL } from './places.ts';
import { isReported } from './reported.ts';

/**
 * What is left of a detection where the text only cites code: suspicion, unless `again` finds more where the cited parts
 * are left out. Because a detector tells one thing, and what it tells may be the harmless one of two.
 */
export function unlessCited(
  bit: number,
  detection: Detection,
  { text: form, name }: Subject,
  again: (rest: string) => Detection | null,
): Detection {
  if (detection.score >= 5 && isDocument(bit, detection, form, name))
    return { ...detection, score: 2, severity: 'NOTICE' };
  const left = cited(bit, detection, form);
  if (left === detection || isMarkedUp(form)) return left;
  const other = again(withoutCode(form));
  return other !== null && other.score >= 5 ? other : left;
}

/** What is left of a detection where the text only cites code: suspicion. */
function cited(bit: number, detection: Detection, form: string): Detection {
  if (detection.score < 2) return detection;
  const span = spanAt(form, detection.start);
  const isSpanned =
    span !== null &&
    (bit === HTML
      ? isLoneTag(form, span) || !form.slice(span[0], span[1]).includes('<')
      : bit !== SQL || !endsStatement(form, span));
  if (!isSpanned && (bit & (SQL | SHELL | CODE)) === 0) return detection;
  if (!isSpanned && detection.score < 5) return detection;
  // Because XML is what some objects and expressions come as.
  if (!isSpanned && !isFenced(form, detection.start) && (bit === CODE || !isMarkedUp(form))) return detection;
  // Because what a sentence cites adds up to nothing: titles and comments of one request cite the same code.
  return { ...detection, score: isSpanned ? 1 : 2, severity: 'NOTICE' };
}

/** SQL: a statement behind another one. */
const stacked = 1042100;
const statements: readonly string[] = 'select insert update delete create alter drop with set'.split(' ');
/** A command that is the whole value. */
const started = 1032120;
/** Members of JSON and fields of forms that hold what a file holds. */
const files: ReadonlySet<string> = new Set(
  'content contents file_content source script code text body snippet patch new_string old_string'.split(' '),
);

/**
 * Whether the value is a document of the kind that its name says: a file of commands where a file is sent, statements a
 * line each from the first word on, which a query that they are pasted into would stumble over, or the program that a
 * container starts.
 */
function isDocument(bit: number, { id, start }: Detection, text: string, name: string): boolean {
  // Because who looks at reports sees text, and markup in it is what could run there.
  if (bit !== SQL && isReported(name)) return bit !== HTML || !text.includes('<');
  if (bit === SHELL && id === started) return name.includes('containers.') && !text.includes(' ');
  // Because what containers and packages run is a command, and stands under the name of one.
  const isRun = name.includes('containers.') || name.includes('scripts.');
  if (bit === SHELL && isRun) return isLetter(text.charCodeAt(0)) && !holdsSecret(text.toLowerCase());
  const line = text.indexOf('\n');
  if (line < 0) return false;
  if (bit === SHELL) {
    const last = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
    return text.startsWith('#!/') && text.indexOf('\n', line + 1) > 0 && files.has(last);
  }
  if (bit !== SQL || id !== stacked || start !== 0 || !text.includes(';\n')) return false;
  // Because a console shows its prompt, and a query that it is pasted into stumbles over it.
  if (prompts.some((one) => text.startsWith(one))) return true;
  const word = text.slice(behindComments(text)).slice(0, 8).toLowerCase();
  return statements.some((one) => word.startsWith(`${one} `)) || word.startsWith('begin;');
}

/** What consoles of databases write before what is typed. */
const prompts: readonly string[] = ['mysql> ', 'sqlite> ', 'MariaDB [', 'postgres=# ', 'postgres=> ', 'SQL> '];

/** Behind the lines of comments with which a file of statements begins. */
function behindComments(text: string): number {
  let at = 0;
  for (let count = 0; count < 8 && text.startsWith('-- ', at); count++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return at;
    at = end + 1;
  }
  return at;
}

/** Where a span of code begins and ends, its backquotes included. */
type Span = readonly [number, number];
/** Spans that are looked at, so that many of them stay linear. */
const maxSpans = 64;
/** Words that a sentence around a span has. */
const leastWords = 3;

/** The span of inline code around `at` in a text that has a sentence beside its code; null where there is none. */
function spanAt(form: string, at: number): Span | null {
  const spans = spansOf(form);
  const span = spans.find(([from, to]) => at >= from && at < to);
  return span !== undefined && wordsOutside(form, spans) >= leastWords ? span : null;
}

/** Every span of inline code: one backquote on each side, set apart from words, on one line. */
function spansOf(form: string): Span[] {
  const spans: Span[] = [];
  let open = form.indexOf('`');
  while (open >= 0 && spans.length < maxSpans) {
    const close = form.indexOf('`', open + 1);
    if (close < 0) break;
    const isApart = !isWordy(form.charCodeAt(open - 1)) && !isWordy(form.charCodeAt(close + 1));
    if (close === open + 1 || !isApart || form.slice(open, close).includes('\n')) open = close;
    else {
      spans.push([open, close + 1]);
      open = form.indexOf('`', close + 1);
    }
  }
  return spans;
}

function wordsOutside(form: string, spans: readonly Span[]): number {
  let words = 0;
  let from = 0;
  for (const [start, end] of [...spans, [form.length, form.length] as const]) {
    words += form
      .slice(from, start)
      .split(' ', 64)
      .filter((word) => isProse(word)).length;
    from = end;
  }
  return words;
}

/** Letters, with the sign of a sentence or a line's end around them. */
function isProse(word: string): boolean {
  let letters = 0;
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at);
    if (isLetter(code) || code > 0xbf) letters++;
    else if (code > 32 && !".,:;!?'-".includes(word.charAt(at))) return false;
  }
  return letters > 1;
}

function isWordy(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 96 || code === 95;
}

/** Whether a comment in the span would take the rest of a statement away. */
function endsStatement(form: string, [from, to]: Span): boolean {
  const code = form.slice(from, to);
  return code.includes('--') || code.includes('/*') || code.includes('#');
}

/** Whether the span is the name of one tag, and what follows ends no script that it would begin. */
function isLoneTag(form: string, [from, to]: Span): boolean {
  if (form.charCodeAt(from + 1) !== 60 || form.charCodeAt(to - 2) !== 62) return false;
  for (let at = from + 2; at < to - 2; at++)
    if (!isLetter(form.charCodeAt(at)) && form.charCodeAt(at) !== 47) return false;
  return !form.toLowerCase().includes('</script', to);
}

/** The text with its fenced blocks and spans of code left blank, as long as it was. */
function withoutCode(form: string): string {
  let rest = '';
  let from = 0;
  for (const [start, end] of [...fencesOf(form), ...spansOf(form)].sort((one, other) => one[0] - other[0])) {
    if (start < from) continue;
    rest += form.slice(from, start) + ' '.repeat(end - start);
    from = end;
  }
  return rest + form.slice(from);
}

/**
 * Whether the text is markup from its first character to its last: `<p>…</p>`. The end tag is what a shell and a database
 * stumble over, unless a comment takes it away.
 */
export function isMarkedUp(given: string): boolean {
  // Because an editor of blocks sets each between two comments of its own.
  const isBlock = given.startsWith('<!-- wp:') && given.endsWith(' -->');
  const text = isBlock ? given.slice(given.indexOf('-->') + 3, given.lastIndexOf('<!--')).trim() : given;
  if (text.charCodeAt(0) !== 60 || !isLetter(text.charCodeAt(1)) || text.charCodeAt(text.length - 1) !== 62)
    return false;
  const last = text.lastIndexOf('<');
  if (text.charCodeAt(last + 1) !== 47 || !isLetter(text.charCodeAt(last + 2))) return false;
  return !text.includes('--') && !text.includes('/*') && !text.includes(' #') && !text.includes(';#');
}

/**
 * Whether the text is what an editor of rich text sends: tags that end, with code set as code or a sentence between them. What
 * it spells by `&lt;` is no markup then.
 */
export function holdsMarkup(text: string): boolean {
  const end = text.indexOf('</');
  if (end < 1 || !isLetter(text.charCodeAt(end + 2)) || text.indexOf('<') === end) return false;
  return text.includes('<code') || text.includes('<pre') || hasSentence(text);
}

/** Whether three words in a row stand outside the tags, a blank between each two. */
function hasSentence(text: string): boolean {
  let words = 0;
  let inTag = false;
  let letters = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const was = inTag;
    if (code === 60 || code === 62) inTag = code === 60;
    if (was) continue;
    if (isLetter(code) || code > 0xbf || code === 39) letters++;
    else {
      words =
        letters > 0 && (code === 32 || code === 60 || code === 44 || code === 46) ? words + 1 : letters > 0 ? 0 : words;
      if (words > 2) return true;
      letters = 0;
    }
  }
  return false;
}
