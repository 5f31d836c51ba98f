// multipart/form-data (RFC 7578, RFC 2046 5.1) read line by line, with a flag for every departure that another reader may see otherwise.

import { Pairs } from '../variables/pairs.ts';
import type { MultipartFacts, MultipartFlag } from '../variables/variable.ts';
import type { ArgumentSink } from './urlencoded.ts';

/** Headers of one part together, in bytes, and their number. */
const maxPartHeaderBytes = 16_384;
const maxPartHeaders = 64;

/** How many parts and how many files are read. */
export interface MultipartLimits {
  readonly maxParts: number;
  readonly maxFiles: number;
}

/** A body of parts: files and flags, its fields given to the sink. */
export class MultipartBody implements MultipartFacts {
  readonly files: Pairs = new Pairs();
  readonly sizes: Pairs = new Pairs();
  readonly contents: Pairs = new Pairs();
  readonly partHeaders: Pairs = new Pairs();
  readonly flags: Record<MultipartFlag, boolean> = { ...noFlags };
  combinedSize = 0;
  fault = '';
  #sawCrLf = false;
  #parts = 0;

  /** Reads `text` with the boundary that `contentType` names. */
  static read(text: string, contentType: string, limits: MultipartLimits, sink: ArgumentSink): MultipartBody {
    const body = new MultipartBody();
    const boundary = body.#boundaryOf(contentType);
    if (boundary !== null) body.#read(text, boundary, limits, sink);
    return body;
  }

