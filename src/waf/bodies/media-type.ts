// The Content-Type of a request read strictly (RFC 9110 8.3.1): what two readers could read differently is marked as unclear.

import type { Headers } from '../../traffic/headers.ts';
import { isLetter } from '../classes.ts';

/** A media type. `isClear` is false where it is missing, repeated or malformed: then the body is judged in every way. */
export interface MediaType {
  /** `application/json`, in lower case; '' where there is none. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly isClear: boolean;
}

const noParameters: ReadonlyMap<string, string> = new Map();

/** Longest value read; a longer one is unclear. */
const maxLength = 512;

/** The media type of a request. An unclear one that speaks of multipart anywhere is `multipart/form-data`, unclear. */
export function readMediaType(headers: Headers): MediaType {
  const values = headers.all('content-type');
  const value = values[0] ?? '';
  const read = values.length !== 1 || value.length > maxLength ? null : parseMediaType(value);
  if (read !== null) return read;
  const isMultipart = values.some((one) => one.toLowerCase().includes('multipart/'));
  return { type: isMultipart ? 'multipart/form-data' : '', parameters: noParameters, isClear: false };
}

/** A media type with its parameters (RFC 9110 5.6.6), or null for any other text. */
export function parseMediaType(value: string): MediaType | null {
  const text = value.trim();
  const slash = tokenEnd(text, 0);
  if (slash === 0 || text.charCodeAt(slash) !== 47) return null;
  const end = tokenEnd(text, slash + 1);
  if (end === slash + 1) return null;
  const type = text.slice(0, end).toLowerCase();
  if (end === text.length) return { type, parameters: noParameters, isClear: true };
  const parameters = parseParameters(text, end);
  return parameters === null ? null : { type, parameters, isClear: true };
}

/**
 * The parameters `; name=value; name="value"` of `text` from `start`, names in lower case; null where the syntax is
 * broken, a name comes twice, or a quoted value holds an escaped quote, which readers do not agree on.
 */
export function parseParameters(text: string, start: number): Map<string, string> | null {
  const found = new Map<string, string>();
  let at = start;
  for (;;) {
    at = skipBlank(text, at);
    if (at === text.length) return found;
    if (text.charCodeAt(at) !== 59) return null;
    at = skipBlank(text, at + 1);
    if (at === text.length) return found;
    const nameEnd = tokenEnd(text, at);
    if (nameEnd === at || text.charCodeAt(nameEnd) !== 61) return null;
    const name = text.slice(at, nameEnd).toLowerCase();
    const isQuoted = text.charCodeAt(nameEnd + 1) === 34;
    const valueStart = isQuoted ? nameEnd + 2 : nameEnd + 1;
    const valueEnd = isQuoted ? text.indexOf('"', valueStart) : tokenEnd(text, valueStart);
    if (valueEnd < 0 || (valueEnd === valueStart && !isQuoted) || found.has(name)) return null;
    if (isQuoted && text.charCodeAt(valueEnd - 1) === 92) return null;
    found.set(name, text.slice(valueStart, valueEnd));
    at = isQuoted ? valueEnd + 1 : valueEnd;
  }
}

/** Where the token (RFC 9110 5.6.2) at `start` ends; `start` where there is none. */
function tokenEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && isTokenCharacter(text.charCodeAt(at))) at++;
  return at;
}

function isTokenCharacter(code: number): boolean {
  return (
    isLetter(code) ||
    (code >= 48 && code <= 57) ||
    (code < 127 && "!#$%&'*+-.^_`|~".includes(String.fromCharCode(code)))
  );
}

function skipBlank(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  return at;
}
