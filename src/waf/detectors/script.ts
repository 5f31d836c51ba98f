// Script smuggled in without markup: script addresses, break-outs of script strings, bare calls, template expressions.

import { isLetter, isWord, nextOf } from '../classes.ts';
import { type Detection, found } from './detection.ts';
import { loneSinks, scriptObjects, sinks, templateEscapes } from './html-words.ts';

/** Names of the global object of a page. */
const globals: ReadonlySet<string> = new Set([
  'window',
  'self',
  'top',
  'this',
  'globalThis',
  'frames',
  'parent',
  'document',
]);

/** What every program for pages uses, and proves nothing where it stands in a line of one. */
const developers: ReadonlySet<string> = new Set([
  '.innerhtml',
  '.outerhtml',
  'localstorage.',
  'sessionstorage.',
  'document.body',
  'document.createelement',
]);

/** How far before and behind a call is looked at, in characters. */
const reach = 64;

/** Script in a value that has no markup. Ids 1041012–1041019. Linear; never throws. */
export function detectScript(value: string): Detection | null {
  return template(value) ?? addressAtStart(value) ?? linked(value) ?? coded(value) ?? reached(value) ?? calls(value);
}

/** `javascript:`, `vbscript:` or `data:text/html` at `start`, white space and controls within ignored as browsers do; or ''. */
export function scriptScheme(text: string, start: number, end: number): string {
  let scheme = '';
  let at = start;
  for (; at < end && scheme.length < 24; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32) {
      // Because leading blanks are dropped, and tabs and line breaks anywhere, but a space inside ends the scheme.
      if (code === 32 && scheme !== '') break;
      continue;
    }
    scheme += text.charAt(at);
    if (code === 58 && scheme.toLowerCase() !== 'data:') break;
  }
  scheme = scheme.toLowerCase();
  if (scheme === 'javascript:' || scheme === 'vbscript:' || scheme === 'livescript:') return scheme;
  if (scheme.startsWith('data:text/html') || scheme.startsWith('data:text/xml')) return 'data:text/html';
  if (scheme.startsWith('data:image/svg+xml') || scheme.startsWith('data:application/xht')) return 'data:';
  return '';
}

/** Whether a function is called between `start` and `end`: a name, then `(` or a backtick. */
export function callsFunction(text: string, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) {
    const code = text.charCodeAt(at);
    if ((code === 40 || code === 96) && nameBefore(text, at, start) < at) return true;
  }
  return false;
}

/** Whether prose hides a call: a name with its bracket right behind it, which no sentence has. */
function hasTightCall(text: string, start: number): boolean {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code === 40 || code === 96) && isWord(text.charCodeAt(at - 1))) return true;
  }
  return false;
}

/** Whether a `javascript:` address does nothing, as the `void(0)` of links that are buttons: no call or assignment is left. */
export function isIdleAddress(text: string, start: number, end: number): boolean {
  const colon = text.indexOf(':', start);
  if (colon < 0 || colon >= end) return false;
  let at = colon + 1;
  while (at < end && text.charCodeAt(at) === 32) at++;
  if (text.startsWith('void(0)', at)) at += 7;
  else if (text.startsWith('void 0', at)) at += 6;
  else if (text.charCodeAt(at) !== 59 && at < end) return false;
  const isFollowed = text.charCodeAt(at) === 32 && isLetter(text.charCodeAt(at + 1));
  // Because two words in a row are no program, unless the second is an operator; a line break would make them two.
  if (isFollowed) return !text.startsWith('in', at + 1) && !hasLineBreak(text, at, end);
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 59 && code !== 34 && code !== 39) return false;
  }
  return true;
}

function hasLineBreak(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13 || code === 0x2028 || code === 0x2029) return true;
  }
  return false;
}

function addressAtStart(value: string): Detection | null {
  if (!value.includes(':')) return null;
  const scheme = scriptScheme(value, 0, Math.min(value.length, 256));
  if (scheme === '' || scheme === 'data:') return null;
  const colon = value.indexOf(scheme.startsWith('data') ? ',' : ':');
  if (scheme === 'javascript:' && (isIdleAddress(value, 0, value.length) || isSentence(value, colon + 1))) return null;
  if (colon < 0 || colon + 1 >= value.length) return null;
  // Because "javascript: the good parts" is a title, and an address has its code right behind the colon.
  const isTitle = scheme !== 'data:text/html' && value.charCodeAt(colon + 1) === 32;
  if (isTitle && !hasTightCall(value, colon)) return null;
  return found(1041012, 5, `the value is a ${scheme} address`, 0, value.length);
}

