// A body that is kept and then judged whole: a form, JSON, XML, text, and whatever only says that it is binary.

import type { Inspection } from '../inspection.ts';
import { bodyText, charsetOf } from './charset.ts';
import { type Format, judgeBody } from './interpret.ts';
import type { MediaType } from './media-type.ts';
import type { BodyReader } from './reader.ts';

/** Bytes that show whether a body that says it is binary really is. */
const sniffedBytes = 512;

/** A form, JSON, XML or text: kept up to the inspected length, judged at its end. */
export class BufferedBody implements BodyReader {
  readonly #inspection: Inspection;
  readonly #media: MediaType;
  #text = '';
  #mayBeBinary: boolean;
  done = false;

  constructor(inspection: Inspection, media: MediaType) {
    this.#inspection = inspection;
    this.#media = media;
    this.#mayBeBinary = media.isClear && isBinaryType(media.type);
  }

  feed(text: string): void {
    const { maxInspectedBytes } = this.#inspection.limits;
    const room = maxInspectedBytes - this.#text.length;
    this.#text += text.length > room ? text.slice(0, room) : text;
    if (this.#mayBeBinary && this.#text.length >= Math.min(sniffedBytes, maxInspectedBytes)) this.#sniff();
    if (!this.done && text.length > room) this.cut();
  }

  cut(): void {
    const { maxInspectedBytes, bodyOverLimit } = this.#inspection.limits;
    if (bodyOverLimit === 'refuse') {
      const says = `the body is longer than the ${maxInspectedBytes} bytes that are inspected`;
      this.#inspection.refuse(413, 'waf/body-too-long-to-inspect', 1050008, says, 'REQUEST_BODY');
    }
    this.#judge(true);
  }

  end(): void {
    if (this.#mayBeBinary) this.#sniff();
    if (!this.done) this.#judge(false);
  }

  /** Because the client chooses the Content-Type: only what is binary in fact is left alone. */
  #sniff(): void {
    this.#mayBeBinary = false;
    this.done = isBinary(this.#text, Math.min(sniffedBytes, this.#text.length));
    if (this.done) this.#text = '';
  }

  #judge(isCut: boolean): void {
    this.done = true;
    const bytes = this.#text;
    this.#text = '';
    if (this.#inspection.stopped) return;
    const text = bodyText(bytes, charsetOf(this.#media.parameters.get('charset')));
    const format = formatOf(this.#media);
    judgeBody(this.#inspection, text, format, isCut);
    // Because an application that knows nothing of the charset reads the bytes; in UTF-16 there is nothing to read.
    const isOtherwise = text.length < bytes.length && !bytes.startsWith('\xef\xbb\xbf') && !bytes.includes('\0');
    if (isOtherwise && !this.#inspection.stopped) judgeBody(this.#inspection, bytes, format, isCut);
  }
}

/** How a body of this type is read; an unclear type is read in every way. */
function formatOf({ type, isClear }: MediaType): Format {
  if (!isClear) return 'any';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (type === 'application/json' || type === 'text/json' || type.endsWith('+json')) return 'json';
  if (type === 'application/x-ndjson' || type === 'application/jsonl') return 'json-lines';
  const isXml = type === 'application/xml' || type === 'text/xml' || type.endsWith('+xml');
  // Because SVG is a page, not a record: it is judged as the markup it is.
  return isXml && type !== 'image/svg+xml' && type !== 'application/xhtml+xml' ? 'xml' : 'any';
}

function isBinaryType(type: string): boolean {
  if (type.endsWith('+json') || type.endsWith('+xml')) return false;
  return (
    type.startsWith('image/') ||
    type.startsWith('audio/') ||
    type.startsWith('video/') ||
    type.startsWith('font/') ||
    type.startsWith('application/vnd.') ||
    binaryTypes.has(type)
  );
}

const binaryTypes: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'application/pdf',
  'application/zip',
  'application/gzip',
  'application/x-gzip',
  'application/x-tar',
  'application/x-protobuf',
  'application/protobuf',
  'application/grpc',
  'application/grpc-web',
  'application/msgpack',
  'application/cbor',
  'application/wasm',
  'application/msword',
]);

/** Whether bytes that no text has stand in the first `length` characters, or a PDF begins. */
function isBinary(text: string, length: number): boolean {
  if (text.startsWith('%PDF-')) return true;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13 && code !== 12 && code !== 27) return true;
  }
  return false;
}
