// Reads the values that rules ask for by name: header fields, cookies, arguments of the query.

import { Buffer } from 'node:buffer';
import { latin1 } from '../base/bytes.ts';
import type { Exchange } from '../traffic/exchange.ts';

/** Values of one name that are looked at; whoever sends more hides nothing behind them that the WAF does not see. */
const maxValues = 32;

/** Every value of a header field; `name` is lower case. */
export function readHeader({ headers }: Exchange, name: string): readonly string[] {
  return headers.all(name).slice(0, maxValues);
}

/** Every value of a cookie, as it came (RFC 6265 4.2.1). */
export function readCookies({ headers }: Exchange, name: string): readonly string[] {
  const found: string[] = [];
  for (const line of headers.all('cookie'))
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
      found.push(pair.slice(equals + 1).trim());
      if (found.length === maxValues) return found;
    }
  return found;
}

/** Every value of an argument of the query, decoded as forms are (WHATWG URL, urlencoded parsing). */
export function readArguments({ query }: Exchange, name: string): readonly string[] {
  const found: string[] = [];
  for (let from = 0; from <= query.length && query !== ''; ) {
    let end = query.indexOf('&', from);
    if (end < 0) end = query.length;
    let equals = query.indexOf('=', from);
    if (equals < 0 || equals > end) equals = end;
    if (formDecode(query.slice(from, equals)) === name) {
      found.push(formDecode(query.slice(equals + 1, end)));
      if (found.length === maxValues) return found;
    }
    from = end + 1;
  }
  return found;
}

/** Bytes as latin1 text, a character a byte, as everything else of a request is; broken escapes stay as they are. */
function formDecode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const byte = code === 0x25 ? hexAt(text, at + 1) : -1;
    if (byte >= 0) at += 2;
    bytes[length++] = byte >= 0 ? byte : code === 0x2b ? 0x20 : code;
  }
  return latin1(bytes, 0, length);
}

/** The byte of two hexadecimal digits, or -1. */
function hexAt(text: string, at: number): number {
  const high = digitAt(text, at);
  const low = digitAt(text, at + 1);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
