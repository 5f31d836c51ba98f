// What stands in a request to the station: its cookie, its token, its query and its bounded body.

import type { IncomingMessage } from 'node:http';

/** Longest body that is taken, in bytes: a configuration fits in. */
export const maxBodyBytes = 1024 * 1024;

/** The value of a cookie, or ''. */
export function cookieOf(header: string | undefined, name: string): string {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return '';
}

/** The token of `Authorization: Bearer …`, or ''. */
export function bearerOf(header: string | undefined): string {
  const written = header ?? '';
  const scheme = 'bearer ';
  return written.slice(0, scheme.length).toLowerCase() === scheme ? written.slice(scheme.length).trim() : '';
}

/** The query as names and values; of a name that comes twice the last holds. */
export function queryOf(url: URL): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of url.searchParams) query[name] = value;
  return query;
}

/** What a body turned out to be. */
export type Body = { readonly value: unknown } | { readonly status: 400 | 413 | 415; readonly says: string };

/** Reads a body of JSON. A page of another site cannot send that media type without being asked about it first. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json') return { status: 415, says: 'a body is JSON: send content-type: application/json' };
  const tooLong = { status: 413, says: `a body has at most ${maxBodyBytes} bytes` } as const;
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return tooLong;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += (piece as Buffer).length;
    if (bytes > maxBodyBytes) return tooLong;
    pieces.push(piece as Buffer);
  }
  try {
    return { value: JSON.parse(Buffer.concat(pieces).toString('utf8')) };
  } catch {
    return { status: 400, says: 'the body is not JSON' };
  }
}
