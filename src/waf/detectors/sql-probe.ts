// Values that are too short to be read as SQL and still say what they are: a quote and brackets that close, a cast, one word of administration.

/** Longest value that is a probe. */
const longest = 64;
/** Types that a cast names to make the database complain of the value. */
const types: ReadonlySet<string> = new Set(
  'int integer int4 int8 bigint smallint numeric decimal float float8 real text varchar char json jsonb xml bool boolean date regclass money bytea'.split(
    ' ',
  ),
);
/** Statements of one word. */
const lone: ReadonlySet<string> = new Set('vacuum analyze reindex checkpoint'.split(' '));
/** Statements that prose has as well, so that they need a number or a quote before their semicolon and a word behind. */
const followed: ReadonlySet<string> = new Set(
  'use execute exec flush pragma print merge dbcc lock unlock kill handler analyze optimize reindex vacuum detach deallocate savepoint release reset discard listen notify'.split(
    ' ',
  ),
);

/** Where in `value` a probe begins; -1 where it is none. */
export function probeAt(value: string): number {
  if (value.length > longest || value.length < 2) return -1;
  const casts = castAt(value);
  if (casts >= 0) return casts;
  if (closes(value)) return 0;
  return ordered(value);
}

/** `1::int`, `'a'::int`, `version()::int`. */
function castAt(value: string): number {
  const at = value.indexOf('::');
  if (at < 1) return -1;
  const before = value.charCodeAt(at - 1);
  if (!isDigit(before) && before !== 0x27 && before !== 0x29) return -1;
  let end = at + 2;
  while (end < value.length && (isLetter(value.charCodeAt(end)) || isDigit(value.charCodeAt(end)))) end++;
  return types.has(value.slice(at + 2, end).toLowerCase()) ? at : -1;
}

/** `')`, `1'))`, `';`, `1-- -`, `7/*`: nothing, or a number, and then only what closes, ends and hides. */
function closes(value: string): boolean {
  if (value.endsWith("';'") || value.endsWith('";"')) return isWord(value.slice(0, -3));
  let at = 0;
  while (isDigit(value.charCodeAt(at))) at++;
  const digits = at;
  if (value.charCodeAt(at) === 0x5c) at++;
  const quote = value.charCodeAt(at);
  if (quote === 0x27 || quote === 0x22) {
    const from = ++at;
    while (at < value.length && '); '.includes(value.charAt(at))) at++;
    const next = value.charCodeAt(at);
    if (at === value.length) return at > from && value.charCodeAt(from) !== 0x20;
    return at === from && at + 1 === value.length && (next === 0x27 || next === 0x22) && next !== quote;
  }
  if (digits === 0 || digits > 9) return false;
  const rest = value.slice(digits).trimEnd();
  return rest === '--' || rest === '/*' || rest === '-- -' || rest === '--+' || rest === '))';
}

/** `1; vacuum`, `7; use mysql`: where the semicolon stands. */
function ordered(value: string): number {
  const semicolon = value.indexOf(';');
  if (semicolon < 1) return -1;
  const before = value.slice(0, semicolon).trimEnd();
  const last = before.charCodeAt(before.length - 1);
  if (last !== 0x27 && last !== 0x22 && last !== 0x29 && !isNumber(before)) return -1;
  if (before.includes(' ')) return -1;
  let at = semicolon + 1;
  while (value.charCodeAt(at) === 0x20) at++;
  const from = at;
  while (isLetter(value.charCodeAt(at))) at++;
  const word = value.slice(from, at).toLowerCase();
  const rest = value.slice(at).trim();
  // Because what ends a query that way ends nothing: `1;or 1=1` is sent by hand.
  const isJoint = word === 'or' || word === 'and';
  if (isJoint && isDigit(rest.charCodeAt(0)) && (rest.includes('=') || rest.includes('group by'))) return semicolon;
  if (lone.has(word) && (rest === '' || rest.startsWith('--') || rest.startsWith('#') || rest.startsWith(';')))
    return semicolon;
  return followed.has(word) && rest !== '' && value.charCodeAt(at) === 0x20 ? semicolon : -1;
}

function isWord(text: string): boolean {
  for (let at = 0; at < text.length; at++)
    if (!isLetter(text.charCodeAt(at)) && !isDigit(text.charCodeAt(at))) return false;
  return true;
}

function isNumber(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isDigit(text.charCodeAt(at))) return false;
  return text !== '';
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  return (code | 32) >= 0x61 && (code | 32) <= 0x7a;
}
