// The body of one request under inspection: fed as it arrives, judged as soon as that is possible.

import type { ContentCodings } from '../../traffic/content-coding.ts';
import type { Exchange } from '../../traffic/exchange.ts';
import type { Verdict } from '../../traffic/verdict.ts';
import type { Inspection } from '../inspection.ts';
import { BufferedBody } from './buffered.ts';
import { charsetOf } from './charset.ts';
import { codingPlace, codingsOf, type DecodedInspector, EncodedBody, hidingCoding } from './encoded.ts';
import { FormDataBody } from './form-data.ts';
import type { BodyInspector } from './inspector.ts';
import { readMediaType } from './media-type.ts';
import type { BodyReader } from './reader.ts';

/** Refuses, before a byte of it is read, a body that cannot be inspected: in a coding or a character set that hides the text. */
export function judgeDeclarations(inspection: Inspection, exchange: Exchange, known: ContentCodings): void {
  const codings = codingsOf(exchange.headers);
  const hiding = hidingCoding(codings, known);
  if (hiding !== '') {
    const encoding = hiding.slice(0, 64);
    const says = `the body is encoded as ${encoding} and cannot be inspected`;
    inspection.refuse(415, 'waf/encoded-body', 1050007, says, codingPlace, encoding);
  }
  const declared = readMediaType(exchange.headers).parameters.get('charset');
  if (charsetOf(declared) !== null) return;
  const charset = declared?.slice(0, 64);
  const says = `the body is declared in the character set ${charset}, which cannot be inspected`;
  inspection.refuse(415, 'waf/unknown-charset', 1050005, says, 'REQUEST_HEADERS:content-type', charset);
}

/** The inspector of an exchange's body, read by `other` where there is one; null where it is encoded as nobody can read it and its owner or the mode let that pass. */
export function openBody(
  inspection: Inspection,
  exchange: Exchange,
  known: ContentCodings,
  other: BodyReader | null = null,
): BodyInspector | null {
  const codings = codingsOf(exchange.headers);
  if (hidingCoding(codings, known) !== '') return null;
  const reader = other ?? readerOf(inspection, exchange);
  const guarded = new GuardedBody(inspection, reader);
  return codings.length === 0 ? guarded : new EncodedBody(inspection, guarded, codings, known);
}

function readerOf(inspection: Inspection, exchange: Exchange): BodyReader {
  const media = readMediaType(exchange.headers);
  const isMultipart = media.type.startsWith('multipart/');
  return isMultipart ? new FormDataBody(inspection, media) : new BufferedBody(inspection, media);
}

/** Turns whatever happens inside into a verdict: a failure is a refusal, never a throw. */
class GuardedBody implements DecodedInspector {
  readonly #inspection: Inspection;
  readonly #reader: BodyReader;

  constructor(inspection: Inspection, reader: BodyReader) {
    this.#inspection = inspection;
    this.#reader = reader;
  }

  get done(): boolean {
    return this.#reader.done;
  }

  cut(): void {
    if (this.#inspection.stopped || this.#reader.done) return;
    try {
      this.#reader.cut?.();
    } catch (error) {
      this.#inspection.fail(error);
    }
  }

  feed(chunk: Uint8Array): Verdict {
    if (this.#inspection.stopped || this.#reader.done) return this.#inspection.verdict;
    try {
      this.#reader.feed(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1'));
    } catch (error) {
      this.#inspection.fail(error);
    }
    return this.#inspection.verdict;
  }

  end(): Verdict {
    if (this.#inspection.stopped || this.#reader.done) return this.#inspection.verdict;
    try {
      this.#reader.end();
    } catch (error) {
      this.#inspection.fail(error);
    }
    return this.#inspection.verdict;
  }
}
