// Header injection: a line break in a value, and behind it a header of HTTP or of a mail, or a command of a server that reads lines.

import { type Detection, found, type Subject } from './detection.ts';

/** Longest text in front of the break: longer ones are texts, and texts have lines. */
const maxBefore = 200;
const maxBreaks = 32;

/** Fields that change what an answer or a request is. */
const http: ReadonlySet<string> = new Set(
  'set-cookie location content-type content-length content-encoding content-disposition content-security-policy transfer-encoding host cookie refresh link status etag clear-site-data access-control-allow-origin access-control-allow-credentials strict-transport-security referer authorization connection cache-control'.split(
    ' ',
  ),
);
/** Fields that change where a mail goes and what it is. */
const mail: ReadonlySet<string> = new Set(
  'bcc cc to from subject reply-to return-path sender mime-version content-type content-transfer-encoding errors-to'.split(
    ' ',
  ),
);

/** Commands of servers that are spoken to in lines: SMTP, IMAP, Redis, memcached. */
const commands: readonly string[] = [
  'mail from:',
  'rcpt to:',
  'data\r',
  'data\n',
  'rset\r',
  'rset\n',
  'quit\r',
  'vrfy ',
  'ehlo ',
  'helo ',
  '.\r\nmail',
  '.\r\nquit',
  'flushall',
  'config set ',
  'slaveof ',
  'eval "',
  'set a ',
  'replicaof ',
  'save\r',
];
const tagged: readonly string[] = [
  'create',
  'delete',
  'fetch',
  'rename',
  'capability',
  'login',
  'select',
  'list',
  'logout',
];
/** Options by which a mail program is made to write files or run programs. */
const options: readonly string[] = ['-oqueuedirectory', ' -x/', '-oq/', " -be '", ' -be "', '-ox/', '-c/tmp'];

/** Header injection in one value. Ids 1021001–1021006. Linear; never throws. */
export function detectHeader(subject: Subject): Detection | null {
  const { lower } = subject;
  if (isMessage(lower, subject.inHead)) return null;
  const optioned = option(lower);
  if (optioned !== null) return optioned;
  if (!mayBreak(lower)) return null;
  let count = 0;
  for (let at = nextBreak(lower, 0); at >= 0 && count < maxBreaks; at = nextBreak(lower, at + 1), count++) {
    const behind = skipBreaks(lower, at);
    const one = judgeLine(subject, at, behind);
    if (one !== null) return one;
    if (behind > at + 1) at = behind - 1;
  }
  return null;
}

/** Whether the text begins as a whole request or answer of HTTP does, which nobody can paste into a field of one. */
function isMessage(lower: string, inHead: boolean): boolean {
  const end = lower.indexOf('\n');
  if (end < 0 || end > 400) return false;
  const line = lower.slice(0, end).trimEnd();
  // Because a head that takes up a line of status goes on with the fields behind it.
  if (line.startsWith('http/') && line.charCodeAt(8) === 32) return !inHead;
  return (line.endsWith(' http/1.1') || line.endsWith(' http/2')) && line.indexOf(' /') < 8 && line.indexOf(' /') > 0;
}

function mayBreak(text: string): boolean {
  return text.includes('\n') || text.includes('\r') || text.includes('\u560a') || text.includes('\u560d');
}

/** CR, LF, and the characters whose last byte some servers write as one: U+560A, U+560D. */
function nextBreak(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (isBreak(text.charCodeAt(at))) return at;
  return -1;
}

function isBreak(code: number): boolean {
  return code === 13 || code === 10 || code === 0x560a || code === 0x560d;
}

function skipBreaks(text: string, from: number): number {
  let at = from;
  while (at < text.length && (isBreak(text.charCodeAt(at)) || (text.charCodeAt(at) === 9 && at === from + 1))) at++;
  return at;
}

