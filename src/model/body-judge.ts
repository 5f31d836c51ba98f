// Keeps a body until its end, within a bound, and has it judged then: what the spine drives as it drives the WAF's inspector.

import { Buffer } from 'node:buffer';
import { pass, type Verdict } from '../traffic/verdict.ts';

/** One body on its way. */
export class BodyJudge {
  readonly #maxBytes: number;
  readonly #judge: (body: Buffer) => Verdict;
  readonly #tooLong: () => Verdict;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Whether the verdict is given, so that nothing more need be shown. */
  done = false;

  constructor(maxBytes: number, judge: (body: Buffer) => Verdict, tooLong: () => Verdict) {
    this.#maxBytes = maxBytes;
    this.#judge = judge;
    this.#tooLong = tooLong;
  }

  /** The next bytes; they are copied. */
  feed(piece: Uint8Array): Verdict {
    if (this.done) return pass;
    this.#bytes += piece.length;
    if (this.#bytes > this.#maxBytes) {
      this.done = true;
      this.#pieces = [];
      return this.#tooLong();
    }
    this.#pieces.push(Buffer.from(piece));
    return pass;
  }

  /** The body is complete. */
  end(): Verdict {
    if (this.done) return pass;
    this.done = true;
    return this.#judge(Buffer.concat(this.#pieces));
  }
}
