// Reads a request from the fields of a header block (RFC 9113 8.3.1), as strictly as HTTP/1.1 is read: what becomes of it is a head
// whose lines were examined byte by byte, so that nothing in it can be a second request where HTTP/1.1 is spoken to the upstream.

import { Fault } from '../traffic/fault.ts';
import { Headers } from '../traffic/headers.ts';
import { notToUpstream } from '../traffic/hop-fields.ts';
import type { HeadLimits } from '../traffic/wire.ts';
import { RequestHead } from '../traffic/wire.ts';
import { ambiguousName, bodyLengthOf, isForbiddenTrailer } from './framing.ts';
import type { HeaderDecoder } from './h2-decoder.ts';
import type { Field } from './h2-field.ts';
import { settleMethod } from './request.ts';
import { readTarget } from './target.ts';
import { characterClass, methodBit, targetBit } from './tokens.ts';

const maxMethodBytes = 20;

/** What a block says, gathered in one walk. */
class Gathered {
  method = '';
  scheme = '';
  path = '';
  authority: string | null = null;
  protocol = '';
  host: string | null = null;
  lengths = 0;
  length = '';
  cookie = '';
  expect: string | null = null;
  contentType = '';
  takesTrailers = false;
  isOdd = false;
  sawRegular = false;
  /** Lines of all fields but cookies and host, and those that travel. */
  lines = '';
  forwarded = '';
}

/** The request of a block that opens a stream, or why it is none. `isEnd`: no body follows. */
export function readHttp2Request(
  block: HeaderDecoder,
  isEnd: boolean,
  wireBytes: number,
  limits: HeadLimits,
): RequestHead | Fault {
  if (block.isTooLong)
    return new Fault(431, 'http/header-too-long', `the header fields are longer than ${limits.maxHeaderBytes} bytes`);
  if (block.fields.length > limits.maxHeaders)
    return new Fault(431, 'http/too-many-fields', `more than ${limits.maxHeaders} header fields`);
  const seen = new Gathered();
  for (const field of block.fields) {
    const fault = gather(seen, field);
    if (fault !== null) return fault;
  }
  return settle(seen, isEnd, wireBytes, limits);
}

function gather(seen: Gathered, field: Field): Fault | null {
  if (!field.isValid)
    return malformed('a field with a capital letter, a control character, or blanks around its value', '8.2.1');
  const { kind } = field.name;
  if (kind.charCodeAt(0) === 58 || kind === 'unknown-pseudo') return gatherPseudo(seen, field);
  seen.sawRegular = true;
  if (field.name.isOdd) seen.isOdd = true;
  switch (kind) {
    case 'connection':
      return new Fault(
        400,
        'http/h2-connection-field',
        `${field.name.text} belongs to a connection and has no place in HTTP/2 (RFC 9113 8.2.2)`,
      );
    case 'te':
      if (field.value !== 'trailers')
        return new Fault(400, 'http/h2-connection-field', 'TE says something other than trailers (RFC 9113 8.2.2)');
      seen.takesTrailers = true;
      break;
    case 'host':
      if (seen.host !== null) return new Fault(400, 'http/repeated-host', 'more than one Host field (RFC 9110 7.2)');
      seen.host = field.value;
      return null;
    case 'content-length':
      seen.lengths++;
      seen.length = field.value;
      break;
    case 'cookie':
      // Crumbs are one field again before anybody looks at them (RFC 9113 8.2.3).
      seen.cookie += seen.cookie === '' ? field.value : `; ${field.value}`;
      return null;
    case 'expect':
      if (seen.expect !== null || field.value.toLowerCase() !== '100-continue')
        return new Fault(417, 'http/expectation', 'the only expectation known is 100-continue (RFC 9110 10.1.1)');
      seen.expect = field.value;
      break;
    case 'content-type':
      seen.contentType = field.value;
      break;
    default:
      break;
  }
  seen.lines += field.line;
  if (field.name.code < 0 || notToUpstream[field.name.code] === 0) seen.forwarded += field.line;
  return null;
}

