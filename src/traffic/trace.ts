// Where one exchange stands in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/). Plain data.

/** An exchange that is traced. Ids are lower-case hexadecimal digits, 32 of a trace and 16 of a span. */
export interface Trace {
  readonly traceId: string;
  readonly spanId: string;
  /** The span of whoever asked, or '' where the trace begins here. */
  readonly parentId: string;
  /** `tracestate` as it came, or ''. */
  readonly state: string;
}

/** What `traceparent` says. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
  readonly isSampled: boolean;
}

/** Bytes of a `traceparent` of version 00: `00-` 32 `-` 16 `-` 2. */
const parentLength = 55;
/** Members of a `tracestate`, and its characters, that a proxy has to pass on at least (3.3.1.1, 3.3.1.5). */
const maxMembers = 32;
const maxState = 512;

/** What a `traceparent` says; null where it is none (3.2.2: such a one is left out, and a new trace begins). */
export function readTraceParent(value: string): TraceParent | null {
  const version = value.slice(0, 2);
  if (!isHex(version, 2) || version === 'ff') return null;
  // A later version may say more behind that (3.2.4); this one may not.
  if (value.length < parentLength || (version === '00' && value.length !== parentLength)) return null;
  if (value.length > parentLength && value[parentLength] !== '-') return null;
  if (value[2] !== '-' || value[35] !== '-' || value[52] !== '-') return null;
  const [traceId, parentId, flags] = [value.slice(3, 35), value.slice(36, 52), value.slice(53, 55)];
  if (!isHex(traceId, 32) || !isHex(parentId, 16) || !isHex(flags, 2)) return null;
  if (isZero(traceId) || isZero(parentId)) return null;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A `tracestate` that may go on: members `key=value`, 32 at most and 512 characters; '' for one that may not (3.3: it is left out). */
export function readTraceState(values: readonly string[]): string {
  const text = values.filter((value) => value !== '').join(',');
  if (text.length > maxState) return '';
  const members = text.split(',').map((member) => member.trim());
  const said = members.filter((member) => member !== '');
  if (said.length > maxMembers) return '';
  const keys = new Set<string>();
  for (const member of said) {
    const equals = member.indexOf('=');
    const key = member.slice(0, Math.max(0, equals));
    if (!isKey(key) || !isValue(member.slice(equals + 1)) || keys.has(key)) return '';
    keys.add(key);
  }
  return said.join(',');
}

/** The two field lines for an upstream, with their CRLF. */
export function traceLines({ traceId, spanId, state }: Trace): string {
  return `traceparent: 00-${traceId}-${spanId}-01\r\n${state === '' ? '' : `tracestate: ${state}\r\n`}`;
}

/** Field lines without those that say where a trace stands. */
export function withoutTraceLines(lines: string): string {
  let out = '';
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\n', at) + 1 || lines.length;
    const name = lines.slice(at, Math.min(end, at + 12)).toLowerCase();
    if (!name.startsWith('traceparent:') && !name.startsWith('tracestate:')) out += lines.slice(at, end);
    at = end;
  }
  return out;
}

function isHex(text: string, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}

function isZero(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text[index] !== '0') return false;
  return true;
}

/** 3.3.1.3.1: lower case letters, digits, underscore, hyphen, star and slash, with one `@` between a tenant and a system; at most 256. */
function isKey(key: string): boolean {
  if (key.length === 0 || key.length > 256 || !isLetterOrDigit(key.charCodeAt(0))) return false;
  let ats = 0;
  for (let index = 1; index < key.length; index++) {
    const code = key.charCodeAt(index);
    if (code === 0x40) ats++;
    else if (!isLetterOrDigit(code) && code !== 0x5f && code !== 0x2d && code !== 0x2a && code !== 0x2f) return false;
  }
  return ats <= 1;
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

/** 3.3.1.3.2: visible ASCII without comma and equals sign, blanks not at its end; at most 256. */
function isValue(value: string): boolean {
  if (value.length === 0 || value.length > 256 || value.endsWith(' ')) return false;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x2c || code === 0x3d) return false;
  }
  return true;
}
