// Reads an upstream's answer from the fields of a header block (RFC 9113 8.3.2).

import { Fault } from '../traffic/fault.ts';
import { Headers } from '../traffic/headers.ts';
import { notToClient } from '../traffic/hop-fields.ts';
import { AnswerHead, type HeadLimits } from '../traffic/wire.ts';
import { phraseOf } from './answers.ts';
import { bodyLengthOf } from './framing.ts';
import type { HeaderDecoder } from './h2-decoder.ts';
import { malformed } from './h2-request.ts';

/** The answer of a block, or why it is none. `isEnd`: no body follows. */
export function readHttp2Answer(
  block: HeaderDecoder,
  isEnd: boolean,
  toMethod: string,
  limits: HeadLimits,
): AnswerHead | Fault {
  if (block.isTooLong || block.fields.length > limits.maxHeaders)
    return new Fault(502, 'http/header-too-long', "the answer's header fields are longer than the limit");
  let status = '';
  let lines = '';
  let forwarded = '';
  let lengths = 0;
  let length = '';
  for (const field of block.fields) {
    const { kind, code } = field.name;
    if (!field.isValid) return malformed('a field that is none', '8.2.1');
    if (kind === ':status') {
      if (status !== '' || lines !== '') return malformed(':status twice or behind other fields', '8.3');
      status = field.value;
      continue;
    }
    if (kind.charCodeAt(0) === 58 || kind === 'unknown-pseudo')
      return malformed('a pseudo-field that answers do not have', '8.3.2');
    if (kind === 'connection') return malformed(`${field.name.text}, which belongs to a connection`, '8.2.2');
    if (kind === 'content-length') {
      lengths++;
      length = field.value;
    }
    lines += field.line;
    if (code < 0 || notToClient[code] === 0) forwarded += field.line;
  }
  const number = statusOf(status);
  if (number < 0) return malformed(`:status is "${status}"`, '8.3.2');
  const head = new AnswerHead(new Headers(lines));
  head.version = '2.0';
  head.status = number;
  head.reason = phraseOf(number);
  head.forwarded = forwarded;
  return settle(head, bodyLengthOf(lengths, length, 0, '', '1.1'), isEnd, toMethod) ?? head;
}

function settle(head: AnswerHead, length: number | Fault, isEnd: boolean, toMethod: string): Fault | null {
  if (length instanceof Fault) return length;
  const { status } = head;
  if (status < 200) return isEnd || length > 0 ? malformed('an interim answer that ends the stream', '8.1') : null;
  if (length >= 0) head.contentLength = length;
  if (toMethod === 'HEAD' || status === 304 || status === 204) {
    // Whether an empty frame ends the stream later is no matter: there is no body.
    return status === 204 && length > 0
      ? new Fault(502, 'http/body-where-none', 'a 204 answer announces a body (RFC 9110 15.3.5)')
      : null;
  }
  if (isEnd) {
    if (length > 0) return malformed('an answer that announces a body and has none', '8.1.1');
    // So that HTTP/1.1 says so, too: there, an answer without a length goes on until the connection ends.
    head.contentLength = 0;
    return null;
  }
  head.framing = length > 0 ? 'length' : 'chunked';
  return null;
}

/** 100 to 599, or -1. 101 has no place in HTTP/2 (RFC 9113 8.6). */
function statusOf(text: string): number {
  if (text.length !== 3) return -1;
  let status = 0;
  for (let index = 0; index < 3; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status < 100 || status > 599 || status === 101 ? -1 : status;
}