/** Whether only words with blanks between them follow: no program. */
function isSentence(text: string, from: number): boolean {
  let words = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 32) words++;
    else if (!isLetter(code)) return false;
  }
  return words > 0;
}

/** `[text](javascript:…)`: a script address as the target of a Markdown link. */
function linked(value: string): Detection | null {
  let tries = 0;
  for (let at = value.indexOf(']('); at >= 0 && tries < 64; at = value.indexOf('](', at + 2), tries++) {
    const scheme = scriptScheme(value, at + 2, Math.min(value.length, at + 2 + reach));
    const isIdle = scheme === 'javascript:' && isIdleAddress(value, at + 2, value.indexOf(')', at + 2));
    if (scheme !== '' && scheme !== 'data:' && !isIdle)
      return found(1041017, 5, `a Markdown link holds a ${scheme} address`, at, Math.min(value.length, at + reach));
  }
  return null;
}

/** `[img]javascript:…`, `[x]: javascript:…`, `[url=javascript:…]`: script addresses in bulletin board code and references. */
function coded(value: string): Detection | null {
  if (value.length > 4096 || !value.includes('[')) return null;
  const lower = value.toLowerCase();
  for (const scheme of ['javascript:', 'vbscript:', 'data:text/html']) {
    const at = lower.indexOf(scheme);
    if (at <= 0 || isIdleAddress(value, at, value.length)) continue;
    const before = lower.slice(Math.max(0, at - 6), at).trimEnd();
    const isCode =
      before.endsWith('[img]') ||
      before.endsWith('[url]') ||
      before.endsWith('[url=') ||
      before.endsWith(']:') ||
      before.endsWith('="') ||
      before.endsWith(']');
    if (isCode && value.charCodeAt(at + scheme.length) !== 32)
      return found(1041017, 5, `a link holds a ${scheme} address`, at, at + reach);
  }
  return null;
}

/** Ways to any function without its name: the constructor of a constructor, a property of `window` called by a string. */
function reached(value: string): Detection | null {
  if (!value.includes('.') && !value.includes('[')) return null;
  const twice = value.indexOf('.constructor.constructor');
  if (twice >= 0) return found(1041018, 5, 'the value reaches for the constructor of functions', twice, twice + reach);
  if (value.length > 1024) return null;
  const open = value.indexOf('[');
  if (open < 0) return null;
  let from = Math.max(0, open);
  while (from > 0 && (isWord(value.charCodeAt(from - 1)) || value.charCodeAt(from - 1) === 46)) from--;
  const object = value.slice(from, Math.max(0, open)).trim();
  if (!globals.has(object.slice(object.lastIndexOf('.') + 1))) return null;
  if (from > 0 && !breaksOut(value, 0, from)) return null;
  const first = value.charCodeAt(open + 1);
  const close = value.indexOf(']', open);
  const called = value.charCodeAt(close + 1);
  if ((first !== 34 && first !== 39 && first !== 96) || close < 0 || (called !== 40 && called !== 96)) return null;
  return found(1041018, 5, `the value calls a property of ${object} by a string`, 0, close + reach);
}

/** Calls of script sinks and uses of script objects, judged by what stands around them. */
function calls(value: string): Detection | null {
  let best = sinkCall(value);
  if ((best !== null && best.score >= 5) || !hasMember(value)) return best;
  const lower = value.toLowerCase();
  for (const name of scriptObjects) {
    const at = lower.indexOf(name);
    if (at < 0) continue;
    const isSent = name === 'document.cookie' && value.charCodeAt(at - 1) === 43;
    const isOut = breaksOut(value, 0, at) || isSent;
    const isFirst = isPath(value.slice(Math.max(0, at - reach), at)) && at < reach;
    const talked = developers.has(name) ? 2 : 3;
    const score = isOut || (isFirst && isWrite(value, at + name.length)) ? 5 : talked;
    if (best === null || score > best.score)
      best = found(1041014, score, `the value uses ${name} of the page`, at, at + name.length + reach);
  }
  return best;
}

/** Whether a dot stands as in `document.cookie`, `localstorage.` and `.innerhtml`: what uses an object has one. */
function hasMember(value: string): boolean {
  for (let at = value.indexOf('.'); at >= 0; at = value.indexOf('.', at + 1))
    if (isLetter(value.charCodeAt(at + 1)) || (value.charCodeAt(at - 1) | 32) === 0x65) return true;
  return false;
}

