// Field names that are met often: each is one constant string and a small number, found from its bytes without making text.
// A name that is not in the table is as good as any other; it only costs a little more.

/** As usually spelled; the position is the name's code. */
const spellings: readonly string[] = [
  'Host',
  'Connection',
  'Content-Length',
  'Transfer-Encoding',
  'Upgrade',
  'Expect',
  'TE',
  'Trailer',
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy',
  'HTTP2-Settings',
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Port',
  'X-Real-IP',
  'X-Request-Id',
  'Accept',
  'Accept-Charset',
  'Accept-Encoding',
  'Accept-Language',
  'Accept-Ranges',
  'Access-Control-Allow-Credentials',
  'Access-Control-Allow-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Allow-Origin',
  'Access-Control-Expose-Headers',
  'Access-Control-Max-Age',
  'Access-Control-Request-Headers',
  'Access-Control-Request-Method',
  'Age',
  'Allow',
  'Alt-Svc',
  'Authorization',
  'Cache-Control',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Location',
  'Content-Range',
  'Content-Security-Policy',
  'Content-Type',
  'Cookie',
  'Cross-Origin-Embedder-Policy',
  'Cross-Origin-Opener-Policy',
  'Cross-Origin-Resource-Policy',
  'Date',
  'DNT',
  'ETag',
  'Expires',
  'From',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'If-Unmodified-Since',
  'Last-Modified',
  'Link',
  'Location',
  'Origin',
  'Permissions-Policy',
  'Pragma',
  'Priority',
  'Range',
  'Referer',
  'Referrer-Policy',
  'Retry-After',
  'Save-Data',
  'Sec-CH-UA',
  'Sec-CH-UA-Mobile',
  'Sec-CH-UA-Platform',
  'Sec-Fetch-Dest',
  'Sec-Fetch-Mode',
  'Sec-Fetch-Site',
  'Sec-Fetch-User',
  'Sec-GPC',
  'Sec-WebSocket-Accept',
  'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Version',
  'Server',
  'Server-Timing',
  'Set-Cookie',
  'Strict-Transport-Security',
  'Traceparent',
  'Tracestate',
  'Upgrade-Insecure-Requests',
  'User-Agent',
  'Vary',
  'Via',
  'WWW-Authenticate',
  'X-Content-Type-Options',
  'X-CSRF-Token',
  'X-Frame-Options',
  'X-Powered-By',
  'X-Requested-With',
  'X-XSS-Protection',
  'Client-Cert',
  'Client-Cert-Chain',
  'X-Client-Cert-Subject',
  'X-Client-Cert-Fingerprint',
];

/** Codes of the fields that decide how a message is read. */
export const hostCode = 0;
export const connectionCode = 1;
export const contentLengthCode = 2;
export const transferEncodingCode = 3;
export const upgradeCode = 4;
export const expectCode = 5;
export const teCode = 6;

const lowerCase: readonly string[] = spellings.map((spelling) => spelling.toLowerCase());
const codes: ReadonlyMap<string, number> = new Map(lowerCase.map((name, code) => [name, code]));

const slots = 1024;
const maxNameBytes = 40;
const firstInSlot = new Int16Array(slots).fill(-1);
const nextInSlot = new Int16Array(spellings.length).fill(-1);
const lowerBytes = new Uint8Array(spellings.length * maxNameBytes);
for (let code = 0; code < spellings.length; code++) {
  const name = lowerCase[code]!;
  for (let index = 0; index < name.length; index++) {
    lowerBytes[code * maxNameBytes + index] = name.charCodeAt(index);
  }
  const slot = slotOf(
    name.length,
    name.charCodeAt(0),
    name.charCodeAt(name.length >> 1),
    name.charCodeAt(name.length - 1),
  );
  nextInSlot[code] = firstInSlot[slot]!;
  firstInSlot[slot] = code;
}

/** Letters in lower case (or with bit 0x20 set, which changes no character that names have besides letters' case). */
function slotOf(length: number, first: number, middle: number, last: number): number {
  return (length * 67 + (first | 32) * 31 + (middle | 32) * 7 + (last | 32)) & (slots - 1);
}

/** How many names have a code. */
export const fieldNameCount: number = spellings.length;

/** The lower-case name of a code. */
export function nameOf(code: number): string {
  return lowerCase[code]!;
}

/** The code of a lower-case name, or -1. */
export function codeOf(name: string): number {
  return codes.get(name) ?? -1;
}

/** The code of the name in `bytes`, in any case, or -1. The bytes are known to be token characters. */
export function findName(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length > maxNameBytes) return -1;
  let code = firstInSlot[slotOf(length, bytes[from]!, bytes[from + (length >> 1)]!, bytes[to - 1]!)]!;
  while (code >= 0) {
    if (lowerCase[code]!.length === length && isSame(bytes, from, length, code * maxNameBytes)) return code;
    code = nextInSlot[code]!;
  }
  return -1;
}

function isSame(bytes: Uint8Array, from: number, length: number, at: number): boolean {
  for (let index = 0; index < length; index++) if ((bytes[from + index]! | 32) !== lowerBytes[at + index]) return false;
  return true;
}

/** A table that says for each code whether it is one of `names`; a name without a code is a mistake in the program. */
export function codesOf(names: readonly string[]): Uint8Array {
  const table = new Uint8Array(spellings.length);
  for (const name of names) {
    const code = codeOf(name);
    if (code < 0) throw new RangeError(`${name} has no code: add it to the table of field names`);
    table[code] = 1;
  }
  return table;
}
