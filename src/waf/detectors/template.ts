// Template injection: an expression of a template engine that computes, leaves its sandbox, runs a program or reads its server.

import { type Detection, found, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** How far an expression is read, and how many of them, so that many of them stay linear. */
const maxInside = 512;
const maxExpressions = 32;

/** What only an attacker writes between the brackets of an expression, blanks left out. */
const inside: readonly string[] = [
  'constructor.constructor',
  '.constructor(',
  'constructor[',
  '__proto__',
  '__class__',
  '__mro__',
  '__base__',
  '__bases__',
  '__subclasses__',
  '__globals__',
  '__builtins__',
  '__import__',
  '__init__',
  '__dict__',
  '\\x5f',
  '|attr(',
  "['__",
  '["__',
  '$eval',
  '$on.',
  '$watch',
  'fromcharcode',
  'popen(',
  'getruntime',
  'freemarker.template',
  'registerundefined',
  'getfilter(',
  'loadtemplate(',
  'setcache(',
  "|filter('",
  '|filter("',
  "|map('",
  '|map("',
  "|sort('",
  '|sort("',
  "|reduce('",
  '|reduce("',
  'file_excerpt',
  'getclass(',
  '.class.',
  'forname(',
  'processbuilder',
  'java.lang',
  'java.util.scanner',
  't(java',
  'scriptengine',
  'process.env',
  'process.mainmodule',
  'child_process',
  'global.process',
  'root.process',
  'system(',
  'passthru',
  'shell_exec',
  'phpinfo',
  'os.popen',
  'os.system',
  'importos',
  'execute(',
  '.execute',
  'exec(',
  'eval(',
  'subprocess',
  'file.open',
  'file.read',
  'io.popen',
  'dir.entries',
  'dir.glob',
  '?new(',
  '?api',
  'disablesecurity',
  'getstreamvariable',
  'smarty.version',
  'smarty.template',
  'config.items',
  'config.secret',
  'secret_key',
  'request.application',
  'request.environ',
  'request|attr',
  "request['",
  'request.server',
  'request.query.filter',
  'url_for.',
  'get_flashed_messages',
  'lipsum',
  'cycler',
  'joiner.',
  'namespace.',
  '_self.',
  'self._',
  'self.module',
  'app.request',
  'dump(app',
  "constant('",
  'constant("',
  "include('/",
  'include("/',
  'include"/',
  "include'/",
  'system.diagnostics',
  'system.io.',
  'system.environment',
  'file_put_contents',
  'stringaslist',
  'lookupstring',
  '(lookupthis',
  'stringas|',
  'thisas|obj',
  'php_version',
  'get_admin_log',
  'fetchfile=',
  'servlet',
  '.env.',
  '.password',
  'require(',
  'applicationscope',
  'sessionscope',
  'pagecontext',
  'facescontext',
  'objectconstructor',
  'exec"',
  "exec'",
  'get_admin_log',
  'get_env(',
  "'~'",
  "open('/",
  'open("/',
  '.system"',
];

/** Expressions that name what a page never shows, where the value holds nothing else. */
const whole: ReadonlySet<string> = new Set([
  'config',
  'self',
  'settings',
  'request',
  'beans',
  '.',
  'debug',
  'env',
  'process',
  'global',
  'globals',
  'header',
  'headers',
  'cookie',
  '#ctx',
  '#context',
  'session',
  '.version',
  '.data_model?keys',
  '$',
  'this',
  'app',
  'g',
]);

/** Directives and addresses of engines that need no brackets. */
export const templateSigns: ReadonlyMap<string, Sign> = tableOf([
  ...signs(
    5,
    5,
    `
    freemarker.template.utility
    _self.env.
    __globals__
    __subclasses__
    {php}
    {/php}
    {system(
    {passthru(
    {$smarty.
    smarty_internal
    {self::
    {if phpinfo
    #set($x='')##
    .getclass().forname(
    .class.forname(
    .class.inspect(
    $class.inspect
    __\${t(
    __\${new 
    th:text="\${t(
    <esi:include
    <esi:vars
    <esi:inline
    esi:remove
    system-property('xsl:
    php:function(
    xalan/java
    select="document(
    \\write18
    \\immediate\\write
    \\openin
    \\input{/
    \\include{/
    \\lstinputlisting{/
    \\verbatiminput{/
    \\url{file:
    \\csname input
    system.diagnostics.process
    <!--#exec
    <!--#include file
    <!--#include virtual
    <!--#echo var
    <!--#printenv
    <#assign ex
    ?new()(
    {{<%[%'
    <%[%'"}}
    {{[[<%
  `,
  ),
  ...signs(
    2,
    5,
    `
    #set($
    #include("/
    #parse("/
    $velocitycount
    [#assign
    <#assign
    <#include "/
    @system.io.
    @system.environment
    <%@ include
    {fetch file=
    {% debug
    {% import os
    {%import os
    {% load log
    {% include '/
    {% include request
    {%print(
    {{this.pop}}
    {{@key}}
    .getprotectiondomain(
  `,
  ),
]);

/** Template injection in one value. Ids 1045001–1045009. Linear; never throws. */
export function detectTemplate(subject: Subject): Detection | null {
  const sign = strongest(subject, templateSigns);
  const says = 'the value holds a directive of a template engine';
  if (sign !== null && sign.score >= 5)
    return found(1045001, 5, `${says}: "${sign.sign.text.trim()}"`, sign.at, sign.at + 64);
  let best = sign === null ? null : found(1045001, sign.score, says, sign.at, sign.at + 64);
  let count = 0;
  for (
    let at = nextOpening(subject.text, 0);
    at >= 0 && count < maxExpressions;
    at = nextOpening(subject.text, at + 1), count++
  ) {
    const one = judgeExpression(subject, at);
    if (one !== null && one.score > (best?.score ?? 0)) best = one;
    if (best !== null && best.score >= 5) return best;
  }
  return best;
}

/** Where `{{`, `${`, `#{`, `*{`, `@{`, `@(`, `%{`, `{%`, `<%`, `{=`, `[[`, `$[` or `{digit` begins, or -1. */
function nextOpening(text: string, from: number): number {
  // Because most texts have none, and searches are fast.
  if (from === 0 && !['{', '[', '<%', '@('].some((one) => text.includes(one))) return -1;
  for (let at = from; at + 1 < text.length; at++) {
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    if (next === 123 && (code === 123 || code === 36 || code === 35 || code === 42 || code === 64 || code === 37))
      return at;
    if (code === 123 && (next === 37 || (next >= 48 && next <= 57))) return at;
    if (code === 60 && next === 37) return at;
    if (code === 64 && next === 40) return at;
    if ((code === 91 && (next === 91 || next === 40)) || (code === 36 && next === 91)) return at;
  }
  return -1;
}

function judgeExpression(subject: Subject, open: number): Detection | null {
  const { text, lower } = subject;
  const end = expressionEnd(text, open);
  const body = lower.slice(open + 2, end);
  const packed = body.replaceAll(' ', '');
  const first = text.charCodeAt(open);
  const isAll = isSurrounded(text, open, end);
  // Because `{7` is only an expression where it multiplies.
  const isDigit = text.charCodeAt(open + 1) >= 48 && text.charCodeAt(open + 1) <= 57;
  if (computes(isDigit ? lower.charAt(open + 1) + packed : packed)) {
    const score = isAll || text.length < 80 ? 5 : 3;
    return isDigit && !isAll
      ? null
      : found(1045002, score, 'a template expression computes a number, as probes do', open, end + 2);
  }
  if (isDigit || (first === 91 && !packed.includes('${'))) return null;
  if (isAll && whole.has(trimmed(packed)))
    return found(1045003, 5, 'the value is a template expression that shows what the server knows', open, end + 2);
  for (const name of inside) {
    const at = packed.indexOf(name);
    if (at < 0) continue;
    const score = isAll || subject.isBare || isHard(name) ? 5 : 3;
    return found(1045004, score, `a template expression reaches for ${name}`, open, end + 2);
  }
  if ((first === 60 || first === 35) && body.includes('`'))
    return found(1045005, isAll ? 5 : 3, 'a template expression runs a command in backquotes', open, end + 2);
  if (first === 35 && packed.startsWith('%x'))
    return found(1045005, 5, 'a template expression runs a command', open, end + 2);
  return null;
}

/** What proves an attack even in the middle of a text. */
function isHard(name: string): boolean {
  return (
    name.startsWith('__') ||
    name.includes('constructor') ||
    name === '$eval' ||
    name === 'getruntime' ||
    name === 'registerundefined' ||
    name === 'freemarker.template' ||
    name === '|attr(' ||
    name === 'child_process' ||
    name === 'get_admin_log'
  );
}

/** Where the expression that opens at `open` ends: at `}`, `%>`, `)` or `]]`; nested brackets are passed over. */
function expressionEnd(text: string, open: number): number {
  const last = Math.min(text.length, open + maxInside);
  let depth = 0;
  const isTag = text.charCodeAt(open) === 60;
  for (let at = open + 2; at < last; at++) {
    const code = text.charCodeAt(at);
    if (isTag) {
      if (code === 37 && text.charCodeAt(at + 1) === 62) return at;
      continue;
    }
    if (code === 123 || code === 40 || code === 91) depth++;
    else if (code === 125 || code === 41 || code === 93) {
      if (depth === 0) return at;
      depth--;
    }
  }
  return last;
}

/** Whether nothing but marks stands around the expression. */
function isSurrounded(text: string, open: number, end: number): boolean {
  if (text.length - (end - open) > 40) return false;
  for (let at = 0; at < open; at++) if (isLetter(text.charCodeAt(at))) return false;
  for (let at = end; at < text.length; at++) if (isLetter(text.charCodeAt(at))) return false;
  return true;
}

function trimmed(packed: string): string {
  let from = 0;
  while (packed.charCodeAt(from) === 61 || packed.charCodeAt(from) === 45 || packed.charCodeAt(from) === 123) from++;
  return packed.slice(from).replaceAll('}', '').replaceAll('%', '');
}

/** `7*7`, `7*'7'`, `=7+7`, `${7-7}`: two numbers and an operator, and nothing else. */
function computes(packed: string): boolean {
  let at = 0;
  while (at < packed.length && !isDigit(packed.charCodeAt(at))) {
    if (!'={$(-\'"'.includes(packed.charAt(at))) return false;
    at++;
  }
  const first = at;
  while (isDigit(packed.charCodeAt(at))) at++;
  if (at === first) return false;
  if (packed.charAt(at) === "'" || packed.charAt(at) === '"') at++;
  if (!'*+-/'.includes(packed.charAt(at)) || packed.charAt(at) === '') return false;
  at++;
  if (packed.charAt(at) === "'" || packed.charAt(at) === '"') at++;
  const second = at;
  while (isDigit(packed.charCodeAt(at))) at++;
  if (at === second) return false;
  for (; at < packed.length; at++) if (isLetter(packed.charCodeAt(at))) return false;
  return true;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}