function sinkCall(value: string): Detection | null {
  if (!value.includes('(') && !value.includes('`')) return null;
  let best: Detection | null = null;
  let inTicks = value.charCodeAt(0) === 96;
  let bracket = 0;
  let tick = 0;
  for (let at = 1; at < value.length; at++) {
    // Because both are rare, searches find them faster than a look at each character.
    if (bracket < at) bracket = nextOf(value, '(', at);
    if (tick < at) tick = nextOf(value, '`', at);
    at = Math.min(bracket, tick);
    if (at === value.length) return best;
    const code = value.charCodeAt(at);
    if (code === 96) inTicks = !inTicks;
    // Because Markdown writes `--eval`: a backtick that closes is no template.
    if (code === 96 && !inTicks) continue;
    let start = nameBefore(value, at, 0);
    if (start >= at) continue;
    if (value.startsWith('new ', start - 4)) start -= 4;
    const name = value
      .slice(value.startsWith('new ', start) ? start + 4 : start, at)
      .trim()
      .toLowerCase();
    const score = callScore(value, name, start, at);
    if (score <= (best?.score ?? 0)) continue;
    const from = Math.max(0, start - 16);
    best = found(1041013, score, `the value leaves its script and calls ${name}()`, from, at + reach);
    if (score === 5) return best;
  }
  return best;
}

function callScore(value: string, name: string, start: number, at: number): number {
  // Because a function that nobody calls is a line of a program.
  if (name === 'function' && !value.includes(')(') && !value.includes('}(') && !value.includes('`')) return 0;
  // Because these two are written with a capital, and other languages have their own.
  if (name.startsWith('set') && value.startsWith(name, start)) return 0;
  const isOut = breaksOut(value, Math.max(0, start - reach), start) && !value.startsWith('>>> ');
  if (!sinks.has(name)) return isOut ? 3 : 0;
  // Because templates of programs call what they like: `${list.write()}`.
  if (isOut && value.charCodeAt(start - 1) === 123 && !loneSinks.has(name) && value.length > 64) return 0;
  // Because methods of other objects are called alike: `console.print(x)`.
  if (isOut && value.charCodeAt(start - 1) === 46 && !loneSinks.has(name) && !isOfPage(value, start - 1)) return 0;
  if (isOut) return 5;
  const isMaker = name === 'function' && (value.charCodeAt(at + 1) === 34 || value.charCodeAt(at + 1) === 39);
  if (isMaker && start === 0 && value.includes(')(')) return 5;
  const isTimer = name === 'settimeout' || name === 'setinterval';
  // Because a timer that is handed a function by its name runs what the page has, and one of text what the value has.
  if (isTimer && (value.charCodeAt(at + 1) === 40 || isPlainName(value, at + 1))) return 3;
  if (loneSinks.has(name) && isWholeStatement(value, start, at)) return 5;
  return value.charCodeAt(at) === 96 ? 4 : 0;
}

/** Whether a name with a comma behind it stands at `from` that is none of a sink. */
function isPlainName(value: string, from: number): boolean {
  let end = from;
  while (end < value.length && isWord(value.charCodeAt(end))) end++;
  return end > from && value.charCodeAt(end) === 44 && !sinks.has(value.slice(from, end).toLowerCase());
}

/** Whether the object whose member begins behind the dot at `dot` is one of the page. */
function isOfPage(value: string, dot: number): boolean {
  let from = dot;
  while (from > 0 && dot - from < reach && isWord(value.charCodeAt(from - 1))) from--;
  const object = value.slice(from, dot);
  return globals.has(object) || object === 'location' || object === 'String' || object === 'navigator' || object === '';
}

/** Where the name (letters, digits, `_`, `$`) before `at` begins, one run of blanks allowed between; `at` where there is none. */
function nameBefore(text: string, at: number, from: number): number {
  let end = at;
  while (end > from && at - end < 3 && text.charCodeAt(end - 1) === 32) end--;
  let start = end;
  while (start > from && end - start < reach && isWord(text.charCodeAt(start - 1))) start--;
  return start === end || !isLetter(text.charCodeAt(start)) ? at : start;
}

/**
 * Whether the text from `from` to `start` ends by leaving a string or an expression: a quote with an operator behind
 * it, or an operator at the very beginning; member paths (`window.top.`) before the name are part of the call.
 */
function breaksOut(value: string, from: number, start: number): boolean {
  let at = start;
  while (at > from && (isWord(value.charCodeAt(at - 1)) || isMember(value.charCodeAt(at - 1)))) at--;
  let operators = 0;
  while (at > from && isOperatorOrSpace(value.charCodeAt(at - 1))) {
    if (value.charCodeAt(at - 1) !== 32) operators++;
    at--;
  }
  if (operators === 0) return value.charCodeAt(at - 1) === 123 && value.charCodeAt(at - 2) === 36;
  if (at === 0) return true;
  const before = value.charCodeAt(at - 1);
  if (before !== 34 && before !== 39 && before !== 96) return false;
  // Because `f("a", alert(1))` is a call with a string, while `x", alert(1)` has left one: a string that was opened is no way out.
  return !isClosing(value, at - 1, before);
}

