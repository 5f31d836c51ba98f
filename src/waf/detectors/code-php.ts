// PHP that would run: open tags with something harmful behind them, whole calls, requests that call functions, settings of the interpreter.

import { type Detection, found, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** How often and how far code is looked at, so that many tags stay linear. */
const maxLooks = 16;
const maxLook = 2048;

/** Functions that run programs or code. */
const running: ReadonlySet<string> = new Set(
  'system passthru shell_exec popen proc_open pcntl_exec exec eval assert create_function call_user_func call_user_func_array forward_static_call phpinfo'.split(
    ' ',
  ),
);
/** Functions that read, write or show what they should not, where they are all there is. */
const reaching: ReadonlySet<string> = new Set(
  'file_get_contents file_put_contents readfile highlight_file show_source fopen include include_once require require_once unlink ini_set scandir base64_decode str_rot13 array_map usort preg_replace ob_start register_shutdown_function symlink rename chmod move_uploaded_file'.split(
    ' ',
  ),
);
/** Functions that only show something, as probes do with a hash. */
const showing: ReadonlySet<string> = new Set(['print', 'echo', 'die', 'exit', 'var_dump', 'print_r', 'printf']);

/** What this detector looks for, by its text. */
export const phpSigns: ReadonlyMap<string, Sign> = tableOf(
  signs(
    5,
    5,
    `
  allow_url_include
  auto_prepend_file
  auto_append_file
  addtype application/x-httpd-php
  invokefunction
  \\think\\
  {pboot:if
  {if:1)
  _session[
  globals[
  _server[document_root
  eval-stdin
  think\\config
  think\\request
  think\\view
  think\\lang
  [#post_render]
  [#pre_render]
  [#lazy_builder]
  extract($_
  ).chr(
`,
  ),
);

const openings: readonly string[] = [
  '<?php',
  '<?=',
  '<? ',
  '<?\n',
  '<script language="php"',
  "<script language='php'",
  '<script language=php',
];

/** PHP in one value. Ids 1048001–1048006. */
export function detectPhp(subject: Subject): Detection | null {
  const { lower } = subject;
  return (
    tagged(subject) ??
    requested(lower) ??
    configured(subject) ??
    variable(subject) ??
    called(subject) ??
    joined(subject) ??
    backquoted(lower)
  );
}

/** What a PHP tag opens: harmful where it runs something, or does anything in a few characters with a request. */
function tagged(subject: Subject): Detection | null {
  const { lower } = subject;
  if (!lower.includes('<') || (!lower.includes('<?') && !lower.includes('language'))) return null;
  let looks = 0;
  for (const opening of openings) {
    for (let at = lower.indexOf(opening); at >= 0 && looks < maxLooks; at = lower.indexOf(opening, at + 2), looks++) {
      const code = lower.slice(at + opening.length, at + maxLook);
      const score = scoreOfTag(code);
      if (score > 0) return found(1048001, score, 'the value holds PHP that runs something', at, at + 96);
    }
  }
  return null;
}

function scoreOfTag(code: string): number {
  const isShort = code.length < 250;
  const reads =
    code.includes('$_get') ||
    code.includes('$_post') ||
    code.includes('$_request') ||
    code.includes('$_cookie') ||
    code.includes("$_server['http") ||
    code.includes('php://input');
  let best = 0;
  for (let open = code.indexOf('('); open > 0; open = code.indexOf('(', open + 1)) {
    const name = nameBefore(code, open);
    const isRunning = running.has(name);
    if (isRunning && (isShort || (reads && name !== 'exec'))) return 5;
    if (isRunning) best = 3;
    const isVariable = name !== '' && code.charAt(open - name.length - 1) === '$';
    if (isVariable && reads && isShort) return 5;
    if (reaching.has(name) && (isShort || reads)) best = isShort ? 5 : Math.max(best, 3);
    if (isShort && (name === 'md5' || name === '__halt_compiler')) return 5;
  }
  if (isShort && hasBackquotes(code)) return 5;
  if (isShort && reads && (code.includes('include') || code.includes('require'))) return 5;
  return best;
}

/** Whether a command stands in backquotes, which are none of a block of Markdown. */
function hasBackquotes(code: string): boolean {
  const open = code.indexOf('`');
  const end = code.indexOf('?>');
  const close = open < 0 ? -1 : code.indexOf('`', open + 1);
  return close > open + 1 && (end < 0 || open < end);
}

/** `$_GET[0]($_GET[1])`: a value of the request is called as a function; `eval($_POST[`: or run. */
function requested(lower: string): Detection | null {
  let looks = 0;
  for (let at = lower.indexOf('$_'); at >= 0 && looks < maxLooks; at = lower.indexOf('$_', at + 2), looks++) {
    const isRequest =
      lower.startsWith('get', at + 2) ||
      lower.startsWith('post', at + 2) ||
      lower.startsWith('request', at + 2) ||
      lower.startsWith('cookie', at + 2);
    if (!isRequest) continue;
    const close = lower.indexOf(']', at);
    if (close > 0 && close - at < 64 && lower.charCodeAt(close + 1) === 40)
      return found(1048002, 5, 'the value calls what the request names', at, close + 2);
    let open = at;
    while (open > 0 && (lower.charCodeAt(open - 1) <= 32 || lower.charAt(open - 1) === '@')) open--;
    if (lower.charCodeAt(open - 1) === 40 && running.has(nameBefore(lower, open - 1)))
      return found(1048002, 5, 'the value runs what the request brings', at, at + 32);
    if (lower.startsWith('include', open - 7) || lower.startsWith('include_once', open - 12))
      return found(1048002, 5, 'the value includes the file that the request names', at, at + 32);
  }
  return null;
}

function configured(subject: Subject): Detection | null {
  const sign = strongest(subject, phpSigns);
  if (sign === null) return null;
  // Because a text about a setting is no setting: names of arguments begin with theirs.
  const isTalk = !subject.isName && (!subject.isBare || !isSet(subject.lower, sign.at));
  const score = isTalk ? 3 : 5;
  return found(1048003, score, `the value sets what PHP does: "${sign.sign.text}"`, sign.at, sign.at + 64);
}

/** Whether more than words stands behind the sign at `at`, or nothing else at all in the value. */
function isSet(lower: string, at: number): boolean {
  if (!lower.includes(' ')) return true;
  const rest = lower.slice(at, at + 64);
  return rest.includes('=') || rest.includes(':') || rest.includes('[') || rest.includes('\\');
}

/** `$a='sys'.'tem';$a('id');`: a variable is given the name of a function and called. */
function variable(subject: Subject): Detection | null {
  const { lower } = subject;
  if (lower.charCodeAt(0) !== 36 || lower.length > 300) return null;
  const equals = lower.indexOf('=');
  const name = equals > 1 && equals < 24 ? lower.slice(0, equals).trimEnd() : '';
  const quote = lower.charAt(equals + 1);
  // Because names are made of other characters, too: `("%40"^"!")`, `~"…"`, `[]`.
  const isMade = (quote === '(' && lower.includes('^')) || quote === '~' || lower.startsWith('[]', equals + 1);
  const isText = quote === "'" || quote === '"' || isMade;
  const call = name === '' || !isText ? -1 : lower.indexOf(`${name}(`, equals);
  return call < 0 ? null : found(1048005, 5, 'the value calls the function that its variable names', 0, call + 32);
}

/** `('sys'.'tem')('id')` and `base_convert(…)(…)`: a name that is put together and called. */
function joined({ lower, isBare }: Subject): Detection | null {
  if (!isBare || lower.length > 300) return null;
  const call = lower.indexOf(')(');
  if (call < 0) return null;
  const isJoined =
    lower.startsWith('(~') ||
    (lower.startsWith('(') && lower.includes('.(') && !lower.includes(' ') && !lower.includes('=')) ||
    (lower.startsWith('(') && (lower.includes("'.'") || lower.includes('"."') || lower.includes('^'))) ||
    lower.startsWith('base_convert(') ||
    lower.startsWith('strrev(') ||
    lower.startsWith('str_rot13(') ||
    lower.startsWith('hex2bin(');
  return isJoined ? found(1048005, 5, 'the value calls a function whose name it puts together', 0, call + 32) : null;
}

/** One whole call of a harmful function, with what breaks out of a string before it. */
function called(subject: Subject): Detection | null {
  if (!subject.isBare) return null;
  const { lower } = subject;
  for (let open = lower.indexOf('('); open > 0; open = lower.indexOf('(', open + 1)) {
    const name = nameBefore(lower, open);
    if (name === '') continue;
    const argument = lower.charAt(skipBlanks(lower, open + 1));
    const isCalled = argument !== ')' && argument !== '';
    const start = open - name.length;
    if (!isFree(lower, start)) continue;
    if (name === 'phpinfo' && argument === ')') return found(1048004, 5, 'the value calls phpinfo()', start, open + 2);
    if (running.has(name) && name !== 'eval' && name !== 'exec' && name !== 'assert' && isCalled)
      return found(1048004, 5, `the value calls ${name}(), which runs programs`, start, open + 64);
    if (hasWordsBehind(lower)) continue;
    const isText = argument === "'" || argument === '"' || argument === '`' || argument === '$' || argument === '.';
    if (
      (name === 'exec' || name === 'eval' || name === 'assert') &&
      isCalled &&
      (isText || lower.includes('base64_decode'))
    )
      return found(1048004, 5, `the value calls ${name}(), which runs code`, start, open + 64);
    // Because every program of Node begins with lines like `const http = require('http')`.
    const isImport =
      name === 'require' && (lower.startsWith('const ') || lower.startsWith('var ') || lower.startsWith('let '));
    if (reaching.has(name) && isText && !isImport && isHarmful(lower, open))
      return found(1048005, 5, `the value calls ${name}() on a file of the server`, start, open + 64);
    if ((showing.has(name) || lower.startsWith('echo')) && lower.slice(open, open + 200).includes('md5('))
      return found(1048005, 5, 'the value prints a hash, as probes do', start, open + 64);
  }
  for (const word of ['include', 'require']) {
    const at = lower.indexOf(`${word} $_`);
    if (at >= 0) return found(1048005, 5, 'the value includes the file that the request names', at, at + 32);
  }
  return null;
}

/** Whether a word follows the last bracket: a sentence about a call, and no call. */
function hasWordsBehind(lower: string): boolean {
  const last = lower.lastIndexOf(')');
  for (let at = last + 1; at < lower.length; at++)
    if (isName(lower.charCodeAt(at)) && isName(lower.charCodeAt(at + 1))) return true;
  return false;
}

/** Whether the call's argument is a file, a stream, a coded name or a call that runs. */
function isHarmful(lower: string, open: number): boolean {
  const argument = lower.slice(open, open + 160);
  return (
    argument.startsWith("('/") ||
    argument.startsWith('("/') ||
    argument.includes('http') ||
    argument.includes('php:') ||
    argument.includes('.php') ||
    argument.includes('system') ||
    argument.includes('$_') ||
    argument.includes(')(') ||
    argument.includes("'.'") ||
    argument.includes('allow_') ||
    argument.includes('exec')
  );
}

/** "echo `id`;" */
function backquoted(lower: string): Detection | null {
  if (lower.length > 200 || !lower.includes('`')) return null;
  for (const word of ['echo `', 'print(`', 'print `', 'die(`', 'echo(`']) {
    const at = lower.indexOf(word);
    if (at < 0) continue;
    const close = lower.indexOf('`', at + word.length);
    if (close < 0 || close - at > 120) continue;
    if (at === 0 || ';\'"}{('.includes(lower.charAt(at - 1)))
      return found(1048006, 5, 'the value runs a command in backquotes', at, close + 1);
  }
  return null;
}

/** Whether a name at `start` is no member of something and no part of a longer word. */
function isFree(lower: string, start: number): boolean {
  if (start === 0) return true;
  const before = lower.charAt(start - 1);
  if (before === '$' || before === '>' || before === ':') return false;
  return before !== '.' || start === 1 || '\'")'.includes(lower.charAt(start - 2));
}

/** The name (letters, digits, `_`) right before `open`, one blank allowed between. */
function nameBefore(text: string, open: number): string {
  let end = open;
  if (text.charCodeAt(end - 1) === 32) end--;
  let start = end;
  while (start > 0 && end - start < 32 && isName(text.charCodeAt(start - 1))) start--;
  return end === open ? text.slice(start, end) : '';
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  return at;
}

function isName(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95;
}
