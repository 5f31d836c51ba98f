// Writes header blocks (RFC 7541) as latin1 text, one character a byte: that is what a small write to a socket takes most cheaply.
// Strings go without Huffman, which saves bytes and costs time; what comes again and again goes into the table.

import { maxTableBytes } from './h2-decoder.ts';
import { staticNames, staticTable } from './h2-static-table.ts';

const ringSize = 128;
/** Longer values go into the table for no good: they would push out everything else. */
const maxIndexedBytes = 256;
/** Spelled names that are remembered with their first bytes; more than applications use. */
const maxNames = 256;

/** How a field is written: kept in the table; not kept, because it seldom comes twice; or never to be kept by anybody. */
type Policy = 'keep' | 'pass' | 'secret';

const policies: ReadonlyMap<string, Policy> = new Map<string, Policy>([
  [':path', 'pass'],
  ['age', 'pass'],
  ['authorization', 'secret'],
  ['content-length', 'pass'],
  ['content-range', 'pass'],
  ['cookie', 'secret'],
  ['etag', 'pass'],
  ['expires', 'pass'],
  ['if-modified-since', 'pass'],
  ['if-none-match', 'pass'],
  ['last-modified', 'pass'],
  ['location', 'pass'],
  ['proxy-authorization', 'secret'],
  ['ratelimit', 'pass'],
  ['referer', 'pass'],
  ['retry-after', 'pass'],
  ['set-cookie', 'secret'],
  ['traceparent', 'pass'],
  ['x-request-id', 'pass'],
]);

const staticStatuses: ReadonlyMap<number, string> = new Map(
  [8, 9, 10, 11, 12, 13, 14].map((index) => [Number(staticTable[index]!.value), String.fromCharCode(128 + index)]),
);

/** A spelled name and what the writing of its field begins with. */
interface NameStart {
  readonly lower: string;
  readonly policy: Policy;
  /** For a field that the table does not keep, up to the value. */
  readonly plain: string;
  /** For one that it is to keep. */
  readonly kept: string;
}

/** Names that were met, by their spelling, shared by all connections; bounded, and the oldest half forgotten at the bound. */
export class EncoderNames {
  #starts: Map<string, NameStart> = new Map();

  /** How a field with this name begins. */
  start(spelled: string): NameStart {
    const known = this.#starts.get(spelled);
    if (known !== undefined) return known;
    const lower = spelled.toLowerCase();
    const index = staticNames.get(lower) ?? 0;
    const policy = policies.get(lower) ?? 'keep';
    const name = index === 0 ? stringText(lower) : '';
    const start: NameStart = {
      lower,
      policy,
      plain: integerText(index, 4, policy === 'secret' ? 16 : 0) + name,
      kept: integerText(index, 6, 64) + name,
    };
    if (this.#starts.size >= maxNames) this.#starts.clear();
    this.#starts.set(spelled, start);
    return start;
  }
}

/** One direction of a connection. */
export class HeaderEncoder {
  readonly #names: EncoderNames;
  /** Number of the insertion, by the whole line; as many as the table has entries. */
  readonly #known: Map<string, number> = new Map();
  readonly #ring: (string | undefined)[] = [];
  readonly #sizes: Uint16Array = new Uint16Array(ringSize);
  #inserted = 0;
  #tableBytes = 0;
  #maxBytes = maxTableBytes;
  /** What must stand at the beginning of the next block, after the peer changed the bound (RFC 7541 4.2). */
  #update = '';

  constructor(names: EncoderNames) {
    this.#names = names;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, maxTableBytes);
    if (size === this.#maxBytes) return;
    this.#maxBytes = size;
    this.#evict(0);
    this.#update = integerText(size, 5, 32);
  }

  /** The beginning of a block that answers. */
  status(status: number): string {
    return this.#begin() + (staticStatuses.get(status) ?? `\x08\x03${status}`);
  }

  /** The beginning of a block that asks. */
  request(method: string, scheme: 'http' | 'https', authority: string, path: string): string {
    let text = this.#begin();
    text += method === 'GET' ? '\x82' : method === 'POST' ? '\x83' : `\x02${stringText(method)}`;
    text += scheme === 'http' ? '\x86' : '\x87';
    text += this.field(':authority', authority, `:authority: ${authority}`);
    return text + (path === '/' ? '\x84' : `\x04${stringText(path)}`);
  }

  /** The beginning of a block that asks for a WebSocket (RFC 8441 4). */
  webSocket(scheme: 'http' | 'https', authority: string, path: string): string {
    const protocol = this.field(':protocol', 'websocket', ':protocol: websocket');
    const begin = this.request('CONNECT', scheme, authority, path);
    return begin + protocol;
  }

  /** The beginning of a block that has no pseudo-fields: trailers. */
  trailers(): string {
    return this.#begin();
  }

  /** Field lines, each with its CRLF; names are written in lower case. */
  lines(text: string): string {
    let out = '';
    let at = 0;
    while (at < text.length) {
      const end = text.indexOf('\r\n', at);
      const line = text.slice(at, end);
      out += this.#known.size > 0 ? (this.#indexed(line) ?? this.#line(line)) : this.#line(line);
      at = end + 2;
    }
    return out;
  }

  /** One field; `line` is what it is known by in the table. */
  field(spelled: string, value: string, line: string): string {
    const known = this.#indexed(line);
    if (known !== null) return known;
    const { policy, plain, kept, lower } = this.#names.start(spelled);
    if (policy !== 'keep' || value.length > maxIndexedBytes || this.#maxBytes === 0) return plain + stringText(value);
    this.#insert(line, lower.length + value.length + 32);
    return kept + stringText(value);
  }

  #begin(): string {
    const update = this.#update;
    this.#update = '';
    return update;
  }

  #line(line: string): string {
    const colon = line.indexOf(':', 1);
    let from = colon + 1;
    let to = line.length;
    // HTTP/2 has no blanks around a value (RFC 9113 8.2.1).
    while (from < to && isBlank(line.charCodeAt(from))) from++;
    while (to > from && isBlank(line.charCodeAt(to - 1))) to--;
    return this.field(line.slice(0, colon), line.slice(from, to), line);
  }

  #indexed(line: string): string | null {
    const number = this.#known.get(line);
    return number === undefined ? null : integerText(staticTable.length + this.#inserted - number, 7, 128);
  }

  #insert(line: string, size: number): void {
    this.#evict(size);
    if (size > this.#maxBytes) return;
    this.#inserted++;
    const place = this.#inserted & (ringSize - 1);
    this.#ring[place] = line;
    this.#sizes[place] = size;
    this.#known.set(line, this.#inserted);
    this.#tableBytes += size;
  }

  #evict(room: number): void {
    while (this.#known.size > 0 && this.#tableBytes + room > this.#maxBytes) {
      const place = (this.#inserted - this.#known.size + 1) & (ringSize - 1);
      this.#known.delete(this.#ring[place]!);
      this.#ring[place] = undefined;
      this.#tableBytes -= this.#sizes[place]!;
    }
  }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** An integer with a prefix of so many bits behind the bits of `first` (RFC 7541 5.1). */
function integerText(value: number, prefix: number, first: number): string {
  const most = (1 << prefix) - 1;
  if (value < most) return String.fromCharCode(first | value);
  let text = String.fromCharCode(first | most);
  let rest = value - most;
  while (rest >= 128) {
    text += String.fromCharCode((rest & 127) | 128);
    rest >>= 7;
  }
  return text + String.fromCharCode(rest);
}

/** A string literal (RFC 7541 5.2); `text` is latin1. */
function stringText(text: string): string {
  return integerText(text.length, 7, 0) + text;
}
