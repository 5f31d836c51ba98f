// LDAP and XPath injection: filters and paths that end the one they are pasted into and begin their own.

import { nextOf } from '../classes.ts';
import { type Detection, found, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** LDAP injection in one value. Ids 1044101–1044104. Linear; never throws. */
export function detectLdap(subject: Subject): Detection | null {
  const { text } = subject;
  if (text.length > 512) return null;
  // Because directories read `\29` as a bracket.
  const plain = text.includes('\\2') ? unescaped(text) : text;
  return filter(plain) ?? closed(plain) ?? truncated(plain);
}

function unescaped(text: string): string {
  return text.replaceAll('\\28', '(').replaceAll('\\29', ')').replaceAll('\\2a', '*').replaceAll('\\2A', '*');
}

/** Attributes of directories, by which a single term is told from words in brackets. */
const attributes: ReadonlySet<string> = new Set('uid userpassword useraccountcontrol userprincipalname'.split(' '));

/** A filter that is the whole value: `(&(uid=admin)(userPassword=*))`, `(|(a=*)`. */
function filter(text: string): Detection | null {
  const start = text.charCodeAt(0) === 42 ? 1 : 0;
  if (
    text.charCodeAt(start) === 40 &&
    (isJoint(text.charCodeAt(start + 1)) || text.charCodeAt(start + 1) === 33) &&
    opensTerm(text, start + 2)
  )
    return found(1044101, isFinished(text) ? 2 : 5, 'the value is an LDAP filter', start, text.length);
  const first = text.charCodeAt(0);
  if ((isJoint(first) || first === 33) && opensTerm(text, 1) && text.endsWith(')'))
    return found(1044101, 5, 'the value is an LDAP filter', 0, text.length);
  const last = text.charCodeAt(text.length - 1);
  if (text.charCodeAt(0) === 40 && last === 41 && text.indexOf('(', 1) < 0 && !text.includes(' ')) {
    let end = 1;
    while (end < 24 && isLetter(text.charCodeAt(end))) end++;
    const next = text.charCodeAt(end);
    if ((next === 61 || next === 58) && attributes.has(text.slice(1, end).toLowerCase()))
      return found(1044101, 5, 'the value is an LDAP filter', 0, text.length);
  }
  if (text.charCodeAt(0) === 40 && text.endsWith('=*)') && text.indexOf('(', 1) < 0 && !text.includes(' '))
    return found(1044101, 5, 'the value is an LDAP filter that matches everything', 0, text.length);
  return null;
}

/**
 * Whether the filter is complete, asks for no password and matches nothing but what it names: where a filter is asked for
 * it is one, and pasted into another it ends nothing.
 */
function isFinished(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 40) depth++;
    if (code === 41 && --depth === 0 && at < text.length - 1) return false;
  }
  return (
    depth === 0 &&
    text.charCodeAt(0) === 40 &&
    isJoint(text.charCodeAt(1)) &&
    text.includes(')(') &&
    !text.includes('=*)') &&
    !text.toLowerCase().includes('pass')
  );
}

/** `*)(uid=*`: a bracket that the value did not open closes, and another term begins. */
function closed(text: string): Detection | null {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 40) depth++;
    if (code !== 41 || --depth >= 0) continue;
    let next = at + 1;
    while (text.charCodeAt(next) === 41 || text.charCodeAt(next) === 32) next++;
    if (text.charCodeAt(next) !== 40) {
      depth = 0;
      continue;
    }
    while (text.charCodeAt(next + 1) === 40) next++;
    const after = text.charCodeAt(next + 1);
    if (isJoint(after) || after === 33 || after === 0 || isTerm(text, next + 1))
      return found(1044102, 5, 'the value closes an LDAP filter and begins a term of its own', at, next + 32);
    depth = 0;
  }
  return null;
}

/** `*)` and a NUL byte, or `*()|&'`: what cuts a filter short, and what probes for it. */
function truncated(text: string): Detection | null {
  const star = text.indexOf('*)');
  if (star >= 0 && star < 32 && text.includes('\0'))
    return found(1044103, 5, 'the value ends an LDAP filter by a NUL byte', star, star + 8);
  if (star === 0 && text.length < 5) return found(1044104, 5, 'the value probes for an LDAP filter', 0, text.length);
  const chained = Math.max(text.indexOf('=*)('), text.indexOf(')(|('), text.indexOf(')(&('));
  if (chained >= 0) return found(1044102, 5, 'the value adds a term to an LDAP filter', chained, chained + 32);
  const cut = text.indexOf(')\0');
  if ((cut >= 0 && text.indexOf('\0') === cut + 1) || text.endsWith(')\\00'))
    return found(1044103, 5, 'the value ends an LDAP filter by a NUL byte', Math.max(0, cut), text.length);
  if (text.startsWith('*()|')) return found(1044104, 5, 'the value probes for an LDAP filter', 0, 6);
  if (star === 0 && (text.includes('(|') || text.includes('(&')))
    return found(1044104, 5, 'the value probes for an LDAP filter', 0, text.length);
  return text.includes('*/*)(') ? found(1044104, 5, 'the value probes for an LDAP filter', 0, text.length) : null;
}

