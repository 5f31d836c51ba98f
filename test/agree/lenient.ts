// Readers of HTTP/1.1 requests as the world has them: each forgives something that RFC 9112 does not. Where the bytes that a gate
// sends on leave nothing to forgive, all of them see the same requests. Written apart from our codec, and only for tests.

/** What a reader forgives. Every quirk was seen in a server, a proxy or a framework. */
export interface Quirks {
  /** Ends of lines beside CRLF. */
  readonly lineEnds: 'crlf' | 'lf' | 'cr';
  /** A line that begins with a blank: belongs to the field before, stands for itself, or ends the head. */
  readonly folds: 'join' | 'own' | 'ignore';
  /** Blanks and controls around names and values are cut off. */
  readonly trims: 'blanks' | 'controls' | 'non-ascii';
  /** Names are compared as they stand, or with everything that is no letter or digit as `-` (CGI). */
  readonly names: 'exact' | 'cgi';
  /** Which of several Content-Length counts. */
  readonly lengths: 'first' | 'last';
  /** Length and chunks in one message: who wins. */
  readonly wins: 'chunked' | 'length';
  /** What Transfer-Encoding has to say to mean chunks. */
  readonly coding: 'exact' | 'last' | 'first' | 'contains';
  /** A number: as a whole, its beginning, or the beginning in 32 bits. */
  readonly numbers: 'whole' | 'prefix' | 'wrapped';
  /** Bytes behind a chunk that should be CRLF: required, or skipped whatever they are. */
  readonly chunkEnds: 'required' | 'skipped';
  /** Trailer fields are dropped, or may frame what comes. */
  readonly trailers: 'dropped' | 'merged';
}

/** A reader that forgives nothing. */
export const strict: Quirks = Object.freeze({
  lineEnds: 'crlf',
  folds: 'ignore',
  trims: 'blanks',
  names: 'exact',
  lengths: 'first',
  wins: 'chunked',
  coding: 'exact',
  numbers: 'whole',
  chunkEnds: 'required',
  trailers: 'dropped',
});

const choices: { readonly [K in keyof Quirks]: readonly Quirks[K][] } = {
  lineEnds: ['crlf', 'lf', 'cr'],
  folds: ['ignore', 'join', 'own'],
  trims: ['blanks', 'controls', 'non-ascii'],
  names: ['exact', 'cgi'],
  lengths: ['first', 'last'],
  wins: ['chunked', 'length'],
  coding: ['exact', 'last', 'first', 'contains'],
  numbers: ['whole', 'prefix', 'wrapped'],
  chunkEnds: ['required', 'skipped'],
  trailers: ['dropped', 'merged'],
};

/** Every reader with one quirk, with two, and the most forgiving of all. */
export function panel(): Quirks[] {
  const keys = Object.keys(choices) as (keyof Quirks)[];
  const single = keys.flatMap((key) => choices[key].slice(1).map((choice) => ({ [key]: choice }) as Partial<Quirks>));
  const pairs = single.flatMap((one, index) =>
    single
      .slice(index + 1)
      .filter((other) => Object.keys(one)[0] !== Object.keys(other)[0])
      .map((other) => ({ ...one, ...other })),
  );
  const all = Object.fromEntries(keys.map((key) => [key, choices[key].at(-1)])) as unknown as Quirks;
  return [...single, ...pairs].map((quirks) => ({ ...strict, ...quirks })).concat(all);
}

/** One request as a reader saw it. */
export interface LenientRequest {
  readonly line: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  /** Offset behind its last byte. */
  readonly end: number;
}

/** The requests that a reader sees at the beginning of these bytes (one character a byte); the rest is what it waits or gives up at. */
export function readLeniently(bytes: string, quirks: Quirks): { requests: LenientRequest[]; rest: string } {
  const requests: LenientRequest[] = [];
  let at = 0;
  for (;;) {
    const request = new LenientReader(bytes, at, quirks).read();
    if (request === null) return { requests, rest: bytes.slice(at) };
    requests.push(request);
    at = request.end;
  }
}

class LenientReader {
  readonly #bytes: string;
  readonly #quirks: Quirks;
  #at: number;

  constructor(bytes: string, at: number, quirks: Quirks) {
    this.#bytes = bytes;
    this.#at = at;
    this.#quirks = quirks;
  }

