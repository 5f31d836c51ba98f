// multipart/form-data read as it arrives (RFC 7578, RFC 2046 5.1): strict, because whatever two readers split differently hides a field.

import { parseParameters } from './media-type.ts';

/** One part's head. `fileName` is null where the part is a field. */
export interface Part {
  readonly name: string;
  readonly fileName: string | null;
  /** The name of `filename*` (RFC 5987) still encoded, or null. */
  readonly extendedFileName: string | null;
  /** Content-Type of the part in lower case, parameters included, or ''. */
  readonly type: string;
  /** Whether its content is a file's, which nobody reads as a field. */
  readonly isFile: boolean;
}

/** What the reader tells. `content` is a piece of a field, `fileContent` one of a file. */
export interface PartSink {
  part(part: Part): void;
  content(text: string): void;
  fileContent(text: string): void;
  partEnd(): void;
}

/** Longest block of headers of one part, in bytes. */
const maxPartHead = 8192;

type State = 'start' | 'first-delimiter' | 'after-delimiter' | 'head' | 'content' | 'end';

/** A boundary as RFC 2046 allows it: 1 to 70 characters of its alphabet, not ending in a space. */
export function isBoundary(text: string): boolean {
  if (text.length < 1 || text.length > 70 || text.endsWith(' ')) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const lower = code | 32;
    const isPlain = (lower >= 97 && lower <= 122) || (code >= 39 && code <= 58 && code !== 42);
    if (!isPlain && code !== 32 && code !== 61 && code !== 63 && code !== 95) return false;
  }
  return true;
}

/** An incremental reader. `feed` takes bytes as latin1 text in any pieces; `broken` says what is wrong, once something is. */
export class MultipartReader {
  readonly #mark: string;
  readonly #sink: PartSink;
  readonly #isForm: boolean;
  #pending = '';
  #state: State = 'start';
  #isFile = false;
  /** Whether what is pending begins with the line end behind the headers, which may also begin a boundary. */
  #skipLineEnd = false;
  broken = '';

  /** `isForm`: every part must name its field, as form-data demands. */
  constructor(boundary: string, isForm: boolean, sink: PartSink) {
    this.#mark = `--${boundary}`;
    this.#isForm = isForm;
    this.#sink = sink;
  }

