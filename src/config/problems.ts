// Prints problems for people: where, the source line, carets under the fault, what is wrong, what to write instead.

import type { Path, Problem } from '../base/problem.ts';
import { type Document, filePath, type Span } from './document.ts';

/** What problems are printed against: the name people know the source by, its text if it has one, and colours or none. */
export interface Source {
  /** `portcullis.yaml`; '' where settings came from no file. */
  readonly name: string;
  readonly document: Document | null;
  readonly colours: boolean;
}

/** A problem of the text itself knows its place better than its path does. */
export type Placed = Problem & { readonly span?: Span };

/** Most problems that are printed; the rest are counted. */
const maxPrinted = 50;

/** Longest part of a source line that is shown, in characters. */
const maxShown = 120;

/** Codes that speak of a key, not of its value. */
const keyCodes: ReadonlySet<string> = new Set(['config/unknown-key', 'config/later']);

/** All problems in the order of the source, a blank line between two; no line feed at the end. */
export function printProblems(problems: readonly Placed[], source: Source, isWarning = false): string {
  const { document } = source;
  const placed = problems.map((problem) => ({ problem, span: document === null ? null : spanOf(problem, document) }));
  placed.sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
  const blocks = placed.slice(0, maxPrinted).map(({ problem, span }) => block(problem, span, source, isWarning));
  if (placed.length > maxPrinted) blocks.push(`and ${placed.length - maxPrinted} more`);
  return blocks.join('\n\n');
}

/** `portcullis.yaml:7` for a path, or '' where the source has no lines. */
export function locate(path: Path, { name, document }: Source): string {
  if (document === null) return '';
  const span = document.spanOf(path);
  return span === null ? '' : `${name}:${document.position(span.start).line}`;
}

/** Where a problem stands in the words of the file: `sites[0].to`, `tls.local_names`. */
export function pathText({ path, code }: Problem): string {
  // Because what the schema and its agreement find is told in the file's words already, unknown ones among them.
  const words = code.startsWith('config/') ? path : filePath(path);
  return words.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

/** Where a problem stands, to the character where its offset can be trusted; null where nothing of it is written. */
function spanOf(problem: Placed, document: Document): Span | null {
  if (problem.span !== undefined) return problem.span;
  if (keyCodes.has(problem.code)) return document.spanOfKey(problem.path);
  const span = document.spanOf(problem.path);
  if (problem.offset === undefined || span === null) return span;
  const source = document.text.slice(span.start, span.end);
  const quote = source[0] === '"' || source[0] === "'" ? 1 : 0;
  // Because an escape or a line break inside the value moves everything behind it.
  if (source.includes('\n') || (quote === 1 && (source.includes('\\') || source.includes("''")))) return span;
  const start = Math.min(span.start + quote + problem.offset, Math.max(span.start, span.end - 1));
  const end = problem.length === undefined ? span.end - quote : Math.min(start + problem.length, span.end);
  return { start, end: Math.max(end, start + 1) };
}

function block(problem: Placed, span: Span | null, source: Source, isWarning: boolean): string {
  const paint = source.colours ? painted : plain;
  const code = isWarning ? `${problem.code} (warning)` : problem.code;
  const instead = problem.instead === undefined ? [] : [`  ${paint('green', safe(problem.instead))}`];
  if (problem.place !== undefined) return elsewhere(problem.place, code, safe(problem.says), instead, paint);
  if (span === null || source.document === null) {
    const where = [source.name, pathText(problem)].filter((part) => part !== '').join(': ');
    return [
      `${paint('bold', where === '' ? code : `${where}  ${code}`)}`,
      `  ${paint('red', safe(problem.says))}`,
      ...instead,
    ].join('\n');
  }
  const { line, column } = source.document.position(span.start);
  const { text, from, length } = excerpt(source.document.text, span);
  const carets = `${' '.repeat(from)}${'^'.repeat(length)} ${safe(problem.says)}`;
  const head = paint('bold', `${source.name}:${line}:${column}  ${code}`);
  return [head, `  ${text}`, `  ${paint('red', carets)}`, ...instead].join('\n').replace('\n  \n', '\n');
}

/** A problem of a file that the settings name, with its line. */
function elsewhere(
  { file, line, column, length, source }: NonNullable<Problem['place']>,
  code: string,
  says: string,
  instead: readonly string[],
  paint: typeof painted,
): string {
  const from = column > maxShown - 20 ? column - 20 : 1;
  const shown = safe(source.slice(from - 1, from - 1 + maxShown));
  const carets = '^'.repeat(Math.max(1, Math.min(length, shown.length - (column - from))));
  return [
    paint('bold', `${file}:${line}:${column}  ${code}`),
    `  ${shown}`,
    `  ${paint('red', `${' '.repeat(column - from)}${carets} ${says}`)}`,
    ...instead,
  ].join('\n');
}

/** The line of a span, cut to what fits, and where its carets stand. */
function excerpt(text: string, span: Span): { text: string; from: number; length: number } {
  const start = span.start === 0 ? 0 : text.lastIndexOf('\n', span.start - 1) + 1;
  const newline = text.indexOf('\n', span.start);
  const end = newline < 0 ? text.length : newline;
  const column = span.start - start;
  const first = column > maxShown - 40 ? start + column - 40 : start;
  const last = Math.min(end, first + maxShown);
  const lead = first > start ? '…' : '';
  const shown = `${lead}${text.slice(first, last)}${last < end ? '…' : ''}`;
  const length = Math.max(1, Math.min(span.end, last) - span.start);
  return { text: safe(shown).trimEnd(), from: span.start - first + lead.length, length };
}

/** Control and format characters stand as one `·` each, so that a file cannot steer the terminal and carets stay in line. */
function safe(text: string): string {
  let out = '';
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 9) out += ' ';
    else if (code < 32 || (code >= 127 && code < 160) || (code >= 0x200b && code <= 0x200f)) out += '·';
    else out += (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ? '·' : text[index];
  }
  return out;
}

type Colour = 'bold' | 'red' | 'green';

function painted(colour: Colour, text: string): string {
  const code = colour === 'bold' ? 1 : colour === 'red' ? 31 : 32;
  return `\x1b[${code}m${text}\x1b[0m`;
}

function plain(_colour: Colour, text: string): string {
  return text;
}