  read(): LenientRequest | null {
    let line = this.#line();
    while (line === '') line = this.#line();
    if (line === null) return null;
    const fields = this.#fields();
    if (fields === null) return null;
    const body = this.#body(fields);
    return body === null ? null : { line, fields, body, end: this.#at };
  }

  /** The next line without its end; null where it does not end. */
  #line(): string | null {
    const { lineEnds } = this.#quirks;
    for (let index = this.#at; index < this.#bytes.length; index++) {
      const code = this.#bytes[index];
      const isCrlf = code === '\r' && this.#bytes[index + 1] === '\n';
      const isEnd = isCrlf || (code === '\n' && lineEnds !== 'crlf') || (code === '\r' && lineEnds === 'cr');
      if (!isEnd) continue;
      const line = this.#bytes.slice(this.#at, index);
      this.#at = index + (isCrlf ? 2 : 1);
      return line;
    }
    return null;
  }

  #fields(): (readonly [string, string])[] | null {
    const fields: [string, string][] = [];
    for (;;) {
      const line = this.#line();
      if (line === null) return null;
      if (line === '') return fields;
      const isFolded = line.startsWith(' ') || line.startsWith('\t');
      if (isFolded && this.#quirks.folds === 'ignore') continue;
      const last = fields.at(-1);
      if (isFolded && this.#quirks.folds === 'join' && last !== undefined) {
        last[1] = this.#trim(`${last[1]} ${this.#trim(line)}`);
        continue;
      }
      const own = isFolded ? line.trimStart() : line;
      const colon = own.indexOf(':');
      if (colon < 0) fields.push([this.#name(own), '']);
      else fields.push([this.#name(own.slice(0, colon)), this.#trim(own.slice(colon + 1))]);
    }
  }

  #name(text: string): string {
    const name = (this.#quirks.trims === 'blanks' ? text : this.#trim(text)).toLowerCase();
    return this.#quirks.names === 'cgi' ? name.replace(/[^a-z0-9]/g, '-') : name;
  }

  #trim(text: string): string {
    switch (this.#quirks.trims) {
      case 'blanks':
        return text.replace(/^[ \t]+|[ \t]+$/g, '');
      case 'controls':
        return text.replace(/^[\x00-\x20\x7f]+|[\x00-\x20\x7f]+$/g, '');
      default:
        return text.replace(/[\x00-\x20\x7f-\xff]+/g, '');
    }
  }

  #body(fields: readonly (readonly [string, string])[]): string | null {
    const lengths = fields.filter(([name]) => name === 'content-length').map(([, value]) => value);
    const codings = fields.filter(([name]) => name === 'transfer-encoding').map(([, value]) => value.toLowerCase());
    const isChunked = codings.some((value) => this.#isChunked(value));
    const length = this.#quirks.lengths === 'first' ? lengths[0] : lengths.at(-1);
    if (isChunked && (length === undefined || this.#quirks.wins === 'chunked')) return this.#chunks();
    if (length === undefined) return '';
    const size = this.#number(length, 10);
    return size === null ? null : this.#take(size);
  }

  #isChunked(value: string): boolean {
    const parts = value.split(',').map((part) => part.trim());
    switch (this.#quirks.coding) {
      case 'exact':
        return value === 'chunked';
      case 'last':
        return parts.at(-1) === 'chunked';
      case 'first':
        return parts[0] === 'chunked';
      default:
        return value.includes('chunked');
    }
  }

  #number(text: string, radix: 10 | 16): number | null {
    const { numbers } = this.#quirks;
    const whole = radix === 10 ? /^\d+$/ : /^[0-9a-f]+$/i;
    if (numbers === 'whole') return whole.test(text) ? Number.parseInt(text, radix) : null;
    const value = Number.parseInt(text, radix);
    if (Number.isNaN(value) || value < 0) return 0;
    return numbers === 'wrapped' ? value % 2 ** 32 : value;
  }

  #take(size: number): string | null {
    if (this.#at + size > this.#bytes.length) return null;
    const text = this.#bytes.slice(this.#at, this.#at + size);
    this.#at += size;
    return text;
  }

  #chunks(): string | null {
    let body = '';
    for (;;) {
      const line = this.#line();
      if (line === null) return null;
      const size = this.#number(line.split(';', 1)[0]!, 16);
      if (size === null) return null;
      if (size === 0) break;
      const chunk = this.#take(size);
      const end = chunk === null ? null : this.#take(2);
      if (end === null || (end !== '\r\n' && this.#quirks.chunkEnds === 'required')) return null;
      body += chunk;
    }
    const trailers = this.#fields();
    if (trailers === null) return null;
    if (this.#quirks.trailers === 'dropped') return body;
    const more = this.#body(trailers);
    return more === null ? null : body + more;
  }
}
