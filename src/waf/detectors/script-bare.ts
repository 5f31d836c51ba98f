// Script that is the whole value: short programs without a word of prose that call what probes and thieves call, in any of JavaScript's ways to call it.

import { isWord } from '../classes.ts';
import { type Detection, found, type Subject } from './detection.ts';

/** Functions by which a probe shows that it ran. */
const showing: readonly string[] = ['alert', 'prompt', 'confirm'];
/** Beginnings of what a probe hands them; a program hands them sentences and variables. */
const probes: readonly string[] = [
  'document',
  'location',
  'window',
  'origin',
  'self',
  'top',
  'cookie',
  'name)',
  'this',
  'string.',
  'string[',
  'navigator',
  'localstorage',
  'atob(',
  'xss',
  '\\',
  '/',
  '-',
  '`',
  'event',
  '"xss',
  "'xss",
  '"1',
  "'1",
  '"hack',
  "'hack",
  '"pwn',
  "'pwn",
  '"vuln',
  "'vuln",
  '"poc',
  "'poc",
  '"inject',
  "'inject",
  '"document',
  "'document",
];
/** What evaluates text, and what such text is made of. */
const evaluated: readonly string[] = [
  'eval(atob',
  'eval(unescape',
  'eval(decodeuri',
  'eval(string.',
  'eval(location',
  'eval(name)',
  'eval(window',
  'eval(document',
  'eval(self',
  'eval(this',
  'eval.call',
  'eval.apply',
  'eval`',
  '(eval)',
  ',eval)',
  ':eval}',
  '=eval;',
  'globaleval(',
  'execscript(',
  'function`',
  'constructor`',
  '.constructor("',
  ".constructor('",
  "['constructor'](",
  '["constructor"](',
  'settimeout`',
  'setinterval`',
];
/** What loads a script or sends what a page holds, whatever stands around it. */
const reaching: readonly string[] = [
  'import("//',
  "import('//",
  'import(`//',
  'import("http',
  "import('http",
  'import("data:',
  "import('data:",
  'importscripts(',
  'fetch("//',
  "fetch('//",
  'fetch(`//',
  'new websocket(',
  'new worker("data',
  "new worker('data",
  'serviceworker.register(',
  'getscript("',
  "getscript('",
  'new image().src=',
  'new image().src =',
  '(new image).src',
  'forms[0].action=',
  'onkeypress=function',
  'onkeydown=function',
  'document["coo',
  "document['coo",
  "createelement('script')",
  'createelement("script")',
  'location.replace("//',
  "location.replace('//",
  'location.replace(`//',
  "location.replace('http",
  'location.replace("http',
  "location.assign('",
  'location.assign("',
  'url(javascript:',
  'url("javascript:',
  "url('javascript:",
  '-moz-binding:',
  'new xmlhttprequest();',
  'new xmlhttprequest;',
];
/** Signs without which a value is none of these, to be found with those of other detectors. */
export const bareSigns: readonly string[] = [...showing, ...evaluated, ...reaching, 'location'];

/** What an assignment to `location` leads to. */
const targets: readonly string[] = [
  '"//',
  "'//",
  '`//',
  '"http',
  "'http",
  '"java',
  "'java",
  '"data:',
  "'data:",
  '`java',
];
/** Shortest run of brackets and signs alone that is a program. */
const minSigns = 18;

/** Script in a value that is nothing else. Id 1041019. Linear; never throws. */
export function detectBareScript(subject: Subject): Detection | null {
  const { text } = subject;
  if (text.length < 7 || text.length > 1500) return null;
  if (isSigns(text)) return told('is made of nothing but brackets and signs', 0, text.length);
  const { lower } = subject;
  if (lower.startsWith('$=~[];')) return told('is a program in signs', 0, text.length);
  const sheet = lower.startsWith("@import'") || (lower.startsWith('@import') && lower.includes('javascript:'));
  if (sheet && subject.isBare) return told('imports a style sheet', 0, text.length);
  if (lower.includes('url(') && leaksByStyle(lower))
    return told('tells by a style sheet what a page holds', 0, text.length);
  if (subject.places === null) return null;
  const moved = movesPage(lower);
  if (moved >= 0 && subject.isBare) return told('sends the page elsewhere', moved, moved + 64);
  for (const name of reaching) {
    const at = lower.indexOf(name);
    if (at >= 0 && subject.isBare) return told(`loads or sends something by ${name.trim()}`, at, at + 64);
  }
  for (const name of evaluated) {
    const at = lower.indexOf(name);
    if (at >= 0 && isFreeAt(lower, at, name) && subject.isBare) return told(`evaluates text by ${name}`, at, at + 64);
  }
  const shown = showsItself(lower);
  return shown >= 0 && subject.isBare ? told('shows that it ran', shown, shown + 64) : null;
}

