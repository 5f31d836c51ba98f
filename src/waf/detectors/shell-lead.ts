// A value that begins with a separator of commands, as no text does: what stands right behind it needs little more to be one.

import { NO_COMMAND } from './shell-arguments.ts';
import { readCommand } from './shell-command.ts';
import { type Suspect, suspect } from './shell-findings.ts';
import { commandName, isBlank, isLetter, skipBlanks, uncover, wordEnd } from './shell-names.ts';
import { ROOTS } from './shell-words.ts';

/** Longest value that is one command: texts are longer. */
const maxLead = 256;

/** Commands behind a separator that is the first sign of the value. */
export function judgeLead(value: string): Suspect | null {
  if (value.length > maxLead) return null;
  const first = skipBlanks(value, 0);
  const start = hostEnd(value, first);
  const code = value.charCodeAt(start);
  if (code !== 0x3b && code !== 0x7c && code !== 0x26) return null;
  // Because a list of hosts and files goes on with another one, and an address with an argument.
  if (start > first && (code === 0x26 || !hasArgument(value, start))) return null;
  let at = start + 1;
  if (value.charCodeAt(at) === code) at++;
  const isDoubled = at === start + 2;
  const next = value.charCodeAt(at);
  // Because a blank behind it is what a list, a table and a comment have.
  if (callsText(value, at)) return suspect('separated', 5, start, value.length);
  if (!(next > 0x20) || value.includes('\n')) return null;
  const end = wordEnd(value, at);
  if (isRedirection(value, at)) return suspect('redirected', 5, start, value.length);
  if (end === at || isListed(value, code, end) || (code === 0x26 && value.charCodeAt(end) === 0x3b)) return null;
  const found = suspect('separated', 5, start, Math.max(end, at + 1));
  const name = commandName(uncover(value.slice(at, end)));
  if (name === '') return isUnknown(value, at, end, code !== 0x26 || isDoubled) ? found : null;
  if (readCommand(value, at).rank === NO_COMMAND) return null;
  const hasMore = skipBlanks(value, end) < value.length;
  // Because `&more` and `|date` alone are a piece of an address and a filter.
  return code === 0x3b || isDoubled || hasMore ? found : null;
}

/** Behind a host, an address or a file's name at `from`, which programs are called with; `from` where there is none. */
function hostEnd(value: string, from: number): number {
  let at = from;
  let dots = 0;
  let letters = 0;
  while (at < from + 64 && isNamePart(value.charCodeAt(at))) {
    if (value.charCodeAt(at) === 0x2e && at > from) dots++;
    if (isLetter(value.charCodeAt(at))) letters++;
    at++;
  }
  return dots > 0 && (letters > 1 || dots === 3) ? at : from;
}

/** Whether a known command with something behind it stands right behind the separator at `at`. */
function hasArgument(value: string, at: number): boolean {
  const from = value.charCodeAt(at + 1) === value.charCodeAt(at) ? at + 2 : at + 1;
  const end = wordEnd(value, from);
  return isBlank(value.charCodeAt(end)) && commandName(uncover(value.slice(from, end))) !== '';
}

/** PowerShell's calls of what is no name: `; &('who'+'ami')`, `; . ('i'+'ex')`. */
function callsText(value: string, from: number): boolean {
  const at = skipBlanks(value, from);
  const code = value.charCodeAt(at);
  if (code !== 0x26 && code !== 0x2e) return false;
  const open = skipBlanks(value, at + 1);
  const behind = value.charAt(open + 1);
  return value.charCodeAt(open) === 0x28 && (behind === "'" || behind === '"') && value.includes('+', open);
}

/** `;>file`, `;2>/dev/null id`, `|>x`. */
function isRedirection(value: string, from: number): boolean {
  let at = from;
  if (value.charCodeAt(at) >= 0x30 && value.charCodeAt(at) <= 0x32) at++;
  if (value.charCodeAt(at) !== 0x3e) return false;
  const file = skipBlanks(value, value.charCodeAt(at + 1) === 0x3e ? at + 2 : at + 1);
  const code = value.charCodeAt(file);
  return value.charCodeAt(from - 1) === 0x3b && (isLetter(code) || code === 0x2f || code === 0x2e || code === 0x26);
}

/** Whether the word is one of several that the same sign parts: `;cat;dog`, `|id|name|`. */
function isListed(value: string, code: number, end: number): boolean {
  const at = skipBlanks(value, end);
  if (value.charCodeAt(at) !== code || value.charCodeAt(at + 1) === code) return false;
  const next = value.charCodeAt(skipBlanks(value, at + 1));
  return isLetter(next) || (next >= 0x30 && next <= 0x39);
}

/** A program that no list knows, by its path or by arguments that only programs have. */
function isUnknown(value: string, at: number, end: number, mayBePath: boolean): boolean {
  const raw = value.slice(at, end);
  if (mayBePath && (raw.startsWith('./') || raw.startsWith('~/') || raw.startsWith('../'))) return raw.length > 2;
  if (mayBePath && raw.startsWith('/')) return ROOTS.has(raw.slice(1, Math.max(1, raw.indexOf('/', 1))));
  for (let index = 0; index < raw.length; index++) if (!isNamePart(raw.charCodeAt(index))) return false;
  const next = skipBlanks(value, end);
  if (next === end || raw.length < 2) return false;
  const code = value.charCodeAt(next + 1);
  return value.charCodeAt(next) === 0x2d && (isLetter(code) || code === 0x2d) && !isBlank(code);
}

function isNamePart(code: number): boolean {
  return isLetter(code) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f || code === 0x2e;
}