function judgeLine(subject: Subject, at: number, behind: number): Detection | null {
  const { lower } = subject;
  const isShort = isLabel(lower, at);
  if (lower.startsWith('http/1.', behind) && (subject.inHead || isShort))
    return found(1021002, 5, 'the value begins an answer of HTTP on a line of its own', at, behind + 32);
  let end = behind;
  while (end < behind + 40 && isFieldName(lower.charCodeAt(end))) end++;
  const name = lower.slice(behind, end);
  if (lower.charCodeAt(end) === 58 && name !== '' && isShort) {
    if ((http.has(name) && isHttpField(lower, name, end + 1)) || name.startsWith('x-'))
      return found(1021001, 5, `the value adds the header field ${name} on a line of its own`, at, end + 64);
    if (mail.has(name) && isMailField(lower, name, end))
      return found(1021003, 5, `the value adds the mail header ${name} on a line of its own`, at, end + 64);
  }
  if (lower.charCodeAt(end) === 58 && name !== '' && subject.inHead && lower.startsWith('http'))
    return found(1021001, 5, `the address adds the header field ${name} on a line of its own`, at, end + 64);
  if (isTagged(lower, behind) && (isShort || isTagged(lower, 0)))
    return found(1021004, 5, 'the value gives a mailbox a command on a line of its own', at, behind + 48);
  if (!isShort) return null;
  if (isStorage(lower, behind))
    return found(1021004, 5, 'the value gives a cache a command on a line of its own', at, behind + 48);
  for (const command of commands)
    if (lower.startsWith(command, behind) && (command !== 'set a ' || lower.includes(' 0 ')))
      return found(1021004, 5, `the value gives a server the command ${command.trim()}`, at, behind + 32);
  const breaks = behind - at;
  if (subject.inHead && breaks >= 4 && breaks <= 6 && lower.charCodeAt(behind) === 60)
    return found(1021005, 5, 'the value ends a head and begins a page', at, behind + 32);
  return null;
}

/** Because "location: the usual place" is a note: fields of addresses hold addresses, cookies an equals sign. */
function isHttpField(lower: string, name: string, from: number): boolean {
  const rest = lower.slice(from, from + 80);
  if (name.endsWith('cookie')) return rest.includes('=');
  if (name === 'location' || name === 'refresh' || name === 'link' || name === 'referer') return rest.includes('/');
  if (name === 'host' || name === 'content-type') return rest.includes('.') || rest.includes('/');
  if (name === 'status' || name === 'content-length') return isFieldName(rest.trimStart().charCodeAt(0));
  return true;
}

/** Whether what stands before the break is an address, a name or a title rather than a text or a head of its own. */
function isLabel(text: string, end: number): boolean {
  // Because a row of dashes stands over a mail that is quoted.
  if (end > maxBefore || text.startsWith('---')) return false;
  let blanks = 0;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 32 && ++blanks > 2) return false;
    // Because a head that somebody pasted begins with a field as well.
    if (code === 58 && text.charCodeAt(at + 1) === 32 && isName(text, at)) return false;
  }
  return true;
}

function isName(text: string, end: number): boolean {
  for (let at = 0; at < end; at++) if (!isFieldName(text.charCodeAt(at))) return false;
  return end > 0;
}

function isFieldName(code: number): boolean {
  return (code >= 97 && code <= 122) || code === 45 || (code >= 48 && code <= 57);
}

/** Because "To: do" is a note: addresses follow fields of addresses. */
function isMailField(lower: string, name: string, colon: number): boolean {
  if (name === 'subject' || name.startsWith('content-') || name === 'mime-version') return true;
  return lower.slice(colon, colon + 80).includes('@');
}

/** `A001 CREATE …`: a tag and a command of IMAP. */
function isTagged(lower: string, from: number): boolean {
  let at = from;
  while (at < from + 8 && isFieldName(lower.charCodeAt(at)) && lower.charCodeAt(at) !== 45) at++;
  if (at === from || lower.charCodeAt(at) !== 32 || !(lower.charCodeAt(at - 1) >= 48 && lower.charCodeAt(at - 1) <= 57))
    return false;
  return tagged.some((command) => lower.startsWith(command, at + 1));
}

/** `set key 0 60 5`: what memcached is told to keep, with three numbers behind the key. */
function isStorage(lower: string, from: number): boolean {
  const end = nextBreak(lower, from);
  const [word, key, ...numbers] = lower.slice(from, end < 0 ? from + 300 : Math.min(end, from + 300)).split(' ', 6);
  if (word === undefined || !['set', 'add', 'replace', 'append', 'prepend', 'cas'].includes(word)) return false;
  return (
    key !== undefined &&
    key !== '' &&
    numbers.length >= 3 &&
    numbers.every((one) => one !== '' && Number.isInteger(Number(one)))
  );
}

function option(lower: string): Detection | null {
  if (lower.length > 300 || !lower.includes('@')) return null;
  for (const one of options) {
    const at = lower.indexOf(one);
    if (at >= 0) return found(1021006, 5, 'the value gives a mail program options', at, at + 48);
  }
  return null;
}
