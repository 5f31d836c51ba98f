// How long a message's body is (RFC 9112 6.3), decided from its fields. Every way that two readers could disagree is a fault:
// Content-Length twice or with Transfer-Encoding, codings other than exactly `chunked`, chunked in HTTP/1.0.

import { Fault } from '../traffic/fault.ts';
import { codeOf, nameOf } from '../traffic/field-names.ts';
import type { Headers } from '../traffic/headers.ts';
import { notToUpstream } from '../traffic/hop-fields.ts';
import { characterClass, isToken, oddNameBit } from './tokens.ts';

/** -1 where a body is chunked, -2 where nothing announces one, otherwise its length in bytes; or the fault. Counts say how often
 * each field came, texts are the value of the one that may come once. */
export function bodyLengthOf(
  contentLengths: number,
  contentLength: string,
  transferEncodings: number,
  transferEncoding: string,
  version: '1.0' | '1.1' | '2.0',
): number | Fault {
  if (transferEncodings > 0) {
    if (contentLengths > 0)
      return new Fault(400, 'http/two-lengths', 'Content-Length and Transfer-Encoding in one message (RFC 9112 6.3)');
    if (version === '1.0')
      return new Fault(400, 'http/chunked-in-1.0', 'Transfer-Encoding in an HTTP/1.0 message (RFC 9112 6.1)');
    if (transferEncodings > 1 || transferEncoding.toLowerCase() !== 'chunked')
      return new Fault(
        transferEncodings === 1 && isPlainCodingList(transferEncoding) ? 501 : 400,
        'http/transfer-encoding',
        'the only transfer coding spoken here is one "chunked" (RFC 9112 6.1)',
      );
    return -1;
  }
  if (contentLengths === 0) return -2;
  if (contentLengths > 1) return new Fault(400, 'http/repeated-length', 'Content-Length more than once (RFC 9112 6.3)');
  return readLength(contentLength);
}

/** Digits only, at most 15 of them: exact in a double, and nothing that `Number` would forgive. */
function readLength(text: string): number | Fault {
  if (text.length === 0 || text.length > 15) return badLength();
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return badLength();
    length = length * 10 + digit;
  }
  return length;
}

function badLength(): Fault {
  return new Fault(400, 'http/bad-length', 'Content-Length is not a plain number of at most 15 digits (RFC 9110 8.6)');
}

/** Known codings, ending in chunked: valid HTTP that we do not speak, so 501 and not 400. */
function isPlainCodingList(text: string): boolean {
  const codings = listTokens(text, 4);
  if (codings === null || codings.pop() !== 'chunked') return false;
  return codings.every((coding) => coding === 'gzip' || coding === 'deflate' || coding === 'compress');
}

/** Tokens of a comma-separated field in lower case, empty elements left out (RFC 9110 5.6.1.2); null where it is not a list of at
 * most `max` tokens. */
export function listTokens(value: string, max: number): string[] | null {
  const tokens: string[] = [];
  for (const part of value.toLowerCase().split(',')) {
    const token = withoutBlanks(part);
    if (token === '') continue;
    if (tokens.length === max || !isToken(token)) return null;
    tokens.push(token);
  }
  return tokens;
}

/** Without spaces and tabs at its ends. `trim` would also take a no-break space, which is obs-text (RFC 9110 5.5). */
function withoutBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Fields that end a message's meaning if Connection made them hop-by-hop: nominating one is an attack, not a wish. */
const neverNominated: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'authorization',
  'cookie',
  'set-cookie',
  'cache-control',
  'date',
  'expect',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'x-request-id',
  'client-cert',
  'client-cert-chain',
  'x-client-cert-subject',
  'x-client-cert-fingerprint',
  'origin',
  'range',
]);

/** What a Connection field says. */
class ConnectionField {
  close = false;
  keepAlive = false;
  upgrade = false;
  nominated: string[] | null = null;
}

/** Reads one Connection value into `into`; a fault where it nominates an end-to-end field (RFC 9110 7.6.1). */
function readConnectionField(value: string, into: ConnectionField): Fault | null {
  if (value === 'keep-alive' || value === 'Keep-Alive') {
    into.keepAlive = true;
    return null;
  }
  const tokens = listTokens(value, 16);
  if (tokens === null)
    return new Fault(
      400,
      'http/connection-field',
      'Connection is no list of at most 16 options, each a word (RFC 9110 7.6.1)',
    );
  for (const token of tokens) {
    if (token === 'close') into.close = true;
    else if (token === 'keep-alive') into.keepAlive = true;
    else if (token === 'upgrade') into.upgrade = true;
    else if (neverNominated.has(token))
      return new Fault(
        400,
        'http/connection-nominates',
        `Connection nominates ${token}, which is end-to-end (RFC 9110 7.6.1)`,
      );
    else {
      into.nominated ??= [];
      into.nominated.push(token);
    }
  }
  return null;
}

/** What all Connection fields together say: null for none, a fault where one asks for harm. */
export function readConnection(headers: Headers, count: number, value: string): ConnectionField | Fault | null {
  if (count === 0) return null;
  const connection = new ConnectionField();
  if (count === 1) return readConnectionField(value, connection) ?? connection;
  for (const one of headers.all('connection')) {
    const fault = readConnectionField(one, connection);
    if (fault !== null) return fault;
  }
  return connection;
}

/** The lines that travel on where Connection nominates further fields as hop-by-hop. */
export function withoutNominated(headers: Headers, nominated: readonly string[], dropped: Uint8Array): string {
  let text = '';
  for (let index = 0; index < headers.count; index++) {
    const name = headers.names[index]!;
    const code = codeOf(name);
    if (nominated.includes(name) || (code >= 0 && dropped[code] === 1)) continue;
    text += `${headers.spelled[index]}: ${headers.values[index]}\r\n`;
  }
  return text;
}

/** Names with hyphens that some readers see behind others (CGI turns whatever is no letter or digit into `_`). */
const hyphenated: ReadonlySet<string> = new Set(
  ['transfer-encoding', 'proxy-authorization', ...neverNominated].filter((name) => name.includes('-')),
);

/** The fault of a field such as `Content_Length` or `X.Forwarded.For` that another reader could take for the real one, or null. */
export function ambiguousName(headers: Headers): Fault | null {
  for (const name of headers.names) {
    const real = withHyphens(name);
    if (real !== name && hyphenated.has(real))
      return new Fault(400, 'http/ambiguous-name', `${name}: some applications read it as ${real}`);
  }
  return null;
}

function withHyphens(name: string): string {
  let text = '';
  for (let index = 0; index < name.length; index++)
    text += (characterClass[name.charCodeAt(index)]! & oddNameBit) !== 0 ? '-' : name[index];
  return text;
}

/** Fields that frame, route, authenticate or describe: too late after the body, and dangerous where merged (RFC 9110 6.5.1). */
const neverTrailers: ReadonlySet<string> = new Set([
  ...[...notToUpstream.keys()].filter((code) => notToUpstream[code] === 1).map(nameOf),
  'trailer',
  'content-encoding',
  'content-type',
  'content-range',
  'authorization',
  'cookie',
  'set-cookie',
  'max-forwards',
  'cache-control',
  'range',
]);

/** Has a field with this name (lower case) no place behind a body? */
export function isForbiddenTrailer(name: string): boolean {
  return neverTrailers.has(name);
}