function gatherPseudo(seen: Gathered, field: Field): Fault | null {
  if (seen.sawRegular) return malformed(`${field.name.text} behind other fields`, '8.3');
  const { value } = field;
  switch (field.name.kind) {
    case ':method':
      if (seen.method !== '' || value === '') return repeated(':method');
      seen.method = value;
      return null;
    case ':scheme':
      if (seen.scheme !== '' || value === '') return repeated(':scheme');
      seen.scheme = value;
      return null;
    case ':path':
      if (seen.path !== '' || value === '') return repeated(':path');
      seen.path = value;
      return null;
    case ':authority':
      if (seen.authority !== null) return repeated(':authority');
      seen.authority = value;
      return null;
    case ':protocol':
      if (seen.protocol !== '' || value === '') return repeated(':protocol');
      seen.protocol = value;
      return null;
    default:
      return malformed('a pseudo-field that requests do not have', '8.3');
  }
}

function settle(seen: Gathered, isEnd: boolean, wireBytes: number, limits: HeadLimits): RequestHead | Fault {
  const fault = checkMethod(seen.method) ?? checkScheme(seen.scheme) ?? checkPath(seen, limits);
  if (fault !== null) return fault;
  const host = hostOf(seen);
  if (host instanceof Fault) return host;
  const cookie = seen.cookie === '' ? '' : `cookie: ${seen.cookie}\r\n`;
  const lines = (host === null ? '' : `host: ${host}\r\n`) + seen.lines + cookie;
  const head = new RequestHead(new Headers(lines));
  head.bytes = wireBytes;
  head.version = '2.0';
  head.method = seen.method;
  head.target = seen.path;
  head.forwarded = seen.forwarded + cookie;
  head.takesTrailers = seen.takesTrailers;
  head.isGrpc = isGrpcType(seen.contentType);
  if (seen.protocol !== '') {
    const refused = settleExtendedConnect(head, seen, isEnd);
    if (refused !== null) return refused;
  }
  return (
    settleMethod(head) ??
    (seen.isOdd ? ambiguousName(head.headers) : null) ??
    readTarget(head, host === null ? 0 : 1, host ?? '') ??
    settleBody(head, seen, isEnd) ??
    head
  );
}

function checkMethod(method: string): Fault | null {
  if (method === '') return malformed('a request without :method', '8.3.1');
  let isPlain = method.length <= maxMethodBytes;
  for (let index = 0; index < method.length && isPlain; index++)
    isPlain = (characterClass[method.charCodeAt(index)]! & methodBit) !== 0;
  if (isPlain) return null;
  return new Fault(
    501,
    'http/bad-method',
    `the method is longer than ${maxMethodBytes} bytes or has characters other than capital letters and hyphens (RFC 9110 9.1)`,
  );
}

function checkScheme(scheme: string): Fault | null {
  if (scheme === 'https' || scheme === 'http') return null;
  return scheme === ''
    ? malformed('a request without :scheme', '8.3.1')
    : new Fault(400, 'http/bad-target', 'the scheme is neither http nor https (RFC 9113 8.3.1)');
}

function checkPath({ path }: Gathered, limits: HeadLimits): Fault | null {
  if (path === '') return malformed('a request without :path', '8.3.1');
  if (path.length > limits.maxRequestLineBytes)
    return new Fault(414, 'http/target-too-long', `:path is longer than ${limits.maxRequestLineBytes} bytes`);
  if (path !== '*' && path.charCodeAt(0) !== 47)
    return new Fault(400, 'http/bad-target', ':path is neither a path nor "*" (RFC 9113 8.3.1)');
  for (let index = 0; index < path.length; index++)
    if ((characterClass[path.charCodeAt(index)]! & targetBit) === 0)
      return new Fault(400, 'http/bad-target', ':path has a character that no target has (RFC 3986 3.3)');
  return null;
}