/** `[value^=a]{background:url(//evil.example/a)}`, `}*{background:url(//…)}`: a rule that asks a foreign server for what it matches. */
function leaksByStyle(lower: string): boolean {
  const at = lower.indexOf('url(');
  const address = lower
    .slice(at + 4, at + 14)
    .replaceAll("'", '')
    .replaceAll('"', '')
    .trimStart();
  if (!address.startsWith('//') && !address.startsWith('http')) return false;
  const isAsking = ['[value^=', '[value$=', '[value*=', '[value="', "[value='"].some((one) => lower.includes(one));
  return isAsking || (lower.startsWith('}') && lower.indexOf('{') < at);
}

function told(what: string, start: number, end: number): Detection {
  return found(1041019, 5, `the value is a script that ${what}`, start, end);
}

/** A name that begins with a letter stands at the beginning of a word. */
function isFreeAt(lower: string, at: number, name: string): boolean {
  return !isWord(name.charCodeAt(0)) || !isWord(lower.charCodeAt(at - 1));
}

/** Where `location` is given an address; -1 where it is not. */
function movesPage(lower: string): number {
  for (let at = lower.indexOf('location'); at >= 0; at = lower.indexOf('location', at + 8)) {
    if (isWord(lower.charCodeAt(at - 1))) continue;
    let end = at + 8;
    if (lower.startsWith('.href', end)) end += 5;
    while (lower.charCodeAt(end) === 32) end++;
    if (lower.charCodeAt(end) !== 61 || lower.charCodeAt(end + 1) === 61) continue;
    const rest = lower.slice(end + 1, end + 24).trimStart();
    if (
      rest === 'name' ||
      rest.startsWith('name;') ||
      rest.startsWith('atob(') ||
      targets.some((one) => rest.startsWith(one))
    )
      return at;
  }
  return -1;
}

/** Where a probe calls one of its functions, or hands it on to be called; -1 where none does. */
function showsItself(lower: string): number {
  for (const name of showing)
    for (let at = lower.indexOf(name); at >= 0; at = lower.indexOf(name, at + name.length)) {
      const before = lower.charCodeAt(at - 1);
      if (isWord(before) || before === 45) continue;
      const end = at + name.length;
      if (isCalled(lower, end) || isHandedOn(lower, at, end)) return at;
    }
  return -1;
}

/** `alert(1)`, `(alert)(1)`, `alert?.(1)`, `alert.call(null,1)`: called with what a probe hands over. */
function isCalled(lower: string, from: number): boolean {
  let at = from;
  if (lower.startsWith('.call(', at) || lower.startsWith('.apply(', at) || lower.startsWith('?.(', at)) return true;
  if (lower.startsWith("')(", at) || lower.startsWith('")(', at)) return true;
  let closed = 0;
  while (lower.charCodeAt(at) === 41 || lower.charCodeAt(at) === 32) {
    if (lower.charCodeAt(at) === 41) closed++;
    at++;
  }
  if (closed > 0) return lower.charCodeAt(at) === 40 || lower.charCodeAt(at) === 96;
  if (lower.charCodeAt(at) === 96) return true;
  if (lower.charCodeAt(at) !== 40) return false;
  at++;
  while (lower.charCodeAt(at) === 32 || lower.charCodeAt(at) === 40) at++;
  const code = lower.charCodeAt(at);
  if (code >= 48 && code <= 57) return true;
  // Because `alert(e)` in a catch, and a letter alone, is what probes write.
  if (lower.charCodeAt(at + 1) === 41 && code >= 97) return lower.length < 64;
  return probes.some((one) => lower.startsWith(one, at));
}

/** `.map(alert)`, `=alert;throw 1`, `,alert)`: the function itself is the value. */
function isHandedOn(lower: string, at: number, end: number): boolean {
  const before = lower.charCodeAt(at - 1);
  const after = lower.charCodeAt(end);
  if (before === 61) return after === 59 || after === 44 || after === 125;
  if (after !== 41 && after !== 44) return false;
  if (before === 44) return true;
  return before === 40 && isWord(lower.charCodeAt(at - 2)) && lower.lastIndexOf('.', at - 2) >= 0;
}

/** JavaScript that is written with `[]()!+` alone. */
function isSigns(text: string): boolean {
  if (text.length < minSigns) return false;
  for (let at = 0; at < text.length; at++) if (!'[]()!+{} ;'.includes(text.charAt(at))) return false;
  return text.includes('![]') || text.includes('+[]');
}
