// NoSQL injection: operators of MongoDB where a value belongs, and conditions of JavaScript that a query would evaluate.

import { type Detection, found, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** Operators that evaluate code, and those that turn a comparison into any other. */
const evaluating: ReadonlySet<string> = new Set(['$where', '$function', '$func', '$accumulator', '$lookup', '$expr']);
const comparing: ReadonlySet<string> = new Set(
  '$ne $gt $gte $lt $lte $in $nin $regex $exists $not $or $and $nor $type $mod $all $elemmatch $eq $size $comment'.split(
    ' ',
  ),
);
/** Those of which query languages of APIs are made, and which prove nothing alone. */
const combining: ReadonlySet<string> = new Set(
  '$and $or $nor $in $all $eq $size $elemmatch $type $mod $comment'.split(' '),
);
/** Arguments under which query languages of APIs put such operators on purpose, as Strapi and Feathers do. */
const queryNames: readonly string[] = ['filter', 'where', 'query', 'sort', 'populate', 'criteria', 'conditions'];

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
    _all_docs?
    {"selector":
    function(){return
    function() { return
    function(){ return
  `,
  ),
]);

/** NoSQL injection in one value or name. Ids 1043001–1043005. Linear; never throws. */
export function detectNosql(subject: Subject): Detection | null {
  if (subject.isName) return operatorName(subject);
  const sign = strongest(subject, nosqlSigns);
  if (sign !== null && sign.score >= 5 && (sign.sign.anywhere > 0 || sign.at < 24))
    return found(
      1043002,
      5,
      `the value changes a query of a document database by "${sign.sign.text}"`,
      sign.at,
      sign.at + 64,
    );
  return collection(subject) ?? condition(subject.lower);
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
      return found(1043001, word === '$expr' ? 3 : 5, `the name ${word} makes a query evaluate code`, dollar, end);
    if (!comparing.has(word)) continue;
    const path = subject.name.toLowerCase();
    const isQuery = path.includes('$or.') || path.includes('$and.') || queryNames.some((name) => path.startsWith(name));
    return found(
      1043003,
      isQuery && dollar > 0 ? 2 : isQuery || combining.has(word) ? 3 : 5,
      `the name ${word} replaces a value by a condition`,
      dollar,
      end,
    );
  }
  return null;
}

/** `db.users.find()`: a command of the database's shell. */
function collection(subject: Subject): Detection | null {
  const { lower } = subject;
  if (!subject.isBare) return null;
  const at = lower.indexOf('db.');
  if (at < 0 || (at > 0 && isLetter(lower.charCodeAt(at - 1)))) return null;
  let dot = at + 3;
  while (dot < lower.length && isName(lower.charCodeAt(dot))) dot++;
  if (lower.charCodeAt(dot) !== 46 || dot === at + 3) return null;
  for (const verb of ['find', 'drop', 'insert', 'remove', 'update', 'delete', 'aggregate', 'count'])
    if (lower.startsWith(verb, dot + 1) && lower.indexOf('(', dot) > 0)
      return found(1043004, 5, `the value calls ${verb}() on a collection`, at, dot + 16);
  return null;
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
    if (lower.lastIndexOf(' ', at) >= 0) return null;
    const rest = lower.slice(next + 2, next + 80).trimStart();
    const isCondition =
      rest.startsWith('true') ||
      rest.startsWith('this.') ||
      rest.startsWith('sleep(') ||
      (rest.includes('==') && !rest.startsWith('('));
    if (isCondition)
      return found(1043005, 5, 'the value closes a string and adds a condition of JavaScript', at, next + 32);
  }
  const self = lower.indexOf('this.');
  if (self < 0 || self > 24 || !isOwnCondition(lower, self)) return null;
  const rest = lower.slice(self, self + 60);
  const compares = rest.includes('==') || rest.includes('.length >') || rest.includes('.match(');
  return compares && !lower.includes('\n') && lower.length < 80
    ? found(1043005, 5, 'the value is a condition over the fields of a document', self, self + 60)
    : null;
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
