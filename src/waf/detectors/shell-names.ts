// Words of a command line and the names in them: where they end, what hides them, which command they name.

import { ASKING, CMDLETS, INTERPRETERS, POSIX, SHORT, WINDOWS } from './shell-words.ts';

/** Longest word that is looked at, in characters. */
export const maxWord = 512;

/** Whether `code` ends a command: a separator, a closing bracket, a backquote. */
export function isSeparator(code: number): boolean {
  return (
    code === 0x3b || code === 0x7c || code === 0x26 || code === 0x0a || code === 0x0d || code === 0x60 || code === 0x29
  );
}

/** Whether a shell would take this character between two words, a line's end not counted. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c;
}

/** The first position from `from` on that is no blank; the length where there is none. */
export function skipBlanks(value: string, from: number): number {
  let at = from;
  while (at < value.length && isBlank(value.charCodeAt(at))) at++;
  return at;
}

/** Whether `code` is an ASCII letter. */
export function isLetter(code: number): boolean {
  return (code | 32) >= 0x61 && (code | 32) <= 0x7a;
}

/** The first position from `from` on that does not belong to the word there. */
export function wordEnd(value: string, from: number): number {
  let at = from;
  const to = Math.min(value.length, from + maxWord);
  for (; at < to; at++) {
    const code = value.charCodeAt(at);
    if (isBlank(code) || isSeparator(code) || code === 0x3c || code === 0x3e) break;
    if (code === 0x28) break;
  }
  return at;
}

/** A word without what the shell takes away: quotes, backslashes, carets and empty expansions. */
export function uncover(raw: string): string {
  let plain = '';
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code === 0x27 || code === 0x22 || code === 0x5e) continue;
    if (code === 0x5c && raw.charCodeAt(at + 1) !== 0x5c && !isDrivePath(raw)) continue;
    if (code === 0x24 && at + 1 < raw.length) {
      const next = raw[at + 1]!;
      if (next === '{') {
        const close = raw.indexOf('}', at);
        if (close < 0) return plain;
        plain += defaultIn(raw.slice(at + 2, close));
        at = close;
        continue;
      }
      if ('@*#!?-0123456789'.includes(next)) {
        at++;
        continue;
      }
      if (next === "'" || next === '"') continue;
      // Because a variable that nobody set is nothing: `cat$u`.
      if (at > 0 && isLetter(raw.charCodeAt(at + 1)) && !isLetter(raw.charCodeAt(at + 2))) {
        at++;
        continue;
      }
    }
    plain += raw[at];
  }
  return plain;
}

/** What `${x:-word}` and `${x-word}` are where nobody set `x`; nothing for every other expansion. */
function defaultIn(inner: string): string {
  let at = 0;
  while (isLetter(inner.charCodeAt(at)) || inner.charCodeAt(at) === 0x5f) at++;
  const mark = inner.charCodeAt(at) === 0x3a ? at + 1 : at;
  const code = inner.charCodeAt(mark);
  return at > 0 && (code === 0x2d || code === 0x3d) ? inner.slice(mark + 1) : '';
}

function isDrivePath(raw: string): boolean {
  return raw.charCodeAt(1) === 0x3a || raw.startsWith('%') || raw.startsWith('\\\\');
}

/** The known command that a word names, its folders and .exe left off, or nothing. */
export function commandName(plain: string): string {
  let from = 0;
  if (plain.startsWith('/') || plain.startsWith('./') || plain.startsWith('../') || plain.startsWith('~')) {
    from = plain.lastIndexOf('/') + 1;
    // A single slash before a name is a path of the web, not of a system.
    if (plain.startsWith('/') && plain.indexOf('/', 1) < 0) return '';
  } else from = plain.lastIndexOf('\\') + 1;
  const name = plain.slice(from);
  if (name.length < 1 || name.length > 20) return '';
  if (POSIX.has(name) || ASKING.has(name) || INTERPRETERS.has(name) || SHORT.has(name)) return name;
  let lower = name.toLowerCase();
  if (lower.endsWith('.exe') || lower.endsWith('.com')) lower = lower.slice(0, -4);
  if (CMDLETS.has(lower)) return 'cmdlet';
  if (WINDOWS.has(lower) || lower === 'powershell' || lower === 'pwsh' || lower === 'cmd') return lower;
  if (name.startsWith('python') && name.charCodeAt(6) >= 0x32 && name.charCodeAt(6) <= 0x33) return 'python3';
  return lower !== name && lower.length + 4 === name.length && INTERPRETERS.has(lower) ? lower : '';
}

/** A file of Windows that runs by its name: `calc.exe`, `x.ps1`. */
export function isProgram(plain: string): boolean {
  if (plain.length < 5 || plain.length > 64 || plain.includes('/')) return false;
  const lower = plain.toLowerCase();
  return lower.endsWith('.exe') || lower.endsWith('.bat') || lower.endsWith('.cmd') || lower.endsWith('.ps1');
}
