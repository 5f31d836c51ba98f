// A multipart body under inspection: fields and file names judged part by part, file contents passed by.

import { foldInto } from '../decode.ts';
import { percentDecode } from '../decodings/percent.ts';
import { detectFileContent, detectFileName, sniffedFileBytes } from '../detectors/upload.ts';
import type { Inspection } from '../inspection.ts';
import { argument, argumentName, fileName, jsonValue } from '../places.ts';
import { bodyText, charsetOf } from './charset.ts';
import { type MediaType, parseMediaType } from './media-type.ts';
import { isBoundary, MultipartReader, type Part, type PartSink } from './multipart.ts';
import type { BodyReader } from './reader.ts';

const none: readonly string[] = Object.freeze([]);
const urlDecoded: readonly string[] = Object.freeze(['urlDecode']);

/** Reads a multipart body. A malformed one is refused with 400 where the site blocks. */
export class FormDataBody implements BodyReader, PartSink {
  readonly #inspection: Inspection;
  readonly #reader: MultipartReader | null;
  #name = '';
  #type = '';
  #isFile = false;
  #field = '';
  #room: number;
  #fileName = '';
  /** The beginning of a file, until it was looked at. */
  #file: string | null = null;
  done = false;

  constructor(inspection: Inspection, media: MediaType) {
    this.#inspection = inspection;
    this.#room = inspection.limits.maxInspectedBytes;
    const boundary = media.parameters.get('boundary') ?? '';
    const isForm = media.type === 'multipart/form-data';
    this.#reader = media.isClear && isBoundary(boundary) ? new MultipartReader(boundary, isForm, this) : null;
  }

  feed(text: string): void {
    this.#reader?.feed(text);
    this.#judgeForm();
  }

  end(): void {
    this.#reader?.end();
    this.#judgeForm();
  }

  part(part: Part): void {
    const inspection = this.#inspection;
    this.#name = part.name;
    this.#type = part.type;
    this.#isFile = part.isFile;
    this.#field = '';
    this.#file = part.isFile ? '' : null;
    this.#fileName = part.fileName ?? '';
    inspection.countArgument();
    inspection.value(argumentName, part.name, part.name);
    if (part.fileName !== null) this.#judgeFileName(part.name, part.fileName);
    if (part.extendedFileName !== null) this.#judgeExtended(part.name, part.extendedFileName);
  }

  fileContent(text: string): void {
    if (this.#file === null) return;
    this.#file += text.length > sniffedFileBytes ? text.slice(0, sniffedFileBytes) : text;
    if (this.#file.length >= sniffedFileBytes) this.#judgeFile();
  }

  #judgeFile(): void {
    const bytes = this.#file;
    this.#file = null;
    if (bytes === null || bytes === '' || this.#inspection.stopped) return;
    const detection = detectFileContent(bytes, this.#fileName, this.#type);
    if (detection !== null) this.#inspection.found('file-upload', detection, fileName, this.#name, bytes, none);
  }

  /** A name as the server would keep it, with what hides its ending undone. */
  #judgeFileName(name: string, value: string): void {
    const names: string[] = [];
    const text = percentDecode(foldInto(value, names), false);
    const detection = detectFileName(text) ?? detectFileName(value);
    if (detection !== null) this.#inspection.found('file-upload', detection, fileName, name, text, names);
    if (!this.#inspection.stopped) this.#inspection.value(fileName, name, value);
  }

  content(text: string): void {
    const { bodyOverLimit, maxInspectedBytes } = this.#inspection.limits;
    if (text.length > this.#room && bodyOverLimit === 'refuse') {
      const says = `the fields of the body are longer than the ${maxInspectedBytes} bytes that are inspected`;
      this.#inspection.refuse(413, 'waf/body-too-long-to-inspect', 1050008, says, `ARGS:${this.#name.slice(0, 128)}`);
    }
    this.#field += text.length > this.#room ? text.slice(0, this.#room) : text;
    this.#room = Math.max(0, this.#room - text.length);
  }

  partEnd(): void {
    if (this.#isFile) this.#judgeFile();
    if (this.#isFile || this.#inspection.stopped || this.#field === '') return;
    const charset = charsetOf(parseMediaType(this.#type)?.parameters.get('charset'));
    const text = bodyText(this.#field, charset);
    const isJson = this.#type.startsWith('application/json');
    this.#inspection.value(isJson ? jsonValue : argument, this.#name, text);
    this.#field = '';
  }

  /** `UTF-8''%E2%82%AC.txt` (RFC 5987 3.2). */
  #judgeExtended(name: string, value: string): void {
    const quote = value.indexOf("'", value.indexOf("'") + 1);
    const text = percentDecode(value.slice(quote + 1), false);
    const detection = detectFileName(text);
    if (detection !== null) this.#inspection.found('file-upload', detection, fileName, name, text, urlDecoded);
    if (!this.#inspection.stopped) this.#inspection.value(fileName, name, text, urlDecoded);
  }

  /** Refuses a malformed body; it is judged as far as it was understood, nothing of the rest can be trusted. */
  #judgeForm(): void {
    const broken = this.#reader === null ? 'the Content-Type names no clear boundary' : this.#reader.broken;
    if (broken === '') return;
    this.done = true;
    const says = `the multipart body is malformed: ${broken}`;
    this.#inspection.refuse(400, 'waf/multipart-malformed', 1050009, says, 'REQUEST_BODY');
    this.partEnd();
  }
}
