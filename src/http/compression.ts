// Which answers are compressed, and what their heads then say (RFC 9110 8.4, 8.8.3, 12.5.5). Off unless a site asks for it: BREACH
// reads secrets off the length of compressed pages that also repeat what a stranger sent.

import type { Headers } from '../traffic/headers.ts';
import { AnswerHead } from '../traffic/wire.ts';
import { chooseCoding } from './accept-encoding.ts';
import { type AnswerCoding, Compressor } from './compressor.ts';

/** What a site says of it. */
export interface CompressionSettings {
  /** In the order of preference. */
  readonly codings: readonly AnswerCoding[];
  /** Media types in lower case; `text/*` for all of a kind. */
  readonly types: readonly string[];
  readonly minBytes: number;
  /** From 1 (fast) to 9 (small). */
  readonly level: number;
}

/** The request's part in the decision. */
export interface CompressionWish {
  readonly method: string;
  readonly version: string;
  readonly headers: Headers;
}

/** What becomes of an answer. */
export interface CompressedAnswer {
  readonly head: AnswerHead;
  /** Null where only the head says that it might have been otherwise. */
  readonly compressor: Compressor | null;
}

/** Streams of events and of messages have their own pace and their own compression. */
const never: ReadonlySet<string> = new Set(['text/event-stream', 'application/grpc', 'application/grpc-web']);
/** Fields that speak of the very bytes, which would no longer be true. */
const digests = ['content-digest', 'repr-digest', 'digest', 'content-md5'];
/** Statuses without content of their own, or with a part of it. */
const partial: ReadonlySet<number> = new Set([204, 205, 206, 304, 416]);

/** One site's compression. */
export class Compression {
  readonly #settings: CompressionSettings;

  constructor(settings: CompressionSettings) {
    this.#settings = settings;
  }

  /** What becomes of this answer; null where it goes on as it came. */
  plan(wish: CompressionWish, head: AnswerHead): CompressedAnswer | null {
    if (!this.#mayCompress(head)) return null;
    const varied = varying(head);
    if (wish.version === '1.0') return { head: varied, compressor: null };
    const coding = chooseCoding(wish.headers.all('accept-encoding'), this.#settings.codings);
    if (coding === null || hasDirective(wish.headers, 'no-transform')) return { head: varied, compressor: null };
    // The head of what a GET would get, and no length that it would not have (RFC 9110 8.6).
    if (wish.method === 'HEAD')
      return { head: Object.assign(encoded(varied, coding), { framing: 'none' }), compressor: null };
    const compressor = new Compressor(coding, this.#settings.level);
    if (!compressor.works) return { head: varied, compressor: null };
    return { head: encoded(varied, coding), compressor };
  }

  /** Everything but what the client says. */
  #mayCompress(head: AnswerHead): boolean {
    const { minBytes, types } = this.#settings;
    if (head.status < 200 || partial.has(head.status)) return false;
    if (head.contentLength >= 0 && head.contentLength < minBytes) return false;
    const { headers } = head;
    const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (never.has(type) || !types.some((one) => covers(one, type))) return false;
    if (headers.has('content-range') || digests.some((name) => headers.has(name))) return false;
    const isEncoded = headers.all('content-encoding').some((value) => value.trim().toLowerCase() !== 'identity');
    return !isEncoded && !hasDirective(headers, 'no-transform');
  }
}

function covers(pattern: string, type: string): boolean {
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

function hasDirective(headers: Headers, directive: string): boolean {
  return headers.all('cache-control').some((value) =>
    value
      .toLowerCase()
      .split(',', 64)
      .some((part) => part.trim() === directive),
  );
}

/** The same head, saying that it depends on Accept-Encoding: caches must know, whether or not this one was compressed. */
function varying(head: AnswerHead): AnswerHead {
  const names = head.headers.all('vary').flatMap((value) =>
    value
      .toLowerCase()
      .split(',', 64)
      .map((name) => name.trim()),
  );
  if (names.includes('*') || names.includes('accept-encoding')) return head;
  return withFields(head, head.forwarded, 'Vary: Accept-Encoding\r\n');
}

/** The head of the compressed answer: its length is not known, its ETag no longer means the same bytes, and ranges of it would be of others. */
function encoded(head: AnswerHead, coding: AnswerCoding): AnswerHead {
  let lines = '';
  for (const line of head.forwarded.split('\r\n')) {
    if (line === '') continue;
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    if (name === 'accept-ranges' || name === 'content-encoding') continue;
    if (name === 'etag') {
      const tag = line.slice(line.indexOf(':') + 1).trim();
      lines += tag.startsWith('W/') ? `${line}\r\n` : `ETag: W/${tag}\r\n`;
    } else lines += `${line}\r\n`;
  }
  const changed = withFields(head, lines, `Content-Encoding: ${coding}\r\n`);
  changed.framing = 'chunked';
  changed.contentLength = -1;
  return changed;
}

function withFields(head: AnswerHead, forwarded: string, more: string): AnswerHead {
  const changed = new AnswerHead(head.headers);
  return Object.assign(changed, head, { forwarded: forwarded + more });
}
