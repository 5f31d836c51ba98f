// NoSQL injection: operators of MongoDB where a value belongs, and conditions of JavaScript that a query would evaluate.

import { type Detection, found, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** Operators that evaluate code, and those that turn a comparison into any other. */
const evaluating: ReadonlySet<string> = new Set([
  '$where',
  '$function',
  '$func',
  '$accumulator',
  '$lookup',
  '$graphlookup',
  '$unionwith',
  '$expr',
  '$out',
  '$merge',
]);
const comparing: ReadonlySet<string> = new Set(
  '$ne $gt $gte $lt $lte $in $nin $regex $exists $not $or $and $nor $type $mod $all $elemmatch $eq $size $comment'.split(
    ' ',
  ),
);
/** Those that other formats have as well: JSON Schema, design tokens, objects of .NET. */
const shared: ReadonlySet<string> = new Set('$size $type $comment $eq $and $or'.split(' '));
/** Arguments under which query languages of APIs put such operators on purpose, as Strapi and Feathers do. */
const queryNames: readonly string[] =
  'filter where query sort populate criteria conditions selector search match find pipeline aggregate params'.split(
    ' ',
  );

/** What this detector looks for, by its text. */
export const nosqlSigns: ReadonlyMap<string, Sign> = tableOf([
  ...signs(
    5,
    5,
    `
    this.password.
    this.password==
    db.getcollectionnames(
    tojson(this)
    ;sleep(5000)
    ; sleep(5000)
    curdate = new date()
    "$where"
    '$where'
    , $where:
    { $where:
    {$where:
    $where: '
    , $or: [
    *_all_docs?
    detach delete
    load csv from '
    load csv from "
    call dbms.
    call apoc.
    config set dir /
    config set dbfilename
    meta().id
    }) return n
    }) detach
    ' return n union match
    union match (
  `,
  ),
  ...signs(
    0,
    5,
    `
    {"$ne
    {"$gt
    {"$lt
    {"$nin
    {"$in
    {"$regex
    {"$exists
    {"$or
    {"$not
    {$gt:
    {$ne:
    {$lt:
    {$regex:
    {$exists:
    {$in:
    [$ne]
    [$gt]
    [$regex]
    [$where]
    [$exists]
    $func
    call db.labels
    g.v().
    g.e().
    ) for u in 
    return 1 //
    ' or 1=1 //
    ' or 1=1//
    " or 1=1 //
    ' return 1 union
    _all_docs?
    _all_dbs
    {"selector":
    {!xmlparser
    {!func
    {!join
    {!lucene
    {!edismax
    function(){return
    function() { return
    function(){ return
  `,
  ),
]);

/** NoSQL injection in one value or name. Ids 1043001–1043006. Linear; never throws. */
export function detectNosql(subject: Subject): Detection | null {
  if (subject.isName) return operatorName(subject);
  // Because reports of what a page was kept from show where its code begins.
  if (!subject.inHead && subject.name.endsWith('body.sample')) return null;
  const sign = strongest(subject, nosqlSigns);
  if (sign !== null && sign.score >= 5 && (sign.sign.anywhere > 0 || sign.at < 24))
    return found(
      1043002,
      5,
      `the value changes a query of a document database by "${sign.sign.text}"`,
      sign.at,
      sign.at + 64,
    );
  return (
    operatorKey(subject.lower) ??
    commented(subject.lower) ??
    collection(subject) ??
    returned(subject) ??
    condition(subject.lower)
  );
}

/** A name that is an operator, or holds one in brackets: `user[$ne]`. */
function operatorName(subject: Subject): Detection | null {
  const { lower } = subject;
  let dollar = lower.indexOf('$');
  for (let tries = 0; dollar >= 0 && tries < 8; dollar = lower.indexOf('$', dollar + 1), tries++) {
    const before = dollar === 0 ? 91 : lower.charCodeAt(dollar - 1);
    if (before !== 91 && before !== 46) continue;
    let end = dollar + 1;
    while (end < lower.length && isLetter(lower.charCodeAt(end))) end++;
    const word = lower.slice(dollar, end);
    if (evaluating.has(word))
      return found(
        1043001,
        word === '$expr' && !isCredential(subject.name.toLowerCase()) ? 3 : 5,
        `the name ${word} makes a query evaluate code`,
        dollar,
        end,
      );
    if (!comparing.has(word)) continue;
    const path = subject.name.toLowerCase();
    const isQuery = isPartOfQuery(path) && !isCredential(path);
    return found(
      1043003,
      isQuery && dollar > 0 ? 2 : isQuery || (isShared(word, subject.inHead) && !isCredential(path)) ? 3 : 5,
      `the name ${word} replaces a value by a condition`,
      dollar,
      end,
    );
  }
  return null;
}

/** Whether other formats have the operator: documents in a body may, and an argument of the address holds no pattern of JSON Schema. */
function isShared(word: string, inHead: boolean): boolean {
  return shared.has(word) && !(inHead && (word === '$or' || word === '$and' || word === '$eq'));
}

/** Whether one of the names on the way to a value says that it is a query. */
function isPartOfQuery(path: string): boolean {
  if (path.includes('$or.') || path.includes('$and.')) return true;
  let from = 0;
  for (let at = 0; at <= path.length; at++) {
    const code = at < path.length ? path.charCodeAt(at) : 46;
    if (code !== 46 && code !== 91) continue;
    const part = path.slice(from, at);
    if (part === 'q' || queryNames.some((name) => part.startsWith(name))) return true;
    from = at + 1;
  }
  return false;
}

/** Members by which people and documents are found: no query language compares them by an operator. */
const credentials: readonly string[] = ['login', 'user', 'pass', 'pwd', 'email', 'token', '_id', 'secret', 'role'];

/** Whether the member that holds the operator is one of those. */
function isCredential(path: string): boolean {
  const parts = path.replaceAll('[', '.').split('.');
  const last = parts.at(-1) ?? '';
  const holder = last.startsWith('$') || last === '' ? (parts.at(-2) ?? '') : last;
  return credentials.some((one) => holder.startsWith(one));
}

/** An operator as the key of an object in text: `{'$ne': 1}`, `', $where: '1==1`, `}, "a": {"$gt": "`. */
function operatorKey(lower: string): Detection | null {
  if (lower.length > 400) return null;
  let tries = 0;
  for (let dollar = lower.indexOf('$'); dollar >= 0 && tries < 8; dollar = lower.indexOf('$', dollar + 1), tries++) {
    let end = dollar + 1;
    while (end < lower.length && isLetter(lower.charCodeAt(end))) end++;
    const word = lower.slice(dollar, end);
    if (!comparing.has(word) && !evaluating.has(word)) continue;
    let from = dollar;
    if (isQuote(lower.charCodeAt(from - 1))) from--;
    while (lower.charCodeAt(from - 1) === 32) from--;
    const before = lower.charCodeAt(from - 1);
    if (isQuote(lower.charCodeAt(end))) end++;
    while (lower.charCodeAt(end) === 32) end++;
    if (lower.charCodeAt(end) !== 58 || !(before === 123 || before === 44 || from === 0)) continue;
    // Because a program has its names before the braces, and what breaks out of one has what closes.
    const isBroken = '\'"}]'.includes(lower.charAt(0)) || lower.charCodeAt(0) === 44;
    if (isBroken || from < 24)
      return found(1043003, 5, `the operator ${word} replaces a value by a condition`, dollar, end);
  }
  return null;
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39;
}

/** Words by which queries of graphs and documents go on (Cypher, AQL, N1QL). */
const clauses: readonly string[] = [
  'or',
  'and',
  'return',
  'match',
  'call',
  'filter',
  'union',
  'for',
  'delete',
  'detach',
  'remove',
  'set',
];

/** `' OR true //`, `'}) MATCH (n) RETURN n//`: something is closed, a clause goes on, and `//` takes the rest away. */
function commented(lower: string): Detection | null {
  const text = lower.trimEnd();
  if (text.length > 300 || !text.endsWith('//')) return null;
  let close = 0;
  while (close < 40 && close < text.length && !'\'")}'.includes(text.charAt(close))) close++;
  if (close >= Math.min(40, text.length) || text.lastIndexOf(' ', close) >= 0) return null;
  let from = close;
  while ('\'") }]'.includes(text.charAt(from)) && from < text.length) from++;
  let end = from;
  while (isLetter(text.charCodeAt(end))) end++;
  return clauses.includes(text.slice(from, end)) && text.charCodeAt(end) <= 40
    ? found(
        1043006,
        5,
        'the value ends a part of a query, goes on by its own and comments the rest out',
        close,
        text.length,
      )
    : null;
}

/** What a shell of the database is told that names no collection. */
const orders: readonly string[] =
  'dropdatabase version admincommand getcollection runcommand createuser getusers shutdownserver hostinfo currentop serverstatus'.split(
    ' ',
  );

/** `db.users.find()`: a command of the database's shell. */
function collection(subject: Subject): Detection | null {
  const { lower } = subject;
  if (!subject.isBare) return null;
  const at = lower.indexOf('db.');
  const reads = lower.includes('{') && lower.includes('$');
  if (at < 0 || (at > 0 && isLetter(lower.charCodeAt(at - 1)))) return null;
  for (const order of orders)
    if (lower.startsWith(order, at + 3) && lower.indexOf('(', at + 3) > 0)
      return found(1043004, 5, `the value tells the database ${order}()`, at, at + 32);
  let dot = at + 3;
  while (dot < lower.length && isName(lower.charCodeAt(dot))) dot++;
  if (lower.charCodeAt(dot) !== 46 || dot === at + 3) return null;
  for (const verb of [
    'find',
    'drop',
    'insert',
    'remove',
    'update',
    'delete',
    'aggregate',
    'count',
    'mapreduce',
    'distinct',
    'save',
  ])
    if (lower.startsWith(verb, dot + 1) && lower.indexOf('(', dot) > 0)
      // Because a pipeline is what somebody wrote with care, and asks for help about.
      return found(
        1043004,
        verb === 'aggregate' && reads ? 3 : 5,
        `the value calls ${verb}() on a collection`,
        at,
        dot + 16,
      );
  return null;
}

/** `1; return true` and `function(){return 1}`: what a condition of JavaScript is made of, as the whole value. */
function returned(subject: Subject): Detection | null {
  const { lower } = subject;
  if (lower.length > 120) return null;
  let at = 0;
  while (at < 6 && lower.charCodeAt(at) >= 48 && lower.charCodeAt(at) <= 57) at++;
  const isNumber = at > 0;
  while (lower.charCodeAt(at) === 32 || lower.charCodeAt(at) === 39) at++;
  if (
    isNumber &&
    lower.charCodeAt(at) === 59 &&
    lower
      .slice(at + 1)
      .trimStart()
      .startsWith('return ')
  )
    return found(1043005, 5, 'the value ends a condition and returns one of its own', at, lower.length);
  const isFunction = lower.startsWith('function(') || lower.startsWith('function (');
  const body = lower.indexOf('{');
  if (!isFunction || body < 0 || !lower.trimEnd().endsWith('}') || !subject.isBare) return null;
  return lower.includes('return', body) || lower.includes('sleep(', body)
    ? found(1043005, 5, 'the value is a function that a query would evaluate', 0, lower.length)
    : null;
}

/** `' || 1==1`, `' && this.a`, `" || true`: a quote is closed and a condition of JavaScript goes on. */
function condition(lower: string): Detection | null {
  if (lower.length > 300) return null;
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    if (code !== 34 && code !== 39 && code !== 47) continue;
    let next = at + 1;
    while (lower.charCodeAt(next) === 32 || lower.charCodeAt(next) === 41) next++;
    const joint = lower.slice(next, next + 2);
    if (joint !== '||' && joint !== '&&') continue;
    // Because programs have words and blanks before their quotes.
    if (lower.lastIndexOf(' ', at) >= 0) break;
    const rest = lower.slice(next + 2, next + 80).trimStart();
    const isCondition =
      rest.startsWith('true') ||
      rest.startsWith('this.') ||
      rest.startsWith('sleep(') ||
      (rest.includes('==') && !rest.startsWith('('));
    if (isCondition)
      return found(1043005, 5, 'the value closes a string and adds a condition of JavaScript', at, next + 32);
  }
  if (isAlwaysTrue(lower)) return found(1043005, 5, 'the value adds a condition that is always true', 0, lower.length);
  const self = lower.indexOf('this.');
  if (self < 0 || self > 24 || !isOwnCondition(lower, self)) return null;
  const rest = lower.slice(self, self + 60);
  const compares = rest.includes('==') || rest.includes('.length >') || rest.includes('.match(');
  return compares && !lower.includes('\n') && lower.length < 80
    ? found(1043005, 5, 'the value is a condition over the fields of a document', self, self + 60)
    : null;
}

