// A body with Content-Encoding under inspection: decoded as it arrives, for the WAF's eyes only; what travels on is what came.

import type { ContentCodings, ContentDecoder, DecodingFault } from '../../traffic/content-coding.ts';
import type { Headers } from '../../traffic/headers.ts';
import type { Verdict } from '../../traffic/verdict.ts';
import type { Inspection } from '../inspection.ts';
import type { BodyInspector } from './inspector.ts';

/** Where what is wrong with a coding is said to be. */
export const codingPlace = 'REQUEST_HEADERS:content-encoding';

/** Codings one behind the other that are undone. Nobody sends two in earnest; attackers send ten. */
const maxCodings = 2;
/** Elements of the list, empty ones among them. */
const maxElements = 16;

/** The inspection of what is decoded. */
export interface DecodedInspector extends BodyInspector {
  /** More came than is inspected: what there is must do, for a reader that keeps what it reads. */
  cut(): void;
}

/** Names of the codings in the order in which they were applied, in lower case; `identity` is none (RFC 9110 8.4). */
export function codingsOf(headers: Headers): string[] {
  const codings: string[] = [];
  for (const value of headers.all('content-encoding')) {
    const elements = value.split(',', maxElements + 1);
    // Because empty elements are skipped only as long as there is an end of them: this is no coding's name, and nobody knows it.
    if (elements.length > maxElements) return [value];
    for (const element of elements) {
      const coding = element.trim().toLowerCase();
      if (coding !== '' && coding !== 'identity') codings.push(coding);
    }
  }
  return codings;
}

/** What keeps a body from being read: a coding that nobody knows, or too many; '' for nothing. */
export function hidingCoding(codings: readonly string[], known: ContentCodings): string {
  if (codings.length > maxCodings) return codings.slice(0, maxElements).join(', ');
  return codings.find((coding) => !known.knows(coding)) ?? '';
}

/** Decodes what is fed and shows it to the inspector of the decoded body. */
export class EncodedBody implements BodyInspector {
  readonly #inspection: Inspection;
  readonly #inner: DecodedInspector;
  readonly #decoder: ContentDecoder;
  #cameBytes = 0;
  #isOver = false;

  constructor(inspection: Inspection, inner: DecodedInspector, codings: readonly string[], known: ContentCodings) {
    const { maxInspectedBytes, maxInflatedBytes, maxInflateRatio } = inspection.limits;
    this.#inspection = inspection;
    this.#inner = inner;
    // What is inspected whole is never too much of it.
    const bounds = { freeBytes: maxInspectedBytes + 65_536, maxRatio: maxInflateRatio, maxBytes: maxInflatedBytes };
    this.#decoder = known.open(codings, bounds);
  }

  get done(): boolean {
    return this.#isOver || this.#inner.done;
  }

  feed(chunk: Uint8Array): Verdict {
    if (this.#isFinished()) return this.#inspection.verdict;
    this.#cameBytes += chunk.length;
    try {
      const fault = this.#decoder.feed(chunk, this.#show);
      if (fault !== null) this.#tell(fault);
      // A coding can be padded without end and say nothing: more came than is ever inspected.
      else if (this.#cameBytes > this.#inspection.limits.maxInspectedBytes && !this.#inner.done) this.#inner.cut();
    } catch (error) {
      this.#inspection.fail(error);
    }
    this.#isFinished();
    return this.#inspection.verdict;
  }

  end(): Verdict {
    if (this.#isFinished()) return this.#inspection.verdict;
    try {
      // A body of nothing is no coded data, and nothing can hide in it.
      const fault = this.#cameBytes === 0 ? null : this.#decoder.end(this.#show);
      if (fault !== null) this.#tell(fault);
    } catch (error) {
      this.#inspection.fail(error);
    }
    // Where a fault is excused, or only told, what came before it is judged as it is everywhere.
    if (!this.#inspection.stopped && !this.#inner.done) this.#inner.end();
    this.#close();
    return this.#inspection.verdict;
  }

  #show = (piece: Buffer): boolean => {
    this.#inner.feed(piece);
    return !this.#inspection.stopped && !this.#inner.done;
  };

  #tell(fault: DecodingFault): void {
    const [status, why, id] =
      fault.kind === 'bomb' ? [413, 'waf/compression-bomb', 1050009] : [400, 'waf/broken-encoding', 1050010];
    this.#inspection.refuse(status as number, why as string, id as number, fault.says, codingPlace);
    if (!this.#inspection.stopped && !this.#inner.done) this.#inner.end();
    this.#isOver = true;
  }

  /** Gives the decoder back as soon as nothing more can come of it. */
  #isFinished(): boolean {
    if (!this.#isOver && !this.#inner.done && !this.#inspection.stopped) return false;
    this.#close();
    return true;
  }

  #close(): void {
    this.#isOver = true;
    this.#decoder.close();
  }
}