function opensTerm(text: string, at: number): boolean {
  return text.charCodeAt(at) === 40 && (isTerm(text, at + 1) || isJoint(text.charCodeAt(at + 1)));
}

/** `name=` or `name:oid:=` behind a bracket. */
function isTerm(text: string, from: number): boolean {
  let at = from;
  while (
    at < from + 48 &&
    (isLetter(text.charCodeAt(at)) || isDigit(text.charCodeAt(at)) || '-_.:;'.includes(text.charAt(at))) &&
    at < text.length
  )
    at++;
  const code = text.charCodeAt(at);
  return at > from && (code === 61 || code === 126 || code === 62 || code === 60);
}

function isJoint(code: number): boolean {
  return code === 38 || code === 124;
}

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Functions and axes of XPath, which a value has no reason to name unless it goes into a path. */
export const xpathSigns: ReadonlyMap<string, Sign> = tableOf([
  ...signs(
    3,
    5,
    `
    count(/
    concat(//
    string(//
    sum(//
    ' or contains(
    ') or contains(
    ' or starts-with(
    ') or starts-with(
    ' and contains(
    count(//
    count(child::
    count(/child::
    string-length(/
    string-length(name(
    substring(/
    substring(name(
    starts-with(name(
    contains(name(
    name(/*
    name()=
    ']|//
    "]|//
    '] |
    ')] |
    ']|*
    |//user
    | //user
    ] | //
    ]|//
    position()=
    /child::
    child::node()
    ancestor::
    descendant-or-self::
    following-sibling::
    preceding-sibling::
    /text()
    //*[
    /../*[
    *[contains(
    doc('http
    doc("http
    doc(concat(
    doc-available(
    unparsed-text(
    unparsed-text('/
    document('http
    not(false())
    or true()
    and true()
    /*[1]/
  `,
  ),
]);

/** XPath injection in one value. Ids 1044201 and 1044202. Linear; never throws. */
export function detectXpath(subject: Subject): Detection | null {
  const sign = strongest(subject, xpathSigns);
  if (sign === null) return asked(subject.lower);
  const { text } = subject;
  const quoted = text.indexOf("'") >= 0 || text.indexOf('"') >= 0;
  const isBroken =
    quoted &&
    !closesItself(text) &&
    (text.startsWith("'") ||
      text.startsWith('"') ||
      isWord(text, Math.min(text.indexOf("'") < 0 ? 64 : text.indexOf("'"), 64)));
  if (isBroken && text.length < 200)
    return found(
      1044201,
      5,
      `the value leaves its string and asks by XPath: "${sign.sign.text}"`,
      sign.at,
      sign.at + 48,
    );
  const isWhole = subject.isBare && text.length < 200 && !text.includes('@') && !text.includes('<');
  return found(
    1044202,
    isWhole ? sign.score : 2,
    `the value asks by XPath: "${sign.sign.text}"`,
    sign.at,
    sign.at + 48,
  );
}

/** Whether the text is a path of its own whose strings it opens behind `=` or a bracket, and closes. */
function closesItself(text: string): boolean {
  if (text.charCodeAt(0) !== 47) return false;
  const first = Math.min(nextOf(text, "'", 0), nextOf(text, '"', 0));
  return '=(,'.includes(text.charAt(first - 1)) && text.split(text.charAt(first)).length % 2 === 1;
}

/** Leaves of a tree that hold what lets one in. */
const secrets: readonly string[] = ['password', 'passwd', 'pass', 'secret', 'token', 'apikey', 'creditcard', 'ssn'];

/** `//user/password` and `for $x in //user return …`: the whole value asks for secrets, or is a loop of XQuery. */
function asked(lower: string): Detection | null {
  if (lower.length > 120) return null;
  const isLoop = lower.startsWith('for $') && lower.includes(' in /') && lower.includes('return ');
  // Because a host has a dot, and a path of the web no second slash before its first name.
  const isLeaf = lower.startsWith('//') && !lower.includes('.') && secrets.some((one) => lower.endsWith(`/${one}`));
  return isLoop || isLeaf ? found(1044202, 5, 'the value asks by XPath for what a tree keeps', 0, lower.length) : null;
}

function isWord(text: string, end: number): boolean {
  for (let at = 0; at < end; at++) if (text.charCodeAt(at) <= 32) return false;
  return end > 0 && end < 64;
}
