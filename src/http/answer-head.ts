// Reads the head of an upstream's answer (RFC 9112 4) as strictly as a request: an upstream that is misread poisons a pool.

import { latin1 } from '../base/bytes.ts';
import { Fault } from '../traffic/fault.ts';
import { connectionCode, contentLengthCode, transferEncodingCode } from '../traffic/field-names.ts';
import { Headers } from '../traffic/headers.ts';
import { notToClient } from '../traffic/hop-fields.ts';
import { AnswerHead, type HeadLimits } from '../traffic/wire.ts';
import { incomplete, runsOf, type SeenFields, walkFields } from './fields.ts';
import { bodyLengthOf, readConnection, withoutNominated } from './framing.ts';
import { characterClass, digitBit, fieldValueBit } from './tokens.ts';

const maxReasonBytes = 512;

/** The answer head at `from`, null while it is not whole, or why it is none. `toMethod` decides whether a body follows. `seen` is
 * scratch space of the caller's. */
export function readAnswerHead(
  bytes: Buffer,
  from: number,
  to: number,
  toMethod: string,
  limits: HeadLimits,
  seen: SeenFields,
): AnswerHead | Fault | null {
  const lineTo = walkStatusLine(bytes, from, to);
  if (typeof lineTo !== 'number') return lineTo;
  if (lineTo === incomplete) return null;
  const bound = Math.min(to, lineTo + limits.maxHeaderBytes);
  seen.clear();
  const end = walkFields(bytes, lineTo, bound, limits.maxHeaders, notToClient, seen);
  if (typeof end !== 'number') return end;
  if (end === incomplete)
    return to - lineTo >= limits.maxHeaderBytes
      ? new Fault(
          502,
          'http/header-too-long',
          `the answer's header fields are longer than ${limits.maxHeaderBytes} bytes`,
        )
      : null;
  const text = latin1(bytes, from, end);
  const head = new AnswerHead(new Headers(text.slice(lineTo - from, end - from - 2)));
  head.bytes = end - from;
  head.version = bytes[from + 7] === 49 ? '1.1' : '1.0';
  head.status = (bytes[from + 9]! - 48) * 100 + (bytes[from + 10]! - 48) * 10 + bytes[from + 11]! - 48;
  head.reason = text.slice(bytes[from + 12] === 32 ? 13 : 12, lineTo - from - 2);
  head.forwarded = runsOf(seen, text, from);
  return understand(head, text, from, seen, toMethod) ?? head;
}

/** Gives the offset behind the status line. */
function walkStatusLine(bytes: Buffer, from: number, to: number): number | Fault {
  const expected = 'HTTP/1.';
  const known = Math.min(to - from, 7);
  for (let index = 0; index < known; index++)
    if (bytes[from + index] !== expected.charCodeAt(index)) return badLine('it does not begin with HTTP/1.');
  if (to - from < 13) return incomplete;
  const minor = bytes[from + 7]!;
  if ((minor !== 48 && minor !== 49) || bytes[from + 8] !== 32) return badLine('its version is not 1.0 or 1.1');
  let status = 0;
  for (let index = 9; index < 12; index++) {
    const code = bytes[from + index]!;
    if ((characterClass[code]! & digitBit) === 0) return badLine('its status is not three digits');
    status = status * 10 + code - 48;
  }
  if (status < 100 || status > 599) return badLine(`status ${status} is not between 100 and 599`);
  let at = from + 12;
  // RFC 9112 4 asks for a space even before an empty reason; many servers leave it out and no reader is misled.
  if (bytes[at] === 32) at++;
  else if (bytes[at] !== 13) return badLine('no space after the status');
  const reasonFrom = at;
  while (at < to && (characterClass[bytes[at]!]! & fieldValueBit) !== 0) at++;
  if (at - reasonFrom > maxReasonBytes) return badLine(`its reason is longer than ${maxReasonBytes} bytes`);
  if (at >= to || (at + 1 >= to && bytes[at] === 13)) return incomplete;
  if (bytes[at] !== 13 || bytes[at + 1] !== 10) return badLine('it does not end in CRLF');
  return at + 2;
}

function understand(head: AnswerHead, text: string, from: number, seen: SeenFields, toMethod: string): Fault | null {
  const { counts } = seen;
  const value = (code: number): string =>
    counts[code] === 0 ? '' : text.slice(seen.valueFrom[code]! - from, seen.valueTo[code]! - from);
  const connection = readConnection(head.headers, counts[connectionCode]!, value(connectionCode));
  if (connection instanceof Fault) return connection;
  head.keepAlive =
    connection === null
      ? head.version === '1.1'
      : !connection.close && (head.version === '1.1' || connection.keepAlive);
  if (connection !== null && connection.nominated !== null)
    head.forwarded = withoutNominated(head.headers, connection.nominated, notToClient);
  const length = bodyLengthOf(
    counts[contentLengthCode]!,
    value(contentLengthCode),
    counts[transferEncodingCode]!,
    value(transferEncodingCode),
    head.version,
  );
  if (typeof length !== 'number') return length;
  if (length >= 0) head.contentLength = length;
  if (head.status < 200 || head.status === 204) {
    if (length !== -2 && length !== 0)
      return new Fault(502, 'http/body-where-none', `a ${head.status} answer announces a body (RFC 9112 6.3)`);
    return null;
  }
  if (head.status === 304 || toMethod === 'HEAD') return null;
  head.framing = length === -1 ? 'chunked' : length === -2 ? 'until-close' : length === 0 ? 'none' : 'length';
  return null;
}

function badLine(what: string): Fault {
  return new Fault(502, 'http/bad-status-line', `the upstream's status line is none: ${what} (RFC 9112 4)`);
}