/** Whether the quote at `at` closes a string that the value itself opened: an odd number of the same quote stands before it. */
function isClosing(value: string, at: number, quote: number): boolean {
  let count = 0;
  for (let index = Math.max(0, at - reach * 4); index < at; index++) if (value.charCodeAt(index) === quote) count++;
  return count % 2 === 1;
}

/** Whether the call is all there is, as `alert(document.cookie)`: the value begins with it and ends with its bracket. */
function isWholeStatement(value: string, start: number, at: number): boolean {
  if (value.length > 1024 || value.charCodeAt(at + 1) === 41) return false;
  const before = value.slice(0, start).trim();
  if (before !== '' && !isPath(before) && !isNumberEnded(before)) return false;
  let end = value.length;
  while (end > at && (value.charCodeAt(end - 1) <= 32 || value.charCodeAt(end - 1) === 59)) end--;
  const last = value.charCodeAt(end - 1);
  return last === 41 || last === 96 || value.slice(end - 2, end) === '//';
}

/** A number and operators behind it, as in `1;alert(1)`: what stood there in the script was a number. */
function isNumberEnded(text: string): boolean {
  let at = 0;
  while (at < text.length && at < 32 && text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++;
  if (at === 0 || at === text.length) return false;
  while (at < text.length && isOperatorOrSpace(text.charCodeAt(at))) at++;
  return at === text.length;
}

function isPath(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (!isWord(code) && !isMember(code)) return false;
  }
  return true;
}

function isMember(code: number): boolean {
  return code === 46 || code === 91 || code === 93;
}

/** `- + * / % ; , ) } ] | & ^ < > = ? : ! ~ (`, a blank or a line break. */
function isOperatorOrSpace(code: number): boolean {
  return code <= 32 || '-+*/%;,)}]|&^<>=?:!~('.includes(String.fromCharCode(code));
}

/** Whether an assignment or a call follows. */
function isWrite(value: string, at: number): boolean {
  let next = at;
  while (next < value.length && value.charCodeAt(next) === 32) next++;
  const code = value.charCodeAt(next);
  return (code === 61 && value.charCodeAt(next + 1) !== 61) || code === 40;
}

/** A template expression that reaches for the constructor of everything, or another way out of its sandbox. */
function template(value: string): Detection | null {
  const open = firstExpression(value);
  if (open < 0) return null;
  const line = value.indexOf('\n', open);
  const lower = value
    .slice(open, line < 0 ? open + 4096 : Math.min(line, open + 4096))
    .toLowerCase()
    .replaceAll(' ', '');
  for (const name of templateEscapes)
    if (lower.includes(name)) return found(1041015, 5, `a template expression reaches for ${name}`, open, open + 256);
  const product = arithmetic(value, open);
  if (!product) return null;
  // Because nobody but a prober sends a product in braces and nothing else.
  const isAll = open === 0 && value.length < 32;
  return found(1041016, isAll ? 5 : 4, 'a template expression computes a number, as probes do', open, open + 32);
}

/** Where `{{`, `${`, `#{`, `<%` or `{%` begins, or -1. */
function firstExpression(value: string): number {
  if (!value.includes('{') && !value.includes('%')) return -1;
  for (let at = 1; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const before = value.charCodeAt(at - 1);
    if (code === 123 && (before === 123 || before === 36 || before === 35)) return at - 1;
    if (code === 37 && (before === 60 || before === 123)) return at - 1;
  }
  return -1;
}

/** `{{7*7}}`: digits, an asterisk and digits right behind the opening. */
function arithmetic(value: string, open: number): boolean {
  let at = open + 2;
  while (value.charCodeAt(at) === 32 || value.charCodeAt(at) === 61) at++;
  const first = at;
  while (value.charCodeAt(at) >= 48 && value.charCodeAt(at) <= 57) at++;
  if (at === first) return false;
  while (value.charCodeAt(at) === 32) at++;
  if (value.charCodeAt(at) !== 42) return false;
  at++;
  while (value.charCodeAt(at) === 42 || value.charCodeAt(at) === 32) at++;
  const code = value.charCodeAt(at);
  return (code >= 48 && code <= 57) || code === 39 || code === 34;
}
