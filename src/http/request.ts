// Reads a request head (RFC 9112 2 to 3) from the bytes that came: strict, one walk, and every objection has a name.

import { latin1 } from '../base/bytes.ts';
import { Fault } from '../traffic/fault.ts';
import {
  connectionCode,
  contentLengthCode,
  expectCode,
  hostCode,
  teCode,
  transferEncodingCode,
  upgradeCode,
} from '../traffic/field-names.ts';
import { Headers } from '../traffic/headers.ts';
import { notToUpstream } from '../traffic/hop-fields.ts';
import { type HeadLimits, RequestHead } from '../traffic/wire.ts';
import { bareLf, hex, incomplete, runsOf, type SeenFields, walkFields } from './fields.ts';
import { ambiguousName, bodyLengthOf, readConnection, withoutNominated } from './framing.ts';
import { readTarget } from './target.ts';
import { characterClass, methodBit, targetBit, tokenBit } from './tokens.ts';

/** Longest method anybody registered is 17 characters (UPDATEREDIRECTREF). */
const maxMethodBytes = 20;

/** The head at `from`, null while it is not whole, or why it is none. `seen` is scratch space of the caller's. */
export function readRequestHead(
  bytes: Buffer,
  from: number,
  to: number,
  limits: HeadLimits,
  seen: SeenFields,
): RequestHead | Fault | null {
  const lineTo = walkRequestLine(bytes, from, to, limits);
  if (typeof lineTo !== 'number') return lineTo;
  if (lineTo === incomplete) return null;
  const bound = Math.min(to, lineTo + limits.maxHeaderBytes);
  seen.clear();
  const end = walkFields(bytes, lineTo, bound, limits.maxHeaders, notToUpstream, seen);
  if (typeof end !== 'number') return end;
  if (end === incomplete)
    return to - lineTo >= limits.maxHeaderBytes
      ? new Fault(431, 'http/header-too-long', `the header fields are longer than ${limits.maxHeaderBytes} bytes`)
      : null;
  const text = latin1(bytes, from, end);
  const head = new RequestHead(new Headers(text.slice(lineTo - from, end - from - 2)));
  head.bytes = end - from;
  const methodTo = text.indexOf(' ');
  head.method = text.slice(0, methodTo);
  head.target = text.slice(methodTo + 1, lineTo - from - 11);
  head.version = bytes[lineTo - 3] === 49 ? '1.1' : '1.0';
  head.forwarded = runsOf(seen, text, from);
  return understand(head, text, from, seen) ?? head;
}

/** Gives the offset behind the request line; its last ten bytes are then the version and CRLF. */
function walkRequestLine(bytes: Buffer, from: number, to: number, limits: HeadLimits): number | Fault {
  let at = from;
  while (at < to && (characterClass[bytes[at]!]! & methodBit) !== 0) at++;
  if (at - from > maxMethodBytes) return badMethod(`is longer than ${maxMethodBytes} bytes`);
  if (at === to) return incomplete;
  if ((characterClass[bytes[at]!]! & tokenBit) !== 0) return oddMethod(bytes, from, at, to);
  if (bytes[at] !== 32 || at === from) return badLine(bytes[at]!, 'the method');
  const methodTo = at++;
  while (at < to && (characterClass[bytes[at]!]! & targetBit) !== 0) at++;
  if (at - from > limits.maxRequestLineBytes)
    return new Fault(
      414,
      'http/target-too-long',
      `the request line is longer than ${limits.maxRequestLineBytes} bytes`,
    );
  if (at === to) return incomplete;
  if (bytes[at] !== 32 || at === methodTo + 1) return badLine(bytes[at]!, 'the target');
  at++;
  if (at + 10 > to) return hasOnlyPrefixOfVersion(bytes, at, to) ? incomplete : badVersion(bytes, at, to);
  if (bytes[at + 8] !== 13 || bytes[at + 9] !== 10) return badVersion(bytes, at, to);
  for (let index = 0; index < 7; index++)
    if (bytes[at + index] !== anyVersion.charCodeAt(index)) return badVersion(bytes, at, to);
  if (bytes[at + 7] !== 49 && bytes[at + 7] !== 48) return badVersion(bytes, at, to);
  return at + 10;
}

const anyVersion = 'HTTP/1.1\r\n';

function hasOnlyPrefixOfVersion(bytes: Buffer, from: number, to: number): boolean {
  for (let index = 0; index < to - from; index++)
    if (bytes[from + index] !== anyVersion.charCodeAt(index) && index !== 5 && index !== 7) return false;
  return true;
}

function badVersion(bytes: Buffer, from: number, to: number): Fault {
  const text = latin1(bytes, from, Math.min(to, from + 10));
  const isVersion =
    text.length === 10 &&
    text.startsWith('HTTP/') &&
    text[6] === '.' &&
    text.endsWith('\r\n') &&
    isDigit(text, 5) &&
    isDigit(text, 7);
  return isVersion
    ? new Fault(505, 'http/version', `${text.slice(0, 8)} on a connection that speaks HTTP/1.1 (RFC 9110 15.6.6)`)
    : new Fault(400, 'http/bad-request-line', 'the request line does not end in "HTTP/1.1" and CRLF (RFC 9112 3)');
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}