  #fail(says: string): void {
    this.flags.error = true;
    this.fault ||= `Multipart: ${says}`;
  }

  /** The boundary of the Content-Type; null where it cannot be one. */
  #boundaryOf(contentType: string): string | null {
    const lower = contentType.toLowerCase();
    const found = lower.indexOf('boundary', Math.max(0, lower.indexOf('multipart/')));
    if (found < 0) {
      this.#fail('the Content-Type names no boundary');
      return null;
    }
    if (lower.indexOf('boundary', found + 8) >= 0) this.#fail('the Content-Type names several boundaries');
    const before = contentType.slice(0, found).trimEnd();
    if (!before.endsWith(';') && !before.endsWith(',')) this.flags.missingSemicolon = true;
    const equals = contentType.indexOf('=', found);
    const between = equals < 0 ? 'x' : contentType.slice(found + 8, equals);
    if (between.trim() !== '') {
      this.#fail('the boundary has no =');
      return null;
    }
    let rest = contentType.slice(equals + 1);
    if (between !== '' || rest !== rest.trimStart()) this.flags.boundaryWhitespace = true;
    rest = rest.trimStart();
    return this.#checked(rest.startsWith('"') ? this.#quoted(rest) : this.#bare(rest));
  }

  #quoted(rest: string): string {
    const close = rest.indexOf('"', 1);
    this.flags.boundaryQuoted = true;
    if (close < 0) this.flags.invalidQuoting = true;
    return rest.slice(1, close < 0 ? rest.length : close);
  }

  #bare(rest: string): string {
    const end = Math.min(...[';', ','].map((one) => (rest.indexOf(one) < 0 ? rest.length : rest.indexOf(one))));
    const bare = rest.slice(0, end);
    if (bare.includes('"')) this.flags.invalidQuoting = true;
    if (bare.trimEnd().includes(' ')) this.flags.boundaryWhitespace = true;
    return bare.trimEnd();
  }

  #checked(boundary: string): string | null {
    if (boundary === '' || boundary.length > 256) {
      this.#fail('the boundary is empty or longer than 256 bytes');
      return null;
    }
    return boundary;
  }

  #read(text: string, boundary: string, limits: MultipartLimits, sink: ArgumentSink): void {
    const mark = `--${boundary}`;
    let at = 0;
    let partFrom = -1;
    let isOver = false;
    while (at < text.length) {
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline + 1;
      if (isOver) {
        if (text.slice(at, end).trim() !== '') this.flags.dataAfter = true;
      } else if (text.startsWith(mark, at)) {
        const kind = boundaryLine(text.slice(at + mark.length, end));
        if (kind === 'other') this.flags.unmatchedBoundary = true;
        else {
          this.#noteLineEnd(text, at, newline);
          if (partFrom >= 0) this.#part(text, partFrom, at, limits, sink);
          partFrom = end;
          isOver = kind === 'last';
        }
      } else if (text.startsWith('--', at) && !isDashLine(text, at, end)) this.flags.unmatchedBoundary = true;
      if (partFrom < 0 && !isOver && text.slice(at, end).trim() !== '') this.flags.dataBefore = true;
      at = end;
    }
    if (!isOver) {
      if (partFrom >= 0 && partFrom < text.length) this.#part(text, partFrom, text.length, limits, sink);
      this.#fail(partFrom < 0 ? 'no boundary was found' : 'the last boundary is missing');
    }
  }

  #noteLineEnd(text: string, from: number, newline: number): void {
    if (newline < 0) return;
    if (newline > from && text.charCodeAt(newline - 1) === 13) this.#sawCrLf = true;
    else this.flags.lfLine = true;
    if (this.#sawCrLf && this.flags.lfLine) this.flags.crlfLfLines = true;
  }

  /** One part, its headers and content, the line break before the boundary left out. */
  #part(text: string, from: number, to: number, limits: MultipartLimits, sink: ArgumentSink): void {
    if (++this.#parts > limits.maxParts) {
      this.#fail(`there are more than ${limits.maxParts} parts`);
      return;
    }
    const headers: string[] = [];
    const start = this.#headers(text, from, to, headers);
    let end = to;
    if (end > start && text.charCodeAt(end - 1) === 10) end--;
    if (end > start && text.charCodeAt(end - 1) === 13) end--;
    const content = text.slice(start, Math.max(start, end));
    const disposition = headers.find((header) => header.slice(0, 20).toLowerCase() === 'content-disposition:');
    if (disposition === undefined) {
      this.flags.invalidPart = true;
      for (const header of headers) this.partHeaders.add('', header);
      this.#fail('a part has no Content-Disposition');
      return;
    }
    const { name, filename } = this.#disposition(disposition.slice(20));
    if (name === null) {
      this.flags.invalidPart = true;
      this.#fail('a part has no name');
    }
    for (const header of headers) this.partHeaders.add(name ?? '', header);
    if (filename === null) {
      if (!sink(name ?? '', content)) this.#fail('there are too many fields');
      return;
    }
    if (this.files.count >= limits.maxFiles) this.flags.fileLimitExceeded = true;
    this.files.add(name ?? '', filename);
    this.sizes.add(name ?? '', String(content.length));
    this.contents.add(name ?? '', content);
    this.combinedSize += content.length;
  }

  /** Reads header lines from `from`; gives where the content begins. */
  #headers(text: string, from: number, to: number, headers: string[]): number {
    let at = from;
    while (at < to) {
      const newline = text.indexOf('\n', at);
      const end = newline < 0 || newline >= to ? to : newline;
      this.#noteLineEnd(text, at, newline < to ? newline : -1);
      const line = text.slice(at, end > at && text.charCodeAt(end - 1) === 13 ? end - 1 : end);
      at = Math.min(to, end + 1);
      if (line === '') return at;
      const first = line.charCodeAt(0);
      if (first === 32 || first === 9) {
        this.flags.headerFolding = true;
        if (headers.length === 0) this.flags.invalidHeaderFolding = true;
        else headers[headers.length - 1] += ` ${line.trimStart()}`;
      } else headers.push(line);
      if (!line.includes(':') && first !== 32 && first !== 9) this.#fail('a part header has no colon');
      if (headers.length > maxPartHeaders || at - from > maxPartHeaderBytes) {
        this.#fail('the headers of a part are too long');
        return at;
      }
    }
    return at;
  }

  /** Name and file name of a Content-Disposition (RFC 7578 4.2). */
  #disposition(text: string): { name: string | null; filename: string | null } {
    let name: string | null = null;
    let filename: string | null = null;
    let at = text.indexOf(';');
    if ((at < 0 ? text : text.slice(0, at)).trim().toLowerCase() !== 'form-data')
      this.#fail('a Content-Disposition is not form-data');
    while (at >= 0 && at < text.length) {
      at++;
      while (text[at] === ' ' || text[at] === '\t') at++;
      if (at >= text.length) break;
      const equals = text.indexOf('=', at);
      if (equals < 0) {
        this.#fail('a Content-Disposition is broken');
        break;
      }
      const parameter = text.slice(at, equals).trim().toLowerCase();
      const [value, end] = this.#parameter(text, equals + 1);
      if (parameter === 'name') {
        if (name !== null) this.#fail('a part has two names');
        name = value;
      } else if (parameter === 'filename') {
        if (filename !== null) this.#fail('a part has two file names');
        filename = value;
      } else if (parameter === 'filename*') filename ??= extended(value);
      at = end;
      while (text[at] === ' ' || text[at] === '\t') at++;
      if (at < text.length && text[at] !== ';') {
        this.flags.missingSemicolon = true;
        at--;
      }
    }
    return { name, filename };
  }

  #parameter(text: string, from: number): [string, number] {
    let at = from;
    while (text[at] === ' ' || text[at] === '\t') at++;
    const quote = text[at];
    if (quote === "'") this.flags.invalidQuoting = true;
    if (quote !== '"') {
      const semicolon = text.indexOf(';', at);
      const end = semicolon < 0 ? text.length : semicolon;
      const value = text.slice(at, end).trimEnd();
      if (value.includes('"')) this.flags.invalidQuoting = true;
      return [value, end];
    }
    let value = '';
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) at++;
      value += text[at];
    }
    if (at >= text.length) this.flags.invalidQuoting = true;
    return [value, at + 1];
  }
}

