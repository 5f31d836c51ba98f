// How a hand-written case is written down: a sentence of an RFC, and bytes that keep it or break it.

/** Cases of one sentence. Each is what we make of the bytes, then the bytes (one character a byte). What we make of them is
 * `ok` (one whole request, nothing left), `ok 2` (two), `cut` (within a request when the bytes end), a reason of refusal, or
 * `ok 1 http/reason` (refused behind one whole request). `closed` is a request behind which nothing more is read. */
export interface CaseGroup {
  readonly rule: string;
  readonly cases: readonly (readonly [made: string, bytes: string])[];
}

/** A GET with these field lines. */
export function get(...lines: string[]): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

/** A POST with these field lines and this body. */
export function post(body: string, ...lines: string[]): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

/** A POST with a body in chunks, written out. */
export function chunked(body: string): string {
  return post(body, 'Transfer-Encoding: chunked');
}

/** A request line with a Host field. */
export function line(text: string): string {
  return `${text}\r\nHost: a\r\n\r\n`;
}

/** The request that is hidden in most attempts at smuggling. */
export const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
