// A form or query as ModSecurity reads it: split at the separator and the first =, %HH and + decoded, what is broken kept and told.

import { hexDigit } from '../classes.ts';

/** Gets each argument; false where there are enough. */
export type ArgumentSink = (name: string, value: string) => boolean;

/** Reads every argument of `text`; true where a % is not followed by two hexadecimal digits. */
export function readArguments(text: string, separator: string, sink: ArgumentSink): boolean {
  let isBroken = false;
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf(separator, at);
    const end = found < 0 ? text.length : found;
    if (end > at) {
      const equals = text.indexOf('=', at);
      const nameEnd = equals < 0 || equals > end ? end : equals;
      const name = text.slice(at, nameEnd);
      const value = nameEnd < end ? text.slice(nameEnd + 1, end) : '';
      isBroken ||= isBrokenEncoding(name) || isBrokenEncoding(value);
      if (!sink(decoded(name), decoded(value))) return isBroken;
    }
    at = end + 1;
  }
  return isBroken;
}

function isBrokenEncoding(text: string): boolean {
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 1))
    if (hexDigit(text.charCodeAt(at + 1)) < 0 || hexDigit(text.charCodeAt(at + 2)) < 0) return true;
  return false;
}

/** A path without its %HH; a + stays, because in a path it is one. */
export function pathDecode(text: string): string {
  return text.includes('%') ? undone(text, false) : text;
}

/** The text without its %HH and +; a broken encoding stays. */
function decoded(text: string): string {
  if (!text.includes('%')) return text.includes('+') ? text.replaceAll('+', ' ') : text;
  return undone(text, true);
}

function undone(text: string, isForm: boolean): string {
  const percent = text.indexOf('%');
  let result = '';
  let from = 0;
  for (let at = percent; at >= 0; ) {
    const high = hexDigit(text.charCodeAt(at + 1));
    const low = high < 0 ? -1 : hexDigit(text.charCodeAt(at + 2));
    if (low >= 0) {
      result += plain(text.slice(from, at), isForm) + String.fromCharCode(high * 16 + low);
      from = at + 3;
    }
    at = text.indexOf('%', low >= 0 ? from : at + 1);
  }
  return result + plain(text.slice(from), isForm);
}

function plain(text: string, isForm: boolean): string {
  return isForm && text.includes('+') ? text.replaceAll('+', ' ') : text;
}

/** Reads cookies (RFC 6265 5.4): split at ; and the first =, white space around names dropped, nothing decoded. */
export function readCookies(text: string, sink: ArgumentSink): void {
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf(';', at);
    const end = found < 0 ? text.length : found;
    const pair = text.slice(at, end).trimStart();
    if (pair !== '') {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      if (!sink(name.trimEnd(), equals < 0 ? '' : pair.slice(equals + 1))) return;
    }
    at = end + 1;
  }
}