const noFlags: Record<MultipartFlag, boolean> = {
  boundaryQuoted: false,
  boundaryWhitespace: false,
  crlfLfLines: false,
  dataAfter: false,
  dataBefore: false,
  fileLimitExceeded: false,
  headerFolding: false,
  invalidHeaderFolding: false,
  invalidPart: false,
  invalidQuoting: false,
  lfLine: false,
  missingSemicolon: false,
  semicolonMissing: false,
  unmatchedBoundary: false,
  error: false,
};

/** No multipart body at all. */
export function noMultipart(): MultipartFacts {
  return emptyBody;
}

const emptyBody: MultipartFacts = Object.freeze({
  files: new Pairs(),
  sizes: new Pairs(),
  contents: new Pairs(),
  partHeaders: new Pairs(),
  combinedSize: 0,
  flags: noFlags,
});

/** What follows the boundary on its line: nothing, the two dashes of the last one, or something else. */
function boundaryLine(rest: string): 'next' | 'last' | 'other' {
  const text = rest.trimEnd();
  if (text === '') return 'next';
  return text === '--' ? 'last' : 'other';
}

/** Whether a line holds nothing but dashes, as text may. */
function isDashLine(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (text[at] !== '-' && text[at] !== '\r' && text[at] !== '\n') return false;
  return true;
}

/** `utf-8''a%20b` (RFC 5987) as its bytes. */
function extended(value: string): string {
  const second = value.indexOf("'", value.indexOf("'") + 1);
  const text = second < 0 ? value : value.slice(second + 1);
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const code = text[at] === '%' ? Number.parseInt(text.slice(at + 1, at + 3), 16) : Number.NaN;
    if (Number.isNaN(code)) result += text[at];
    else {
      result += String.fromCharCode(code);
      at += 2;
    }
  }
  return result;
}