/** Who is asked; null where nobody is named, which HTTP/1.0 alone may leave open. */
function hostOf({ authority, host }: Gathered): string | Fault | null {
  if (authority === null && host === null)
    return new Fault(400, 'http/no-host', 'a request with neither :authority nor Host (RFC 9113 8.3.1)');
  if (authority === null || host === null) return authority ?? host;
  if (authority.toLowerCase() === host.toLowerCase()) return authority;
  return new Fault(400, 'http/authority-mismatch', ':authority is not the one in Host (RFC 9113 8.3.1)');
}

/** Extended CONNECT (RFC 8441 4): the handshake of a WebSocket, which HTTP/1.1 asks for with GET. */
function settleExtendedConnect(head: RequestHead, seen: Gathered, isEnd: boolean): Fault | null {
  if (seen.method !== 'CONNECT') return malformed(':protocol without CONNECT', '8.5');
  const isWhole =
    seen.protocol === 'websocket' &&
    !isEnd &&
    seen.lengths === 0 &&
    head.headers.get('sec-websocket-version') === '13' &&
    !head.headers.has('sec-websocket-key');
  if (!isWhole)
    return new Fault(
      400,
      'http/websocket-handshake',
      'an extended CONNECT that is not a whole WebSocket handshake (RFC 8441 5)',
    );
  head.method = 'GET';
  head.isWebSocket = true;
  return null;
}

function settleBody(head: RequestHead, seen: Gathered, isEnd: boolean): Fault | null {
  if (head.isWebSocket) return null;
  const length = bodyLengthOf(seen.lengths, seen.length, 0, '', '1.1');
  if (length instanceof Fault) return length;
  if (isEnd) {
    if (length > 0) return malformed('a request that announces a body and has none', '8.1.1');
    if (length === 0) head.contentLength = 0;
    return null;
  }
  if (length > 0) {
    head.framing = 'length';
    head.contentLength = length;
  } else {
    head.framing = 'chunked';
    head.isDeclaredEmpty = length === 0;
  }
  head.expectsContinue = seen.expect !== null;
  return null;
}

/** gRPC and its codecs (`application/grpc+proto`), not gRPC-Web, which is an ordinary body. */
export function isGrpcType(type: string): boolean {
  const prefix = 'application/grpc';
  if (!type.startsWith(prefix)) return false;
  const next = type.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === 43 || next === 59;
}

/** The trailers of a block, null for none, or why it holds none. */
export function readHttp2Trailers(block: HeaderDecoder, limits: HeadLimits): Headers | Fault | null {
  if (block.isTooLong || block.fields.length > limits.maxHeaders)
    return new Fault(431, 'http/trailers-too-long', `trailer fields longer than ${limits.maxHeaderBytes} bytes`);
  let lines = '';
  let isOdd = false;
  for (const field of block.fields) {
    const { name } = field;
    if (!field.isValid || name.kind.charCodeAt(0) === 58 || name.kind === 'unknown-pseudo')
      return malformed('a trailer field that is none', '8.1');
    if (name.kind === 'connection' || isForbiddenTrailer(name.text))
      return new Fault(400, 'http/forbidden-trailer', `${name.text} in the trailer section (RFC 9110 6.5.1)`);
    if (name.isOdd) isOdd = true;
    lines += field.line;
  }
  if (lines === '') return null;
  const trailers = new Headers(lines);
  return (isOdd ? ambiguousName(trailers) : null) ?? trailers;
}

function repeated(name: string): Fault {
  return malformed(`${name} twice or empty`, '8.3.1');
}

/** The fault of a message that HTTP/2 calls malformed. */
export function malformed(what: string, section: string): Fault {
  return new Fault(400, 'http/h2-malformed', `${what} (RFC 9113 ${section})`);
}
