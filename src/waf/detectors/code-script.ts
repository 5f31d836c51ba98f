// JavaScript on the server, Python, Ruby, Perl, Lua and ASP that would run: by what only injected code says, and where nothing else is said.

import { type Detection, found, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** What this detector looks for, by its text. */
export const scriptSigns: ReadonlyMap<string, Sign> = tableOf([
  ...signs(
    5,
    5,
    `
    process.mainmodule
    process.binding(
    .constructor('return 
    .constructor("return 
    .constructor(\`return 
    .constructor(\\'return 
    _$$nd_func$$_
    constructor._load(
    ''.__class__
    str.__class__.__mro__
    "".__class__
    ().__class__
    [].__class__
    {}.__class__
    {0.__class__
    str.__class__
    user.__class__
    __class__.__mro__
    __class__.__base
    .__init__.__globals__
    .__subclasses__(
    runtime.getruntime().exec(request
    <%eval request
    (%pipe%
    push graphic-context
    concat:http
    " . qx{
    [% perl %]
    <%execute(request
    <%execute request
    <%@ page language="c#"%><%
    <jsp:include page="/
    importjava.io.*"%><%
    eval(compile(
    <cfexecute
    \\include{|
    \\input{|
    <%@ register 
    <%@ page 
    <%@ import 
    __import__('os').
    __import__("os").
    __import__('subprocess').
    __import__("subprocess").
  `,
  ),
  ...signs(
    2,
    5,
    `
    __globals__
    __builtins__
  `,
  ),
  ...signs(
    0,
    4,
    `
    __mro__
    __bases__
    __subclasses__
  `,
  ),
  ...signs(
    3,
    5,
    `
    net.webclient
    deno.run(
    deno.command(
    bun.spawn
    deno.dlopen(
    compile('import 
    compile("import 
    downloadstring(
    downloadfile(
    [system.net.
    [net.dns]::
    [net.webrequest]::
    [convert]::
    [io.file]::
    [text.encoding]::
    [diagnostics.process]::
    new-object system.net
    new-object net.
    iex(
    iex (
    invoke-expression 
    [system.io.
    [system.convert]
    [system.text.encoding]
    runhtmlapplication
    new reflectionfunction
    :(){ :|:& }
    use storable;thaw
    require('child_process')
    require("child_process")
    require(\`child_process\`)
    import('child_process')
    'node:child_process'
    "node:child_process"
    package.loadlib(
    import("child_process")
    require('fs').
    require("fs").
    global.process
    globalthis.process
    function('return 
    function("return 
    (function(){return process
    reflect.construct(function
    arguments.callee
    vm.runinnewcontext(
    vm.runinthiscontext(
    new function("return
    new function('return
    res.end(require
    __import__(
    __import__('os')
    __import__("os")
    exec("import
    exec('import
    eval("__
    eval('__
    import os;os.
    import os; os.
    import os;import
    os.execute(
    globals()[
    getattr(__
    file.read('/
    file.read("/
    file.open('/
    kernel.exec(
    kernel.system(
    instance_eval(
    class_eval(
    send(:system
    send(:exec
    const_get(:kernel
    require 'open3'
    open3.capture
    open("|
    open(f,"|
    qx(
    qx/
    qx{
    %x(
    %x{
    %x|
    response.write(
    eval request(
    execute(request
    createobject("wscript
    wscript.shell
    system.diagnostics.process
    runtime.getruntime(
    %(__class__)
  `,
  ),
  ...signs(
    0,
    5,
    `
    subprocess.call(
    subprocess.check_output(
    subprocess.popen(
    commands.getoutput(
    open('/etc/
    open("/etc/
    os.system(
    os.popen(
    io.popen(
    phpinfo()
    import subprocess
    process.exit(
    process.kill(
    process.cwd()
    process.env
    process.platform
    process.version
    while(1)
    while(true)
    while (true)
    for(;;)
  `,
  ),
]);

/** Signs that are only one where the value is nothing else: a program may well end with them. */
const maxAlone = 160;

/** Server-side script in one value. Ids 1048010–1048013. */
export function detectScripting(subject: Subject): Detection | null {
  const sign = strongest(subject, scriptSigns);
  if (sign !== null) {
    // Because a variable that is read runs nothing: `process.env.NODE_ENV`.
    if (sign.sign.text === 'process.env' && subject.text.charAt(sign.at + 11) === '.') return null;
    const isAlone = sign.sign.anywhere > 0 || (subject.text.length < maxAlone && isBegun(subject.text, sign.at));
    if (isAlone && sign.score >= 5 && isTalk(subject.text, sign.sign.text))
      return found(1048010, 3, `the value names ${sign.sign.text}`, sign.at, sign.at + 96);
    if (isAlone && sign.score > 0)
      return found(
        1048010,
        sign.score,
        `the value holds code that a server would run: "${sign.sign.text.trim()}"`,
        sign.at,
        sign.at + 96,
      );
  }
  return tagged(subject) ?? brokenOut(subject);
}

/** Whether the sign is a name, and only words stand beside it: a question about it. */
function isTalk(text: string, sign: string): boolean {
  if (!text.includes(' ') || sign.startsWith('import')) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isLetter(code) && code !== 32 && code !== 46 && code !== 45 && !(code >= 48 && code <= 57)) return false;
  }
  return true;
}