/** `*\/* || 1==1`, `0 || '1'=='1'`: no word stands before, and what is behind compares one constant with itself. */
function isAlwaysTrue(lower: string): boolean {
  const at = lower.indexOf('||');
  if (at < 0 || at > 16 || lower.length > 64) return false;
  for (let index = 0; index < at; index++) if (isLetter(lower.charCodeAt(index))) return false;
  const [left, right, more] = lower.slice(at + 2).split('==', 3);
  const plain = (text: string) => text.replaceAll('=', '').replaceAll("'", '').replaceAll('"', '').trim();
  if (left === undefined || right === undefined || more !== undefined) return false;
  return plain(left) !== '' && plain(left) === plain(right) && !plain(left).includes(' ');
}

/** Whether `this.` begins the value or what a function returns, and what opens in it closes again: no line out of a program. */
function isOwnCondition(lower: string, self: number): boolean {
  const before = lower.slice(0, self).trimEnd();
  const last = lower.trimEnd();
  if (before === '' && (last.endsWith(';') || last.endsWith('&&') || lower.includes(' = '))) return false;
  if (before === 'return') return false;
  if (before !== '' && !before.endsWith('return') && !before.endsWith(';') && !before.endsWith('||')) return false;
  let depth = 0;
  for (let at = 0; at < lower.length && depth >= 0; at++) {
    const sign = lower.charAt(at);
    if (sign === '(' || sign === '{' || sign === '[') depth++;
    if (sign === ')' || sign === '}' || sign === ']') depth--;
  }
  return depth === 0;
}

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}

function isName(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 95;
}