/** A word that is no method we know the writing of: valid HTTP where a space follows, otherwise no HTTP at all. */
function oddMethod(bytes: Buffer, from: number, oddAt: number, to: number): number | Fault {
  let at = oddAt;
  while (at < to && (characterClass[bytes[at]!]! & tokenBit) !== 0) at++;
  if (at - from > maxMethodBytes) return badMethod(`is longer than ${maxMethodBytes} bytes`);
  if (at === to) return incomplete;
  return bytes[at] === 32
    ? badMethod('has characters other than capital letters and hyphens')
    : badLine(bytes[at]!, 'the method');
}

function badMethod(what: string): Fault {
  return new Fault(501, 'http/bad-method', `the method ${what} (RFC 9110 9.1)`);
}

function badLine(code: number, part: string): Fault {
  if (code === 10) return bareLf();
  return new Fault(400, 'http/bad-request-line', `byte 0x${hex(code)} in or after ${part} (RFC 9112 3)`);
}

/** What the fields mean together; the fault where they contradict each other. */
function understand(head: RequestHead, text: string, from: number, seen: SeenFields): Fault | null {
  const ambiguous = seen.hasOddName ? ambiguousName(head.headers) : null;
  if (ambiguous !== null) return ambiguous;
  const { counts } = seen;
  const value = (code: number): string =>
    counts[code] === 0 ? '' : text.slice(seen.valueFrom[code]! - from, seen.valueTo[code]! - from);
  const length = bodyLengthOf(
    counts[contentLengthCode]!,
    value(contentLengthCode),
    counts[transferEncodingCode]!,
    value(transferEncodingCode),
    head.version,
  );
  head.takesTrailers = counts[teCode]! > 0 && value(teCode).toLowerCase().includes('trailers');
  return (
    settleMethod(head) ??
    readTarget(head, counts[hostCode]!, value(hostCode)) ??
    settleBody(head, length) ??
    settleConnection(head, seen, value(connectionCode), value(upgradeCode), value(expectCode))
  );
}

/** The fault of a method that has no business here. */
export function settleMethod(head: RequestHead): Fault | null {
  if (head.method === 'CONNECT')
    return new Fault(
      501,
      'http/connect',
      'CONNECT is for forward proxies; this gate stands before servers (RFC 9110 9.3.6)',
    );
  if (head.method === 'TRACE')
    return new Fault(501, 'http/trace', 'TRACE would reflect cookies and credentials (RFC 9110 9.3.8)');
  return null;
}

function settleBody(head: RequestHead, length: number | Fault): Fault | null {
  if (typeof length !== 'number') return length;
  if (length === -1) head.framing = 'chunked';
  else if (length > 0) head.framing = 'length';
  if (length >= 0) head.contentLength = length;
  return null;
}

function settleConnection(
  head: RequestHead,
  seen: SeenFields,
  connectionValue: string,
  upgrade: string,
  expect: string,
): Fault | null {
  const connection = readConnection(head.headers, seen.counts[connectionCode]!, connectionValue);
  if (connection instanceof Fault) return connection;
  if (seen.counts[expectCode]! > 0 && head.version === '1.1') {
    if (seen.counts[expectCode]! > 1 || expect.toLowerCase() !== '100-continue')
      return new Fault(417, 'http/expectation', 'the only expectation known is 100-continue (RFC 9110 10.1.1)');
    head.expectsContinue = head.framing !== 'none';
  }
  if (connection === null) {
    head.keepAlive = head.version === '1.1';
    return null;
  }
  head.keepAlive = !connection.close && (head.version === '1.1' || connection.keepAlive);
  if (connection.nominated !== null)
    head.forwarded = withoutNominated(head.headers, connection.nominated, notToUpstream);
  if (!connection.upgrade || seen.counts[upgradeCode] !== 1 || upgrade.toLowerCase() !== 'websocket') return null;
  return settleWebSocket(head);
}

/** A handshake that only looks like one must not open a tunnel past the WAF: every part of RFC 6455 4.2.1 is asked for. */
function settleWebSocket(head: RequestHead): Fault | null {
  const key = head.headers.get('sec-websocket-key');
  const whole =
    head.method === 'GET' &&
    head.version === '1.1' &&
    head.framing === 'none' &&
    head.headers.get('sec-websocket-version') === '13' &&
    key !== null &&
    key.length === 24 &&
    key.endsWith('==') &&
    head.headers.all('sec-websocket-key').length === 1;
  if (!whole)
    return new Fault(
      400,
      'http/websocket-handshake',
      'an Upgrade to WebSocket that is not a whole handshake (RFC 6455 4.2.1)',
    );
  head.isWebSocket = true;
  return null;
}
