// Calls that are the whole value, in whatever language: by what they are handed, which no page hands to anything.

import { type Detection, found, type Subject } from './detection.ts';

/** Functions that run what they are given; where their names stand in quotes, somebody else is to call them. */
const callables: readonly string[] =
  'system passthru shell_exec popen proc_open pcntl_exec exec eval assert phpinfo create_function call_user_func'.split(
    ' ',
  );
/** Files that only an intruder hands to a function, as they begin. */
const secrets: readonly string[] = ['/etc/', '/proc/', '/root/', 'c:\\windows', '.env', '.ssh/'];
/** Words that load the file behind them. */
const loading: readonly string[] = ['include', 'include_once', 'require', 'require_once'];
/** Whole beginnings of calls that need no more. */
const beginnings: readonly string[] = [
  ...["putenv('", 'putenv("', "copy('http", 'copy("http', "dl('", 'dl("', 'show_source(__', 'highlight_file(__'],
  ...[
    "simplexmlelement('http",
    'simplexmlelement("http',
    'splfileobject(',
    'directoryiterator(',
    'from os import system',
  ],
  ...['send(:system', 'send(:eval', 'send(:exec', 'print_r(glob(', 'print_r(scandir(', 'var_dump(scandir('],
  ...['scandir(getcwd(', 'scandir(current(', 'array_reverse(scandir('],
];
const longest = 300;

/** A call in a value that is code and nothing else. Ids 1048021–1048024. Linear; never throws. */
export function detectCall(subject: Subject): Detection | null {
  const { lower } = subject;
  if (lower.length > longest || !subject.isBare) return null;
  const beginning = beginnings.find((one) => lower.includes(one));
  if (beginning !== undefined)
    return found(1048021, 5, `the value calls what only an intruder calls: ${beginning}`, 0, lower.length);
  return handed(lower) ?? loaded(lower) ?? calledText(lower);
}

/** `open('/etc/passwd')`, `usort($a,'system')`: what stands in quotes behind a bracket or a comma of a call. */
function handed(lower: string): Detection | null {
  if (lower.indexOf('(') < 1) return null;
  for (let at = 1; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    if (code !== 34 && code !== 39) continue;
    const before = lower.charAt(at - 1);
    if (before !== '(' && before !== ',' && before !== '[') continue;
    const end = lower.indexOf(lower.charAt(at), at + 1);
    if (end < 0) return null;
    const text = lower.slice(at + 1, end);
    if (before === '(' && isName(lower.charCodeAt(at - 2)) && secrets.some((one) => text.startsWith(one)))
      return found(1048022, 5, 'the value calls a function on a file that holds secrets', 0, lower.length);
    // Because only a second argument is a function to be called, of what goes through a list.
    const isCallback = before === ',' && lower.indexOf('(') < at && (lower.includes('array') || lower.includes('$'));
    if (isCallback && callables.includes(text) && lower.includes(')', end))
      return found(1048023, 5, `the value has ${text}() called by another function`, 0, lower.length);
    at = end;
  }
  return null;
}

/** `include "/etc/passwd";`, `require 'http://q.example/x';`. */
function loaded(lower: string): Detection | null {
  const blank = lower.indexOf(' ');
  if (blank < 0 || !loading.includes(lower.slice(0, blank))) return null;
  const quote = lower.charAt(blank + 1);
  const file = lower.slice(blank + 2);
  const isFile = file.startsWith('/') || file.startsWith('http') || file.startsWith('ftp') || file.startsWith('php:');
  return (quote === "'" || quote === '"') && isFile
    ? found(1048022, 5, 'the value loads a file into the program', 0, lower.length)
    : null;
}

/** `"\x73ystem"('id')`, `[system][0]('id')`, `(~…)('id')`: something other than a name is called. */
function calledText(lower: string): Detection | null {
  const first = lower.charAt(0);
  if (first !== '"' && first !== "'" && first !== '[' && !lower.startsWith('(~')) return null;
  for (let open = lower.indexOf('(', 1); open > 0; open = lower.indexOf('(', open + 1)) {
    const before = lower.charAt(open - 1);
    const behind = lower.charAt(open + 1);
    const isText = behind === "'" || behind === '"';
    if (!isText || !(before === first || (first === '[' && before === ']') || (first === '(' && before === ')')))
      continue;
    const isCoded = lower.includes('\\x') || lower.includes('\\u') || lower.includes('~') || lower.includes('][');
    if (isCoded) return found(1048024, 5, 'the value calls a function whose name it hides', 0, lower.length);
  }
  return null;
}

function isName(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95;
}