  feed(text: string): void {
    if (this.broken !== '') return;
    this.#pending += text;
    while (this.broken === '' && this.#step());
  }

  end(): void {
    if (this.broken === '' && this.#state !== 'end') this.broken = 'the last boundary is missing';
  }

  /** Goes one state further; false where more bytes are needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'start':
        return this.#readStart();
      case 'first-delimiter':
        return this.#readFirstDelimiter();
      case 'after-delimiter':
        return this.#readDelimiterEnd();
      case 'head':
        return this.#readHead();
      case 'content':
        return this.#readContent();
      default:
        return this.#readEpilogue();
    }
  }

  /** One line end before the first boundary is common, because it belongs to every boundary. */
  #readStart(): boolean {
    if (this.#pending === '' || this.#pending === '\r') return false;
    this.#consume(this.#pending.startsWith('\r\n') ? 2 : 0, 'first-delimiter');
    return true;
  }

  #readFirstDelimiter(): boolean {
    if (this.#pending.length < this.#mark.length && this.#mark.startsWith(this.#pending)) return false;
    if (!this.#pending.startsWith(this.#mark)) return this.#break('there is text before the first boundary');
    this.#consume(this.#mark.length, 'after-delimiter');
    return true;
  }

  #readDelimiterEnd(): boolean {
    if (this.#pending.length < 2) return false;
    const two = this.#pending.slice(0, 2);
    if (two === '\r\n') this.#consume(2, 'head');
    else if (two === '--') this.#consume(2, 'end');
    else return this.#break('a boundary is followed by something other than a line end or "--"');
    return true;
  }

  #readHead(): boolean {
    const end = this.#pending.startsWith('\r\n') ? 0 : this.#pending.indexOf('\r\n\r\n');
    if (end < 0 && this.#pending.length <= maxPartHead) return false;
    if (end < 0 || end > maxPartHead) return this.#break('the headers of a part are too long');
    const part = this.#parsePart(this.#pending.slice(0, end));
    if (part === null) return false;
    this.#isFile = part.isFile;
    this.#sink.part(part);
    // Because an empty content begins with the line end that the headers ended with.
    this.#consume(end === 0 ? 0 : end + 2, 'content');
    this.#skipLineEnd = true;
    return true;
  }

  #readContent(): boolean {
    const from = this.#skipLineEnd ? 2 : 0;
    if (this.#skipLineEnd && this.#pending.length < 2) return false;
    const at = this.#pending.indexOf(this.#mark);
    if (at < 0) return this.#keepTail(from);
    const line = this.#pending.slice(Math.max(0, at - 2), at);
    if (line !== '\r\n' && (line.endsWith('\n') || line.endsWith('\r')))
      return this.#break('a boundary stands behind a bare line break');
    if (line !== '\r\n') return this.#break('a boundary stands inside a line');
    this.#tell(this.#pending.slice(Math.min(from, at - 2), at - 2));
    this.#sink.partEnd();
    this.#consume(at + this.#mark.length, 'after-delimiter');
    return true;
  }

  /** Tells what cannot be part of a boundary any more. */
  #keepTail(from: number): boolean {
    const kept = this.#mark.length + 2;
    const end = this.#pending.length - kept;
    if (end <= from) return false;
    this.#tell(this.#pending.slice(from, end));
    this.#pending = this.#pending.slice(end);
    this.#skipLineEnd = false;
    return false;
  }

  #readEpilogue(): boolean {
    if (this.#pending !== '' && this.#pending !== '\r' && this.#pending !== '\r\n')
      return this.#break('there is text behind the last boundary');
    return false;
  }

  #parsePart(head: string): Part | null {
    let disposition: string | null = null;
    let type = '';
    for (const line of head === '' ? [] : head.split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      if (colon <= 0 || !isHeaderName(name) || !isHeaderValue(line))
        return this.#breakPart('a header of a part is malformed');
      const value = line.slice(colon + 1).trim();
      if (name === 'content-disposition') {
        if (disposition !== null) return this.#breakPart('a part has two Content-Disposition headers');
        disposition = value;
      } else if (name === 'content-type') {
        if (type !== '') return this.#breakPart('a part has two Content-Type headers');
        type = value.toLowerCase();
      } else if (name === 'content-transfer-encoding' && !isPlainTransfer(value))
        return this.#breakPart('a part is transfer-encoded, which some readers undo and some do not');
    }
    return this.#describe(disposition, type);
  }

  #describe(disposition: string | null, type: string): Part | null {
    if (disposition === null) {
      if (this.#isForm) return this.#breakPart('a part has no Content-Disposition header');
      return { name: '', fileName: null, extendedFileName: null, type, isFile: false };
    }
    const semicolon = disposition.indexOf(';');
    const kind = (semicolon < 0 ? disposition : disposition.slice(0, semicolon)).trim().toLowerCase();
    const parameters = semicolon < 0 ? new Map<string, string>() : parseParameters(disposition, semicolon);
    if (parameters === null || (this.#isForm && kind !== 'form-data'))
      return this.#breakPart('the Content-Disposition header of a part is malformed');
    const name = parameters.get('name');
    if (this.#isForm && name === undefined) return this.#breakPart('a part has no name');
    const fileName = parameters.get('filename') ?? null;
    // Because readers disagree on an empty file name and on filename* alone, such a part is judged as a field, too.
    const isFile = fileName !== null && fileName !== '';
    return { name: name ?? '', fileName, extendedFileName: parameters.get('filename*') ?? null, type, isFile };
  }

  #tell(text: string): void {
    if (text === '') return;
    if (this.#isFile) this.#sink.fileContent(text);
    else this.#sink.content(text);
  }

  #consume(count: number, state: State): void {
    this.#pending = this.#pending.slice(count);
    this.#state = state;
    this.#skipLineEnd = false;
  }

  #break(says: string): boolean {
    this.broken = says;
    this.#pending = '';
    return false;
  }

  #breakPart(says: string): null {
    this.#break(says);
    return null;
  }
}

function isHeaderName(name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (!((code >= 97 && code <= 122) || code === 45 || (code >= 48 && code <= 57) || code === 95)) return false;
  }
  return true;
}

/** No control character: neither a bare line break nor a folded line nor a NUL. */
function isHeaderValue(line: string): boolean {
  for (let index = 0; index < line.length; index++) {
    const code = line.charCodeAt(index);
    if ((code < 32 && code !== 9) || code === 127) return false;
  }
  return true;
}

function isPlainTransfer(value: string): boolean {
  const encoding = value.toLowerCase();
  return encoding === '7bit' || encoding === '8bit' || encoding === 'binary';
}
