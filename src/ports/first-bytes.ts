// Which protocol the first bytes of a connection speak; so that plain HTTP on a TLS port gets an answer that helps.

/** What speaks. `more`: the bytes so far are the beginning of several things; `unknown`: of none of these. */
export type FirstBytes = 'more' | 'tls' | 'http1' | 'http2' | 'ssh' | 'proxy1' | 'proxy2' | 'unknown';

/** With this many bytes the answer is never `more`. */
export const maxFirstBytes = 48;

/** Longest method that is taken for one. */
const maxMethodBytes = 32;

const http2Preface = bytesOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const sshBanner = bytesOf('SSH-');
const proxy2Signature = bytesOf('\r\n\r\n\0\r\nQUIT\n');
const proxy1Starts = [bytesOf('PROXY TCP4 '), bytesOf('PROXY TCP6 '), bytesOf('PROXY UNKNOWN')];
const absoluteStarts = [bytesOf('http://'), bytesOf('https://')];
const connectMethod = bytesOf('CONNECT');

/**
 * What the first bytes speak: a TLS ClientHello (RFC 8446 5.1), an HTTP/1.x request line (RFC 9112 3), the HTTP/2 preface
 * (RFC 9113 3.4), an SSH banner (RFC 4253 4.2) or a PROXY header. Looks at `maxFirstBytes` at most, allocates nothing, and
 * an answer other than `more` stays the same whatever follows.
 */
export function classifyFirstBytes(bytes: Uint8Array): FirstBytes {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === 0x16) return classifyTls(bytes);
  const http2 = compare(bytes, 0, http2Preface);
  if (http2 === 1) return 'http2';
  const ssh = compare(bytes, 0, sshBanner);
  if (ssh === 1) return 'ssh';
  const proxy2 = compare(bytes, 0, proxy2Signature);
  if (proxy2 === 1) return 'proxy2';
  const proxy1 = compareAny(bytes, 0, proxy1Starts);
  if (proxy1 === 1) return 'proxy1';
  // Because `PRI *` and `PROXY ` are also well-formed beginnings of a request line, those wait for the longer word.
  if (http2 === 0 || ssh === 0 || proxy2 === 0 || proxy1 === 0) return 'more';
  return classifyHttp1(bytes);
}

function classifyTls(bytes: Uint8Array): FirstBytes {
  if (bytes.length > 1 && bytes[1] !== 3) return 'unknown';
  if (bytes.length > 2 && bytes[2]! > 4) return 'unknown';
  if (bytes.length < 6) return 'more';
  const recordBytes = bytes[3]! * 256 + bytes[4]!;
  return recordBytes > 0 && recordBytes <= 16384 && bytes[5] === 1 ? 'tls' : 'unknown';
}

// One empty line before the request line is no fault (RFC 9112 2.2).
function classifyHttp1(bytes: Uint8Array): FirstBytes {
  const start = bytes[0] === 0x0d && bytes[1] === 0x0a ? 2 : 0;
  let space = start;
  while (space < bytes.length && space - start < maxMethodBytes && isTokenByte(bytes[space]!)) space++;
  if (space === bytes.length) return 'more';
  if (space === start || bytes[space] !== 0x20) return 'unknown';
  if (space + 1 === bytes.length) return 'more';
  const first = bytes[space + 1]!;
  if (first === 0x2f || first === 0x2a) return 'http1';
  // Because `EHLO mail.example` looks alike, a target without a slash is believed only where the method or scheme says so.
  if (space - start === connectMethod.length && compare(bytes, start, connectMethod) === 1)
    return first > 0x20 && first < 0x7f ? 'http1' : 'unknown';
  const absolute = compareAny(bytes, space + 1, absoluteStarts);
  return absolute === 1 ? 'http1' : absolute === 0 ? 'more' : 'unknown';
}

/** 1: `word` stands at `offset`; 0: the bytes end inside it; -1: something else stands there. */
function compare(bytes: Uint8Array, offset: number, word: Uint8Array): -1 | 0 | 1 {
  for (let index = 0; index < word.length; index++) {
    if (offset + index >= bytes.length) return 0;
    if (bytes[offset + index] !== word[index]) return -1;
  }
  return 1;
}

function compareAny(bytes: Uint8Array, offset: number, words: readonly Uint8Array[]): -1 | 0 | 1 {
  let best: -1 | 0 | 1 = -1;
  for (const word of words) best = Math.max(best, compare(bytes, offset, word)) as -1 | 0 | 1;
  return best;
}

/** Bytes of a token (RFC 9110 5.6.2). */
function isTokenByte(byte: number): boolean {
  if ((byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)) return true;
  return tokenMarks.includes(byte);
}

const tokenMarks = bytesOf("!#$%&'*+-.^_`|~");

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
