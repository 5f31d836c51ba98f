// The body of one request under inspection: fed as it arrives, judged as soon as that is possible.

import type { Exchange } from '../../traffic/exchange.ts';
import type { Verdict } from '../../traffic/verdict.ts';
import type { Inspection } from '../inspection.ts';
import { BufferedBody } from './buffered.ts';
import { charsetOf } from './charset.ts';
import { FormDataBody } from './form-data.ts';
import { readMediaType } from './media-type.ts';
import type { BodyReader } from './reader.ts';

/** What the spine drives. Once a verdict is no pass, every further one is the same. Never throws. */
export interface BodyInspector {
  /** The next bytes; they are copied. */
  feed(chunk: Uint8Array): Verdict;
  /** The body is complete. */
  end(): Verdict;
  /** Whether the rest of the body cannot change the verdict, so that it need not be held back. */
  readonly done: boolean;
}

/** Refuses, before a byte of it is read, a body that cannot be inspected: encoded, or in a character set that hides the text. */
export function judgeDeclarations(inspection: Inspection, exchange: Exchange): void {
  const encoding = contentEncoding(exchange);
  if (encoding !== '') {
    const says = `the body is encoded as ${encoding} and cannot be inspected`;
    inspection.refuse(415, 'waf/encoded-body', 1050007, says, 'REQUEST_HEADERS:content-encoding', encoding);
  }
  const declared = readMediaType(exchange.headers).parameters.get('charset');
  if (charsetOf(declared) !== null) return;
  const charset = declared?.slice(0, 64);
  const says = `the body is declared in the character set ${charset}, which cannot be inspected`;
  inspection.refuse(415, 'waf/unknown-charset', 1050005, says, 'REQUEST_HEADERS:content-type', charset);
}

/** The content encoding that keeps a body from being read, at most 64 characters of it; '' for none. */
function contentEncoding(exchange: Exchange): string {
  for (const encoding of exchange.headers.all('content-encoding'))
    if (encoding !== '' && encoding.toLowerCase() !== 'identity') return encoding.slice(0, 64);
  return '';
}

/** The inspector of an exchange's body; null where it is encoded and its owner or the mode let that pass. */
export function openBody(inspection: Inspection, exchange: Exchange): BodyInspector | null {
  if (contentEncoding(exchange) !== '') return null;
  const media = readMediaType(exchange.headers);
  const isMultipart = media.type.startsWith('multipart/');
  const reader = isMultipart ? new FormDataBody(inspection, media) : new BufferedBody(inspection, media);
  return new GuardedBody(inspection, reader);
}

/** Turns whatever happens inside into a verdict: a failure is a refusal, never a throw. */
class GuardedBody implements BodyInspector {
  readonly #inspection: Inspection;
  readonly #reader: BodyReader;

  constructor(inspection: Inspection, reader: BodyReader) {
    this.#inspection = inspection;
    this.#reader = reader;
  }

  get done(): boolean {
    return this.#reader.done;
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