/** Whether only marks, digits and quotes stand before the sign. */
function isBegun(text: string, at: number): boolean {
  for (let index = 0; index < at; index++) if (isLetter(text.charCodeAt(index))) return false;
  return true;
}

/** `<% … %>` of JSP and ASP with something that runs. */
function tagged(subject: Subject): Detection | null {
  const { lower } = subject;
  const open = lower.indexOf('<%');
  if (open < 0) return null;
  const code = lower.slice(open, open + 1024);
  for (const name of [
    'getruntime',
    'processbuilder',
    'process.start(',
    'eval request',
    'execute(',
    'request.getparameter',
    'createobject(',
    'server.createobject',
    'import java.io',
  ])
    if (code.includes(name) && (code.includes('exec(') || !name.includes('request.') || subject.text.length < 400))
      return found(1048011, 5, `a server page runs ${name}`, open, open + 128);
  return null;
}

/** What stands behind a quote, `;` or `}` that ends a string of JavaScript: loops, returns, waits, the database. */
const breakOuts: readonly string[] = [
  'while(',
  'while (',
  'sleep(',
  'return',
  'process.',
  'require(',
  'db.',
  'do{',
  'var d=new date',
  'var date=',
  'throw ',
  'const ',
  'this.',
];

function brokenOut(subject: Subject): Detection | null {
  const { lower } = subject;
  if (lower.length > 400) return null;
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    if (code !== 34 && code !== 39 && !(code === 59 && isNumber(lower, at))) continue;
    let next = at + (code === 59 ? 0 : 1);
    let parts = false;
    while (next < lower.length && ' ;)}'.includes(lower.charAt(next))) parts = lower.charAt(next++) !== ' ' || parts;
    // Because a call in a program opens the string that ends here, and the value of an attack does not.
    if (!parts || isOpened(lower, at, code)) continue;
    for (const name of breakOuts)
      if (lower.startsWith(name, next) && hasCodeBehind(lower, next))
        return found(1048012, 5, `the value ends a string of JavaScript and goes on with ${name.trim()}`, at, at + 96);
  }
  return null;
}

/** Whether the quote at `at` ends a string that the value itself opened. */
function isOpened(lower: string, at: number, quote: number): boolean {
  let count = 0;
  for (let index = 0; index < at; index++) if (lower.charCodeAt(index) === quote) count++;
  return quote !== 59 && count % 2 === 1;
}

/** Whether only digits stand before `at`: what the value is pasted into was a number. */
function isNumber(text: string, at: number): boolean {
  if (at === 0 || at > 10) return false;
  for (let index = 0; index < at; index++)
    if (!(text.charCodeAt(index) >= 48 && text.charCodeAt(index) <= 57)) return false;
  return true;
}

/** Whether what follows is code: brackets, an assignment or a quote soon behind. */
function hasCodeBehind(lower: string, from: number): boolean {
  const rest = lower.slice(from, from + 120);
  return rest.includes('(') || rest.includes('=') || rest.includes(';');
}

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}
