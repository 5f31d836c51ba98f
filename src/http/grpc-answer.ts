// Refusals in the words of gRPC: its clients read a status of their own, and make a guess of every answer that has none.

import { Headers } from '../traffic/headers.ts';
import type { OwnAnswer } from '../traffic/sides.ts';
import { sentenceOf } from './answers.ts';

/** gRPC's status for a status of HTTP (grpc/doc/http-grpc-status-mapping.md); what was too much is RESOURCE_EXHAUSTED, which that table,
 * made for answers of strangers, calls UNAVAILABLE and UNKNOWN. */
const statuses: Readonly<Record<number, number>> = Object.freeze({
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  413: 8,
  429: 8,
  431: 8,
  502: 14,
  503: 14,
  504: 14,
});
const unknown = 2;

/** An answer that is nothing but trailers (gRPC over HTTP/2, Trailers-Only), in place of one with `status`. `extra` holds further field lines. */
export function grpcAnswer(
  status: number,
  id: string,
  extra: string,
  retryAfterSeconds: number,
  now: number,
): OwnAnswer {
  const { code, words } = told(status, id);
  // What clients with a retry policy wait for before they ask again (gRFC A6).
  const pushback = retryAfterSeconds > 0 ? `Grpc-Retry-Pushback-Ms: ${retryAfterSeconds * 1000}\r\n` : '';
  const fields = `Date: ${new Date(now).toUTCString()}\r\nContent-Type: application/grpc\r\nGrpc-Status: ${code}\r\nGrpc-Message: ${words}\r\n${pushback}X-Request-Id: ${id}\r\n${extra}`;
  return { status: 200, fields, body: '' };
}

/** What ends an answer of gRPC that has begun, for a reason that `status` of HTTP tells. */
export function grpcTrailers(status: number, id: string): Headers {
  const { code, words } = told(status, id);
  const trailers = new Headers();
  trailers.add('grpc-status', String(code));
  trailers.add('grpc-message', words);
  return trailers;
}

/** The code, and what a person is told: plain ASCII without `%`, as `grpc-message` wants it. */
function told(status: number, id: string): { readonly code: number; readonly words: string } {
  return { code: statuses[status] ?? unknown, words: `${sentenceOf(status)} (${id})` };
}
